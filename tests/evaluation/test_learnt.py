"""An original that has not learnt is told from one that has, and said first and in red wherever a run is shown."""

import dataclasses
import json
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from drawn import SIDE, drawn_splits
from radlib import report
from radlib.architectures.networks import build_network
from radlib.cli.app import main, radlib
from radlib.cli.series import series
from radlib.cli.series.series import alarm_of
from radlib.deployment.export import export_variant
from radlib.evaluation.answers import Predictions
from radlib.evaluation.gate import Gate, qualify
from radlib.evaluation.learnt import alarm, stored_not_learnt, why_not_learnt
from radlib.evaluation.predictions import predict
from radlib.evaluation.selection import _learnt, select
from radlib.foundation.errors import DataError, QualityGateError
from radlib.report import notebook_views as readable
from radlib.runs.runs import open_run
from radlib.runs.tasks import binary
from radlib.runs.variants import Step, variant_name
from radlib.techniques.building import compress
from radlib.training.baselines import train_baseline

STUDY = f"""
name: squares
parameters:
  architecture: student_tiny
  image_size: {SIDE}
  batch_size: 16
  epochs: 3
  learning_rate: 0.01
  bootstrap_draws: 200
  augmentation: {{rotation_degrees: 0, shift: 0, zoom: 0, stretch: 0, shear_degrees: 0, brightness: 0, contrast: 0, gamma: 0, noise: 0, blur: 0, sharpen: 0, coarsen: 0, jpeg: 0}}
  chains: [float32]
  gate_size_kb: 1000
"""
PATIENTS = np.arange(200) // 2
TRUTH = (np.arange(200) % 4 > 1).astype(float)[:, None]


def scored(gain: float, seed: int = 0):
    noise = np.random.default_rng(seed).normal(size=(200, 1))
    return TRUTH, 1 / (1 + np.exp(-gain * TRUTH - noise)), PATIENTS


def test_a_network_that_reads_has_learnt():
    assert why_not_learnt(scored(1.5)) == ""
    assert why_not_learnt(scored(1.5), {"int8": scored(1.5, 1)}) == ""
    assert why_not_learnt((TRUTH, TRUTH, PATIENTS)) == ""  # every pair is won, and nothing is spread


@pytest.mark.parametrize("gain", [0.0, 0.1, -1.5])
def test_an_interval_that_reaches_the_coin_is_no_learning(gain):
    assert "reaches the 0.5 of a coin" in why_not_learnt(scored(gain))


def test_a_child_that_reads_much_better_shows_it():
    said = why_not_learnt(scored(0.9), {"pruned": scored(0.9, 2), "int8": scored(2.5, 2)})
    assert said.startswith("int8, made from it, reads the validation films better by 0.")
    other = (1 - TRUTH, scored(2.5)[1], PATIENTS)  # other films cannot be compared
    assert why_not_learnt(scored(0.9), {"int8": other}) == ""


@pytest.mark.parametrize(
    ("scores", "words"),
    [
        (np.full((200, 1), 0.3), "every validation film the same score"),
        (np.full((200, 1), np.nan), "are no numbers"),
        (np.where(np.arange(200)[:, None] == 7, np.inf, 0.3), "are no numbers"),
        (np.zeros((0, 1)), "are no numbers"),
    ],
)
def test_answers_that_say_nothing(scores, words):
    assert words in why_not_learnt((TRUTH[: len(scores)], scores, PATIENTS[: len(scores)]))


def test_validation_films_of_one_answer_or_of_few_patients_show_nothing():
    truth, scores, _ = scored(3.0)
    assert "nothing can show" in why_not_learnt((np.ones_like(truth), scores, PATIENTS))
    assert "nothing can show" in why_not_learnt((truth, scores, PATIENTS % 3))
    assert "nothing can show" in why_not_learnt((truth[:6], scores[:6], PATIENTS[:6]))


