"""`radlib fit` hands what its search found to a run that proves it, and says what to give up where budget and quality part."""

import dataclasses
from pathlib import Path

import pytest
import yaml

from drawn import drawn_splits
from radlib.cli import device_speed, fit as fitting, fit_device
from radlib.cli.app import main
from radlib.cli.fit import Asked, _final_study, _hand_over, _on_the_way, _places, _search_run
from radlib.cli.fit_words import outcome_lines, search_lines
from radlib.evaluation.search.budgets import Budget
from radlib.evaluation.search.files import files_of
from radlib.evaluation.search.fronts import Found, Taken, take
from radlib.evaluation.search.space import Candidate
from radlib.evaluation.search.trials import FINISHED, FileScore, Trial
from radlib.foundation.errors import SetupError, UsageError
from radlib.foundation.storage import write_json
from radlib.runs.runs import open_run
from radlib.techniques.building import compress
from radlib.techniques.quantization.converter import float16
from radlib.training import baselines
from written_runs import write_run

STUDY = """\
name: mine
title: Drawn squares
parameters:
  {dataset: synthetic, image_size: 16, epochs: 1, pruning_epochs: 1, margin: 0.1, learning_rate: 0.01, chains: [int8], pairs: [[int8, float32]]}
networks: [{architecture: vgg16}]
"""
BEST, OTHER = Candidate("student_tiny", 1.0, 16, 0.003), Candidate("student_small", 0.5, 16, 0.002, 1)


def found(chain, size_bytes, clean, candidate=BEST):
    return Found(candidate, FileScore(chain, f"{candidate.name}/{chain}#0", size_bytes, clean, clean - 0.02))


def taken(best, reference, enough=None):
    return Taken(best, reference, enough, (best or reference,))


@pytest.fixture
def asked(tmp_path):
    (tmp_path / "mine.yaml").write_text(STUDY)
    return Asked(str(tmp_path / "mine.yaml"), Budget(size_kb=30), 1.0, output=str(tmp_path / "out"))


def test_the_final_study_holds_what_was_found_and_the_budget_and_finds_it_made(asked, monkeypatch):
    run = _search_run(asked)
    films = drawn_splits(training=96, validation=60)
    made = {}
    for candidate, chains in ((BEST, ["float32", "magnitude_pruning+int8"]), (OTHER, ["float32"])):
        network = dataclasses.replace(run, settings=candidate.settings(run.settings))
        made[candidate] = files_of(network, films, chains)
    best, reference = Found(BEST, made[BEST][1]), Found(OTHER, made[OTHER][0])
    study, final = _final_study(run, asked, taken(best, reference))
    written = yaml.safe_load(study.read_text())
    assert written["parameters"]["gate_size_kb"] == 30 and written["parameters"]["gate_noninferior"] is False
    assert written["parameters"]["margin"] == 0.1 and "pairs" not in written["parameters"]
    assert [n["tag"] for n in written["networks"]] == [BEST.tag, OTHER.tag]
    assert written["networks"][0]["chains"] == ["float32", "magnitude_pruning+int8"]
    _hand_over(run, final, [best, reference])
    _hand_over(run, final, [best, reference])  # once more is no harm
    monkeypatch.setattr(baselines, "fit", lambda *given, **more: pytest.fail("trained again"))
    opened = open_run(str(final), study=str(study))
    again = [
        compress(network, films, chain) for network in opened.networks() for chain in network.settings.chains
    ]
    assert {v.sha256 for v in again} == {
        run.variant(f.variant).sha256 for files in made.values() for f in files
    }


def test_what_was_typed_and_what_the_studys_network_has_of_its_own_hold_in_the_end_too(asked, tmp_path):
    (tmp_path / "mine.yaml").write_text(
        STUDY.replace("{architecture: vgg16}", "{architecture: vgg16, batch_size: 8}")
    )
    asked = dataclasses.replace(asked, given={"epochs": "7", "data": str(tmp_path / "films")})
    run = _search_run(asked)
    study, final = _final_study(run, asked, taken(found("int8", 900, 0.9), found("float32", 4000, 0.91)))
    assert str(tmp_path / "films") not in study.read_text() and _places(run) == {
        "data": str(tmp_path / "films")
    }
    again = open_run(str(final), study=str(study), data=str(tmp_path / "films")).networks()[0].settings
    assert (again.epochs, again.batch_size) == (7, 8)
    assert baselines.settings_spec(again, "none") == baselines.settings_spec(
        BEST.settings(run.settings), "none"
    )


def test_what_leads_to_a_chain_is_handed_over():
    assert _on_the_way("magnitude_pruning(final_sparsity=0.8)+deep_compression") == {
        "original", "float32", "magnitude_pruning(final_sparsity=0.8)", "magnitude_pruning(final_sparsity=0.8)+deep_compression",
    }  # fmt: skip


def test_which_of_two_demands_to_give_up_is_said_with_both_numbers():
    reference, best, enough = (
        found("float32", 400_000, 0.99),
        found("int8", 20_000, 0.95),
        found("qat", 90_000, 0.985),
    )
    told = " ".join(search_lines(taken(best, reference, enough), Budget(size_kb=30), 0.106))
    assert "give up either the budget (30 KB), and allow 90 KB" in told and "0.106 is tolerated" in told
    told = " ".join(search_lines(taken(best, reference), Budget(size_kb=30), 0.106))
    assert "allow more hours" in told
    close = found("int8", 20_000, 0.9895)
    told = " ".join(search_lines(taken(close, reference), Budget(size_kb=30), 0.106))
    assert "give up" not in told and "20 KB, AUROC 0.990" in told


