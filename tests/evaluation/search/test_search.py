"""A search begins every network and finishes few, goes on after a kill as if there had been none, and takes what nobody beats."""

import dataclasses

import optuna
import pytest

from drawn import drawn_boxes, drawn_outlines, drawn_splits
from radlib.evaluation.search import halving, space as spaces
from radlib.evaluation.search.budgets import Budget
from radlib.evaluation.search.files import score, smallest_bytes
from radlib.evaluation.search.fronts import all_files, curves, file_table, front_of, take, tolerated
from radlib.evaluation.search.halving import Limits, search, worth_going_on
from radlib.evaluation.search.space import FAMILIES, Candidate, Family, Space, space_for
from radlib.evaluation.search.trials import (
    FINISHED,
    STOPPED,
    TOO_LARGE,
    FileScore,
    Trial,
    check_same_search,
    next_candidate,
    read_trials,
    write_trials,
)
from radlib.foundation.errors import UsageError
from radlib.runs import tasks
from radlib.runs.runs import open_run

TINY = Candidate("student_tiny", 1.0, 16, 0.003)
SPACE = Space(("student_tiny", "student_small"), (16, 32), (TINY,))


def trial(number, value, *files, state=FINISHED, epochs=(0.6, 0.7)):
    return Trial(number, dataclasses.replace(TINY, size=float(number + 1)), state, epochs, files, value, 1.0)


def made(chain, size_bytes, clean, perturbed, name=""):
    return FileScore(chain, name or f"{chain}-{size_bytes}", size_bytes, clean, perturbed)


def test_only_the_best_third_at_an_epoch_goes_on_and_only_some_epochs_ask():
    far = [trial(n, None, state=STOPPED, epochs=(0.5, 0.5 + n / 20)) for n in range(8)]
    assert worth_going_on(0.1, 2, [])  # the first has nobody beside it
    assert worth_going_on(0.99, 2, far) and worth_going_on(0.751, 2, far) and not worth_going_on(0.69, 2, far)
    assert worth_going_on(0.1, 3, far) and worth_going_on(0.1, 5, far)  # asked after 2, 6, 18, …
    assert worth_going_on(0.1, 6, far)  # nobody got that far
    assert not worth_going_on(0.1, 6, [trial(n, None, epochs=(0.9,) * 6) for n in range(3)])


def test_the_space_fits_the_films_and_the_weights_that_are_there(monkeypatch):
    assert (
        space_for(50).sides == (32, 48)
        and space_for(0).sides == spaces.SIDES
        and space_for(20).sides == (20,)
    )
    monkeypatch.setitem(FAMILIES, "mobilenet_v2", Family("alpha", (0.35,), weights="nosuch_file.h5"))
    assert "mobilenet_v2" not in space_for(96).families
    for known in space_for(128).known:
        assert known.architecture in space_for(128).families and known.image_size in space_for(128).sides


def test_known_candidates_come_first_and_the_rest_follows_from_seed_and_history_alone():
    assert next_candidate(SPACE, 0, []) == TINY
    history = [trial(n, 1.0 + n) for n in range(9)]
    history = [
        dataclasses.replace(t, candidate=dataclasses.replace(TINY, size=float(1 + t.number % 3)))
        for t in history
    ]
    asked = [next_candidate(SPACE, seed, history) for seed in (3, 3, 4, 5, 6, 7)]
    assert asked[0] == asked[1] and len(set(asked)) > 1
    for candidate in asked:
        family = FAMILIES[candidate.architecture]
        assert candidate.size in family.values and candidate.image_size in SPACE.sides
        assert (
            (candidate.first_strides in family.first_strides)
            if family.first_strides
            else not candidate.first_strides
        )


def test_what_was_tried_is_read_as_it_was_written_and_a_torn_line_is_tried_again(tmp_path):
    trials = [trial(0, 2.0, made("int8", 900, 0.9, 0.8)), trial(1, None, state=TOO_LARGE, epochs=())]
    write_trials(tmp_path, SPACE, 7, trials)
    assert read_trials(tmp_path) == trials
    with (tmp_path / "trials.jsonl").open("a") as stream:
        stream.write('{"number": 2, "cand')
    assert read_trials(tmp_path) == trials
    check_same_search(tmp_path, SPACE, 7)
    for space, seed in ((SPACE, 8), (dataclasses.replace(SPACE, sides=(16,)), 7)):
        with pytest.raises(UsageError, match="another seed, or among other networks"):
            check_same_search(tmp_path, space, seed)