def test_several_findings_count_by_their_mean_and_unknown_answers_not_at_all():
    truth = np.concatenate([TRUTH, 1 - TRUTH, np.zeros_like(TRUTH)], axis=1)  # the third occurs in no film
    truth[:10, 0] = np.nan
    good, coin = scored(2.0)[1], scored(0.0, 5)[1]
    assert why_not_learnt((truth, np.concatenate([good, 1 - good, coin], axis=1), PATIENTS)) == ""
    random = np.random.default_rng(3).random((200, 3))
    assert "reaches the 0.5" in why_not_learnt((truth, random, PATIENTS))


def test_a_loss_that_never_fell_shows_it_even_where_luck_orders_the_films():
    flat = {
        "epoch": [1, 2, 3],
        "loss": [0.74, 0.72, 0.75],
        "val_loss": 0.7,
        "val_auroc": 0.8,
        "chance_loss": 0.693,
    }
    assert "never fell" in why_not_learnt(scored(1.5), history=pd.DataFrame(flat))
    fell = pd.DataFrame(flat | {"loss": [0.74, 0.6, 0.5]})
    assert why_not_learnt(scored(1.5), history=fell) == ""


def test_a_network_that_has_not_learnt_neither_wins_nor_qualifies():
    def variant(network, chain, size):
        steps = (Step(chain, {}, 1),) if chain else ()
        name = variant_name(network, chain, 0)
        return SimpleNamespace(
            name=name, network=network, seed=0, size_bytes=size, chain=steps, label=chain or "original"
        )

    files = [
        variant("large", "", 9000),
        variant("large", "int8", 3000),
        variant("small", "", 900),
        variant("small", "int8", 300),
    ]
    ids = np.arange(200).astype(str)
    gains = {"large/original#0": 2.0, "large/int8#0": 2.0, "small/original#0": 0.0, "small/int8#0": 0.0}
    answers = {
        name: Predictions(ids, PATIENTS.astype(str), TRUTH, scored(gain)[1], scored(gain)[1], "", "")
        for name, gain in gains.items()
    }
    unlearnt = {"small/original#0": "it gives every validation film the same score"}
    found = qualify(Gate(False, 10, 0.01), files, answers, unlearnt)
    assert found["winner"] == "large/int8#0"
    for name in ("small/original#0", "small/int8#0"):
        assert found["variants"][name]["fails"] == ["the original has not learnt"]
    assert [v.network for v in _learnt(files, unlearnt)] == ["large", "large"]
    assert _learnt(files[2:], unlearnt) == files[2:]  # a run has a model to show
    assert qualify(Gate(False, 10, 0.01), files[2:], answers, unlearnt)["winner"] is None


def planted(folder, films, **given):
    """Return a finished run of a network and its LiteRT file on these films."""
    (folder / "squares.yaml").write_text(STUDY, encoding="utf-8")
    run = open_run(str(folder / "out"), study=str(folder / "squares.yaml"), **given)
    variants = [train_baseline(run, films), compress(run, films, "float32")]
    select(run, films)
    predict(run, films, variants, split="test")
    return run


def relabelled(films, draw):
    parts = {}
    for name in ("training", "validation", "test"):
        part = getattr(films, name)
        parts[name] = dataclasses.replace(part, labels=draw(part.labels))
    return dataclasses.replace(films, **parts)


def same_films(films):
    parts = {}
    for name in ("training", "validation", "test"):
        part = getattr(films, name)
        parts[name] = dataclasses.replace(part, source=np.full_like(part.source, 90))
    return dataclasses.replace(films, **parts)


def shuffled(labels):
    return np.random.default_rng(4).permutation(labels)