def test_a_search_without_anything_that_fits_ends_in_one_sentence(asked, monkeypatch, capsys):
    small = Trial(0, BEST, FINISHED, (0.9,), (found("float32", 90_000, 0.9).file,), 1.0, 1.0)
    monkeypatch.setattr(fitting, "_searched", lambda run, *more: take([small], asked.budget, 0.1))
    monkeypatch.setattr(fitting, "_write_front", lambda *given: None)
    with pytest.raises(SystemExit) as end:
        main(["fit", asked.study, "--max-kb", "30", "--output", asked.output])
    assert end.value.code == 3 and "the smallest has 90 KB" in capsys.readouterr().err.splitlines()[-1]


def test_memory_of_a_microcontroller_is_refused_for_outlines_before_anything_is_trained(tmp_path, capsys):
    pytest.importorskip("tflite_micro")
    with pytest.raises(SystemExit) as end:
        main(
            ["fit", "drawn_outlines", "--max-arena-kb", "30", "--output", str(tmp_path / "run"), "-p", "dataset_options",
             "{patients: 12, image_side: 64}"]
        )  # fmt: skip
    assert (
        end.value.code == 2
        and "No microcontroller runs what drawn_outlines asks for, outlines" in capsys.readouterr().err
    )


def test_outlines_of_a_side_that_no_network_halves_are_refused(tmp_path, capsys):
    with pytest.raises(SystemExit) as end:
        main(
            ["fit", "drawn_outlines", "--max-kb", "30", "--output", str(tmp_path / "run"), "-p", "dataset_options",
             "{patients: 12, image_side: 64}", "-p", "image_size", "50"]
        )  # fmt: skip
    assert end.value.code == 2 and "set image_size to a multiple of 32" in capsys.readouterr().err


@pytest.mark.parametrize(("measure", "told"), [("auroc", "on the probit scale"), ("dice", "in mean Dice")])
def test_a_loss_is_told_on_the_scale_on_which_it_was_compared(measure, told):
    reference, best = (
        Found(BEST, FileScore("float32", "a", 400_000, 0.99, 0.97, measure=measure)),
        Found(BEST, FileScore("int8", "b", 20_000, 0.8, 0.7, measure=measure)),
    )
    said = " ".join(search_lines(taken(best, reference), Budget(size_kb=30), 0.1))
    assert f"worse than the best network {told}, where 0.1 is tolerated" in said
    assert ("AUROC 0.990" in said) == (measure == "auroc") and ("Dice 0.990" in said) == (measure == "dice")


def test_a_device_is_as_much_slower_as_the_same_file_takes_longer_there(tmp_path, monkeypatch):
    bundle = tmp_path / "bundle"
    bundle.mkdir()
    write_json(bundle / "variant.json", {"sha256": "a", "runs": "model.tflite"})
    steady = [
        {"threads": n, "delegate": "XNNPACK", "runtime": "r", "p50_ms": 40.0 / n, "calls": 200}
        for n in (1, 4)
    ]
    record = {"format": "radlib-bench", "version": 1, "device": {"name": "board"}, "energy": {"kind": "none"},
              "variant": {"name": "n/int8#0", "sha256": "a", "deployed_bytes": 9}, "steady": steady}  # fmt: skip
    write_json(tmp_path / "board.json", record)
    monkeypatch.setattr(
        device_speed, "in_fresh_process", lambda name, models, calls: [{"seconds": [0.01, 0.005, 0.02]}]
    )
    assert device_speed.times_slower(tmp_path / "board.json", bundle) == pytest.approx(4)
    write_json(bundle / "variant.json", {"sha256": "b", "runs": "model.tflite"})
    with pytest.raises(UsageError, match="another model file"):
        device_speed.times_slower(tmp_path / "board.json", bundle)


def test_an_installation_without_the_built_page_says_so_and_goes_on(tmp_path, monkeypatch):
    def none_there(bundles, folder):
        raise SetupError("This installation came without the built page.")

    said = []
    monkeypatch.setattr(fit_device, "write_page", none_there)
    assert fit_device.write_its_page(tmp_path / "mine_fit.bundle", said.append) is None
    assert "came without the built page" in said[0]
    monkeypatch.setattr(fit_device, "write_page", lambda bundles, folder: folder)
    assert fit_device.write_its_page(tmp_path / "mine_fit.bundle", said.append) == tmp_path / "mine_fit.page"


def test_the_memory_of_a_microcontroller_counts(litert_network, tmp_path):
    pytest.importorskip("tflite_micro")
    real, model = litert_network
    run_files = tmp_path / "real.tflite", tmp_path / "half.tflite"
    run_files[0].write_bytes(real)
    run_files[1].write_bytes(float16(real, None).payload)
    whole, half = (fit_device.arena_of(path, 16) for path in run_files)
    assert whole > 1000 and half == 0  # weights of float16 do not run there


def test_the_end_tells_how_it_did_and_where_everything_lies(tmp_path):
    run = write_run(tmp_path, chains=("", "int8"), films=60)
    page = Path("mine_fit.page")
    lines = outcome_lines(run, Path("mine_fit.yaml"), Path("mine_fit.bundle"), page)
    assert "mine_fit.page" in lines[5]
    assert outcome_lines(run, Path("mine_fit.yaml"), Path("mine_fit.bundle"), None) == lines[:5]
    assert "is the smallest" in lines[0] and "test films" in lines[1]
    assert lines[2].endswith("report.html") and "mine_fit.yaml" in lines[3] and "mine_fit.bundle" in lines[4]