def test_the_front_is_what_no_smaller_file_reads_as_well_as():
    trials = [
        trial(
            0,
            2.0,
            made("float32", 4000, 0.99, 0.97),
            made("int8", 1000, 0.985, 0.965),
            made("float16", 2000, 0.98, 0.96),
        ),
        trial(1, 1.0, made("float32", 800, 0.9, 0.88), made("qat", 300, 0.89, 0.87)),
    ]
    front = front_of(all_files(trials))
    assert [found.file.size_bytes for found in front] == [300, 800, 1000, 4000]
    assert [row["on_front"] for row in file_table(trials)] == [True, True, False, True, True]
    taken = take(trials, Budget(size_kb=1.5), tolerated_loss=0.2)
    assert taken.best.file.chain == "int8" and taken.reference.file.size_bytes == 4000
    assert 0 < taken.loss < 0.2 and taken.smallest_as_good.file.size_bytes == 1000
    assert (
        take(trials, Budget(size_kb=0.2), 0.2).best is None and take([trials[0]][:0], Budget(), 0.2) is None
    )
    assert take(trials, Budget(size_kb=0.5), 0.2).best.file.chain == "qat"


def test_a_budget_of_memory_counts_what_runs_there():
    budget = Budget(arena_kb=64)
    assert budget.fits(10**9, 5, 64_000) and not budget.fits(1, 0, 64_001) and not budget.fits(1, 0, 0)
    assert budget.fits(1) and Budget().fits(1, 0, 0)  # nobody asked


def test_a_budget_of_time_counts_the_device():
    assert Budget(latency_ms=20, slower=4).fits(10**9, 5) and not Budget(latency_ms=20, slower=4).fits(1, 5.1)
    assert Budget().fits(10**12, 10**6) and not Budget(size_kb=1).fits(1001)
    assert score(made("a", 1, 1.0, 1.0)) < 4 and smallest_bytes(10**6) < 0.1 * 10**6


@pytest.fixture
def small(monkeypatch, tmp_path):
    """A space of two tiny networks at 16 pixels, and a run to search in."""
    families = {"student_tiny": Family("width", (1.0, 2.0)), "student_separable": Family("width", (0.5,))}
    monkeypatch.setattr(spaces, "FAMILIES", families)
    monkeypatch.setattr(halving, "DEAR", {"magnitude_pruning(final_sparsity=0.8)+deep_compression": 0.17})
    (tmp_path / "mine.yaml").write_text(
        "name: mine\nparameters: {dataset: synthetic, image_size: 16, epochs: 3, pruning_epochs: 1, margin: 0.1}\n"
    )
    space = Space(tuple(families), (16,), (Candidate("student_tiny", 1.0, 16, 0.003),))
    return space, lambda name: open_run(str(tmp_path / name), study=str(tmp_path / "mine.yaml"))


def searched(run, space, **limits):
    said = []
    films = drawn_splits(training=96, validation=60)
    trials = search(run, films, space, Budget(), Limits(1e9, **limits), seed=1, say=said.append)
    return trials, said


def test_a_search_that_was_killed_goes_on_as_if_it_had_not_been(small, monkeypatch):
    space, opened = small
    whole, said = searched(opened("whole"), space, trials=3)
    assert len(whole) == 3 and whole[0].state == FINISHED and len(said) >= 4
    assert any(f.chain.endswith("deep_compression") for t in whole for f in t.files)
    assert {t.state for t in whole} <= {FINISHED, STOPPED}
    calls, train = [], halving.train_baseline

    def killed(*given):
        calls.append(given)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return train(*given)

    monkeypatch.setattr(halving, "train_baseline", killed)
    with pytest.raises(KeyboardInterrupt):
        searched(opened("killed"), space, trials=3)
    assert len(read_trials(opened("killed").folder)) == 1
    again, _ = searched(opened("killed"), space, trials=3)
    assert again == whole and len(calls) == 1 + 1 + sum(t.state in (FINISHED, STOPPED) for t in whole[1:])