FAULTS = {
    "learning rate 0": (lambda films: films, {"learning_rate": 0.0}, "never fell"),
    "labels shuffled": (lambda films: relabelled(films, shuffled), {}, "reaches the 0.5 of a coin"),
    "all films equal": (same_films, {}, "the same score"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_failure_is_said_first_and_in_red_everywhere(fault, tmp_path, capsys, monkeypatch):
    change, given, words = FAULTS[fault]
    run = planted(tmp_path, change(drawn_splits(training=96, validation=80, test=80)), **given)
    sentence = alarm_of(run)
    assert "NOT LEARNT" in sentence and words in sentence
    report.write_report(run)
    first = run.path("report.md").read_text(encoding="utf-8").splitlines()[0]
    assert first.startswith('<strong style="color: #b00020">') and words in first
    page = run.path("report.html").read_text(encoding="utf-8")
    body = page[page.index("<header>") + 8 :].strip()
    assert body.startswith('<p class="alarm" role="alert">') and words in body.splitlines()[0]
    assert "non-inferior" not in page.split("Verdict on the loss of AUROC")[0] and 'class="good"' not in page
    for variant in run.variants():
        card = report.card_path(run.folder, variant).read_text(encoding="utf-8")
        assert "NOT LEARNT" in card.splitlines()[0]
        assert "non-inferior" not in card.split("## Methods")[0]
    table = pd.read_csv(run.path("results.csv"))
    assert table["not_learnt"].str.contains(words).all()
    assert set(table["verdict"].fillna("")) <= {"", "undefined"}
    assert words in readable.red_alarm(run).data and "color: #b00020" in readable.red_alarm(run).data
    selection = json.loads(run.path("selection.json").read_text())
    assert (
        list(selection["not_learnt"]) == ["student_tiny/original#0"] and selection["gate"]["winner"] is None
    )
    assert report.headline(report.results(run), selection | {"winner": table["variant"][0]}, run.settings)
    with pytest.raises(QualityGateError, match=r"NOT LEARNT .* The gate \(at most 1000 KB\) is not met"):
        report.check_gate(run)
    run.path("selection.json").rename(tmp_path / "selection.json")
    with pytest.raises(QualityGateError, match="NOT LEARNT"):  # as after notebook 02 alone
        report.check_gate(run)
    (tmp_path / "selection.json").rename(run.path("selection.json"))
    exported = export_variant(run.folder, run.variants()[1].key, tmp_path / "export")
    assert "NOT LEARNT" in (exported / "README.txt").read_text(encoding="utf-8").splitlines()[0]
    monkeypatch.setattr(series, "run_series", lambda *_, **__: run)
    done = CliRunner().invoke(radlib, ["run"])
    assert done.output.splitlines()[-1] == sentence
    monkeypatch.setattr("click.testing._NamedTextIOWrapper.isatty", lambda stream: True, raising=False)
    done = CliRunner().invoke(radlib, ["run"])
    assert done.output.splitlines()[-1] == f"\x1b[31m{sentence}\x1b[0m"
    shown = CliRunner().invoke(radlib, ["compare", str(run.folder)])
    assert "NOT LEARNT" in shown.output and "\x1b[31m" in shown.output
    with pytest.raises(SystemExit):  # and without colours where it goes to a file
        main(["compare", str(run.folder)])
    assert words in capsys.readouterr().err


def test_a_network_that_learnt_raises_no_alarm(tmp_path):
    run = planted(tmp_path, drawn_splits(training=96, validation=80, test=80))
    assert stored_not_learnt(run) == {} and alarm({}) == "" and readable.red_alarm(run) is None
    report.write_report(run)
    assert "NOT LEARNT" not in run.path("report.md").read_text(encoding="utf-8")
    assert 'class="alarm"' not in run.path("report.html").read_text(encoding="utf-8")
    assert (report.results(run)["not_learnt"] == "").all() and "meets the gate" in report.check_gate(run)


def test_training_films_of_one_answer_end_with_the_right_sentence(tmp_path):
    films = relabelled(drawn_splits(), np.ones_like)
    with pytest.raises(
        DataError, match="All 96 training films are labelled opacity, so there is nothing to tell"
    ):
        planted(tmp_path, films)


@pytest.mark.parametrize("epochs", [0, 2])
def test_weights_that_are_no_numbers_end_with_the_right_sentence(tmp_path, epochs):
    published = build_network("student_tiny", {}, binary("opacity"), (SIDE, SIDE, 1), seed=7)
    weights = published.get_weights()
    weights[0][0, 0, 0, 0] = np.nan
    published.set_weights(weights)
    published.save_weights(tmp_path / "published.weights.h5")
    with pytest.raises(
        DataError, match=r"weights of student_tiny are no numbers \(NaN or infinite\) in layer"
    ):
        planted(tmp_path, drawn_splits(), epochs=epochs, weights=str(tmp_path / "published.weights.h5"))