def test_a_kill_after_a_training_was_stored_loses_nothing_of_it(small, monkeypatch):
    space, opened = small
    whole, _ = searched(opened("whole"), space, trials=1)
    with monkeypatch.context() as killing:
        killing.setattr(halving, "_cheap", lambda *given: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            searched(opened("killed"), space, trials=1)
    assert read_trials(opened("killed").folder) == [] and len(opened("killed").variants()) == 1
    again, _ = searched(opened("killed"), space, trials=1)
    assert again == whole and len(again[0].epochs) == 3


def test_what_cannot_fit_is_not_trained(small, monkeypatch):
    space, opened = small
    monkeypatch.setattr(halving, "train_baseline", lambda *given: pytest.fail("trained"))
    films = drawn_splits(training=96, validation=60)
    trials = search(
        opened("none"), films, space, Budget(size_kb=0.5), Limits(1e9, 2), seed=0, say=lambda line: None
    )
    assert {t.state for t in trials} == {TOO_LARGE}


OUTLINES, BOXES = tasks.outlines(["lungs"]), tasks.boxes(["opacity"])


def test_outlines_are_sought_among_networks_that_draw_at_the_side_at_which_they_are_judged():
    space = space_for(512, task=OUTLINES, judged_side=48)
    assert space.sides == (48,) and space.measure == "dice"
    assert set(space.families) == {"outline_student", "w_net", "unet"}  # 48 is no multiple of 32
    assert {c.architecture for c in space.known} == {"outline_student", "unet"}
    assert space_for(512, task=OUTLINES, judged_side=50).families == ()
    assert space_for(512, task=BOXES).sides == spaces.SIDES
    assert {FAMILIES[name].head for name in space_for(512, task=BOXES).families} == {"centres"}
    assert {FAMILIES[name].head for name in space_for(512).families} == {"pooled"}
    digests = {space.digest(), dataclasses.replace(space, measure="auroc").digest()}
    assert len(digests) == 2  # a search of outlines does not go on as another


def test_a_side_that_a_network_does_not_take_becomes_the_next_that_it_does():
    space = Space(("centre_student", "centre_mobilenet_v2"), (32, 48, 64), measure="box_score")
    wanted = Candidate("centre_mobilenet_v2", 8, 48, 0.003)
    taken = space.suggest(optuna.trial.FixedTrial(space.parameters(wanted)))
    assert taken == dataclasses.replace(wanted, image_size=64)
    assert space.suggest(optuna.trial.FixedTrial(space.parameters(taken))) == taken
    student = Candidate("centre_student", 8, 48, 0.003)
    assert space.suggest(optuna.trial.FixedTrial(space.parameters(student))) == student


@pytest.mark.parametrize(
    ("task", "films", "name", "side"),
    [
        (OUTLINES, drawn_outlines, "outline_student", 16),
        (BOXES, drawn_boxes, "centre_student", 32),
    ],
)
def test_outlines_and_boxes_are_searched_by_what_they_are_judged_by(
    tmp_path, monkeypatch, task, films, name, side
):
    monkeypatch.setattr(halving, "DEAR", {})
    (tmp_path / "mine.yaml").write_text(
        f"name: mine\nparameters: {{dataset: synthetic, image_size: {side}, epochs: 2, margin: 0.1}}\n"
    )
    run = open_run(str(tmp_path / "run"), study=str(tmp_path / "mine.yaml"))
    space = Space((name,), (side,), (Candidate(name, 8, side, 0.006),), task.measure)
    said = []
    (tried,) = search(run, films(), space, Budget(), Limits(1e9, 1), seed=0, say=said.append)
    assert tried.state == FINISHED, tried.reason
    assert len(tried.epochs) == 2 and {f.measure for f in tried.files} == {task.measure}
    chains = {f.chain for f in tried.files}
    assert {"float32", "float16", "int8"} <= chains
    whole = next(f for f in tried.files if f.chain == "float32")
    assert score(whole) == pytest.approx((whole.clean + whole.perturbed) / 2) and 0 < whole.clean <= 1
    assert f": {task.measure_word} {max(tried.files, key=score).clean:.3f}" in said[0]
    found = take([tried], Budget(), tolerated(run.settings, task))
    assert found.reference.file == whole and tolerated(run.settings, task) == 0.1
    assert f"validation_{task.measure}" in file_table([tried])[0]
    assert [row[task.measure] for row in curves([tried], task.measure)] == list(tried.epochs)
