"""A study's gate: who meets it on validation films, whether the test films confirm it, and the exit code."""

import dataclasses
import json
from types import SimpleNamespace

import numpy as np
import pytest
from scipy import special

import radlib
from radlib import report
from radlib.cli import app as cli
from radlib.evaluation.answers import Predictions
from radlib.evaluation.gate import Gate, gate_of, qualify
from radlib.evaluation.limits import best_within
from radlib.evaluation.selection import _refuse_another_choice
from radlib.foundation.errors import QualityGateError, UsageError
from radlib.report.gate import gate_outcome
from radlib.report.limits import limit_blocks
from radlib.report.readings import read
from radlib.runs.settings import Settings
from radlib.runs.tasks.binary_question import binary
from radlib.runs.tasks.boxes_question import boxes
from radlib.runs.tasks.outlines_question import outlines
from radlib.runs.variants import Step, variant_name
from stored import stored_run
from written_runs import answer, noisy, write_run

NETWORK = "student_small"
KB = {"": 1800, "float16": 800, "int8": 450, "dynamic": 420}


def variant(chain):
    return SimpleNamespace(
        name=variant_name(NETWORK, chain, 0), network=NETWORK, seed=0, size_bytes=1000 * KB[chain],
        chain=(Step(chain, {}, 1),) if chain else (),
    )  # fmt: skip


def validation(noise):
    """Answers of the original and of variants whose logits got so much noise."""
    generator = np.random.default_rng(0)
    truth = generator.integers(0, 2, (900, 1)).astype(np.float32)
    logit = 2.4 * truth - 1.2 + generator.normal(size=truth.shape)
    found = {}
    for chain, scale in {"": 0.0, **noise}.items():
        prob = special.expit(logit + scale * np.random.default_rng(1).normal(size=logit.shape))
        ids = np.arange(900).astype(str)
        found[variant_name(NETWORK, chain, 0)] = Predictions(ids, ids, truth, prob, prob, "", "")
    return found


def qualified(gate, **noise):
    return qualify(gate, [variant(chain) for chain in ("", *noise)], validation(noise))


NAME = {chain: variant_name(NETWORK, chain, 0) for chain in KB}


def test_the_smallest_file_that_qualifies_wins():
    gate = Gate(True, 500, 0.01)
    found = qualified(gate, float16=0.0, int8=0.02, dynamic=1.5)
    assert str(gate) == found["demand"] == "non-inferior at 0.01 AUROC and at most 500 KB"
    assert (found["winner"], found["nearest"]) == (NAME["int8"], None)
    assert found["variants"][NAME["int8"]]["verdict"] == "non-inferior"
    assert found["variants"][NAME["dynamic"]]["fails"] == ["inferior on validation films"]
    assert found["variants"][NAME["float16"]]["fails"] == ["800 KB"]
    assert found["variants"][NAME[""]]["fails"] == ["1,800 KB"]
    json.dumps(found, allow_nan=False)


def test_the_nearest_is_named_when_none_qualifies():
    found = qualified(Gate(True, 500, 0.01), float16=0.0, int8=1.5)
    # float16 fails by 60 % of the size; int8 by its p of non-inferiority, 1
    assert (found["winner"], found["nearest"]) == (None, NAME["float16"])
    found = qualified(Gate(True, 100, 0.01), int8=1.5, dynamic=0.0)
    assert found["nearest"] == NAME["dynamic"]  # it fails one demand, int8 both


def test_one_demand_alone():
    assert qualified(Gate(False, 430, 0.01), int8=0.0, dynamic=3.0)["winner"] == NAME["dynamic"]
    assert qualified(Gate(True, 0, 0.01), int8=1.5)["winner"] == NAME[""]  # the original is as good as itself
    assert gate_of(Settings()) is None
    assert str(gate_of(Settings(gate_size_kb=430))) == "at most 430 KB"


def test_too_few_validation_films_do_not_qualify():
    answers = {
        name: Predictions(
            *(array[:12] for array in (p.image_id, p.patient_id, p.y_true, p.y_prob, p.outputs)), "", ""
        )
        for name, p in validation({"int8": 0.0}).items()
    }
    found = qualify(Gate(True, 0, 0.01), [variant("int8"), variant("")], answers)
    assert found["variants"][NAME["int8"]]["fails"] == ["undefined on validation films"]
    assert "Too few" in found["variants"][NAME["int8"]]["reason"]
    json.dumps(found, allow_nan=False)


def of_networks(**signals):
    """Variants and answers of {network: {chain: how far apart the two answers lie}}, on the same 900 films."""
    truth = np.random.default_rng(0).integers(0, 2, (900, 1)).astype(np.float32)
    noise = np.random.default_rng(1).normal(size=truth.shape)
    ids, variants, answers = np.arange(900).astype(str), [], {}
    for network, chains in signals.items():
        for chain, signal in chains.items():
            name = variant_name(network, chain, 0)
            steps = (Step(chain, {}, 1),) if chain else ()
            size = len(network) * 1_000_000 // (4 if chain else 1)
            variants.append(SimpleNamespace(name=name, network=network, seed=0, size_bytes=size, chain=steps))
            prob = special.expit(signal * (truth - 0.5) + noise)
            answers[name] = Predictions(ids, ids, truth, prob, prob, "", "")
    return variants, answers


def test_a_small_network_that_reads_poorly_does_not_qualify():
    variants, answers = of_networks(large={"": 4, "int8": 3.98}, tiny={"": 0.2, "int8": 0.2})
    found = qualify(Gate(True, 0, 0.01), variants, answers)
    assert found["winner"] == "large/int8#0"
    poor = found["variants"]["tiny/original#0"]
    assert poor["verdict"] == "inferior" and poor["reference"] == "large/original#0"
    assert poor["fails"] == ["inferior on validation films beside large/original#0"]
    assert found["variants"]["tiny/int8#0"]["verdict"] == "inferior"  # as good as its own original
    assert "reference" not in found["variants"]["large/int8#0"]
    assert found["variants"]["large/original#0"]["verdict"] == "original"
    json.dumps(found, allow_nan=False)


def test_a_small_network_that_reads_as_well_as_the_best_qualifies():
    variants, answers = of_networks(large={"": 4}, tiny={"": 3.99})
    found = qualify(Gate(True, 0, 0.01), variants, answers)
    assert found["winner"] == "tiny/original#0"
    assert found["variants"]["tiny/original#0"]["verdict"] == "non-inferior"


# ---- selection --------------------------------------------------------------------------------------------


def with_gate(run, **demands):
    return dataclasses.replace(run, settings=run.settings.override(demands))


def test_the_gate_is_written_before_test_films_and_stands_after(tmp_path):
    run, films = stored_run(tmp_path, chains=("", "int8"))
    sizes = {v.name: v.size_bytes for v in run.variants()}
    gated = with_gate(run, gate_size_kb=min(sizes.values()) / 1000)
    chosen = radlib.select(gated, films)
    assert not list(run.path("predictions").glob("*.test.npz"))
    assert chosen["winner"] == chosen["gate"]["winner"] == min(sizes, key=sizes.get)
    met = next(v for v in run.variants() if v.name == chosen["winner"])
    assert chosen["winners"][met.network] == met.chain_text, (
        "another chain than the winner would be asked about first"
    )
    assert json.loads(run.path("selection.json").read_text())["gate"] == chosen["gate"]
    radlib.predict(gated, films, gated.variants(), split="test")
    assert radlib.select(gated, films) == chosen
    with pytest.raises(UsageError, match="The gate was stated otherwise"):
        radlib.select(with_gate(run, gate_size_kb=1.0), films)
    with pytest.raises(UsageError, match="'selection_loss' was another when the test films were scored"):
        radlib.select(with_gate(gated, selection_loss=0.5), films)
    with pytest.raises(UsageError, match="'perturbation' was another when the test films were scored"):
        radlib.select(with_gate(gated, perturbation={"brightness": 0.3}), films)
    with pytest.raises(UsageError, match="The gate was stated otherwise"):
        radlib.select(run, films)


@pytest.mark.parametrize(
    ("task", "setting"),
    [
        (binary("pneumonia"), "selection_loss"),
        (binary("pneumonia"), "perturbation"),
        (outlines(["lung"]), "margin"),
        (boxes(["opacity"]), "margin"),
    ],
)
def test_what_a_choice_rests_on_cannot_change_when_test_films_have_been_scored(task, setting):
    before = {name: getattr(Settings(), name) for name in ("margin", "selection_loss", "perturbation")}
    _refuse_another_choice(Settings(), before, task)
    _refuse_another_choice(Settings(), {}, task)  # an earlier version noted none of it
    with pytest.raises(UsageError, match=f"'{setting}' was another when the test films were scored"):
        _refuse_another_choice(Settings(), before | {setting: 0.5}, task)


def test_a_gate_that_nobody_meets_leaves_the_run_with_a_model_to_show(tmp_path):
    run, films = stored_run(tmp_path, chains=("", "int8"))
    plain = radlib.select(run, films)
    chosen = radlib.select(with_gate(run, gate_size_kb=1.0), films)
    assert "gate" not in plain and chosen["gate"]["winner"] is None
    assert chosen["winner"] == plain["winner"] and chosen["gate"]["nearest"] in chosen["variants"]


# ---- limits of size ---------------------------------------------------------------------------------------


def test_the_best_reader_that_fits_is_chosen_on_the_films_of_the_thresholds():
    variants = [variant(chain) for chain in KB]
    auroc = {"": 0.99, "int8": 0.97, "dynamic": 0.97, "float16": 0.95}
    entries = {NAME[chain]: {"operating_auroc": value} for chain, value in auroc.items()}
    found = best_within([500, 100, 5000, 500], variants, entries)
    assert [(row["size_kb"], row["winner"], row["fitting"]) for row in found] == [
        (5000.0, NAME[""], 4),
        (500.0, NAME["dynamic"], 2),  # of equals the smaller file
        (100.0, None, 0),
    ]
    entries[NAME["dynamic"]]["operating_auroc"] = None
    assert best_within([425], variants, entries)[0] == {"size_kb": 425.0, "winner": None, "fitting": 0}


def test_limits_are_written_beside_the_winner_and_told_in_the_report(tmp_path):
    run, films = stored_run(tmp_path, chains=("", "int8"))
    sizes = {v.name: v.size_bytes for v in run.variants()}
    limited = with_gate(run, size_limits_kb=[max(sizes.values()) / 1000, 0.5])
    chosen = radlib.select(limited, films)
    assert [row["fitting"] for row in chosen["limits"]] == [2, 0]
    assert "limits" not in radlib.select(run, films)
    radlib.predict(limited, films, limited.variants(), split="test")
    radlib.select(limited, films)
    _, table = limit_blocks(chosen["limits"], radlib.results(limited))
    assert [len(row) for row in table.rows] == [len(table.columns)] * 2
    assert table.rows[1][2].text == "none"
    assert limit_blocks((), radlib.results(limited)) == ()


# ---- outcome ----------------------------------------------------------------------------------------------


def finished(tmp_path, winner="int8", nearest=None, verdict="non-inferior", **changes):
    """A run whose gate was written before its test films; `changes` replace the variants' answers to them."""
    run = write_run(tmp_path, chains=("", "int8"), films=1500)
    original = dict(np.load(next(run.path("predictions").glob("*original*.npz"))))
    answer(run, "int8", lambda arrays: {**arrays, "y_prob": original["y_prob"]})
    for chain, change in changes.items():
        answer(run, chain, change)
    names = {v.chain_text: v.name for v in run.variants()}
    path = run.path("selection.json")
    selection = json.loads(path.read_text())
    selection["gate"] = {
        "demand": "non-inferior at 0.01 AUROC and at most 500 KB",
        "noninferior": True,
        "winner": winner and names[winner],
        "nearest": nearest and names[nearest],
        "variants": {
            n: {
                "verdict": verdict,
                "difference": 0.0,
                "p_noninferior": 0.01,
                "size_bytes": 426_400,
                "fails": ["812 KB"],
            }
            for n in names.values()
        },
    }
    path.write_text(json.dumps(selection))
    return run


def test_a_confirmed_winner_passes_and_the_report_says_so(tmp_path):
    run = finished(tmp_path)
    sentence = report.check_gate(run)
    assert sentence.startswith("int8, 426 KB, meets the gate (non-inferior at 0.01 AUROC and at most 500 KB)")
    assert "and the test films confirm it: it is as good as its original: AUROC" in sentence
    report.write_report(run)
    assert "the test films confirm it" in run.path("report.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("scale", "words"),
    [
        (2.5, "it reads worse than its original"),
        (0.36, "it may be as good as its original, which nobody can tell yet"),
    ],
)
def test_a_winner_that_the_test_films_do_not_confirm_fails_by_name(tmp_path, scale, words):
    run = finished(tmp_path, int8=noisy(scale))
    with pytest.raises(
        QualityGateError, match="int8, 426 KB, .* on validation films, but the test films do not"
    ) as raised:
        report.check_gate(run)
    assert words in str(raised.value)
    report.write_report(run)
    assert "do not confirm it" in run.path("report.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(("scale", "passed"), [(0.0, True), (2.5, False)])
def test_a_winner_of_another_network_is_confirmed_against_the_best_original(tmp_path, scale, passed):
    networks = ({"architecture": "student_small"}, {"architecture": "student_tiny"})
    run = write_run(tmp_path, networks=networks, chains=("",), films=1500)
    best, small = (variant_name(n["architecture"], "", 0) for n in networks)
    files = {v.name: run.path("predictions", f"{v.key}.test.npz") for v in run.variants()}
    own = dict(np.load(files[small]))
    np.savez(files[small], **{**own, "y_prob": noisy(scale)(dict(np.load(files[best])))["y_prob"]})
    path = run.path("selection.json")
    entry = {"verdict": "non-inferior", "reference": best, "size_bytes": 60_000, "fails": []}
    gate = {"demand": "non-inferior at 0.01 AUROC", "noninferior": True, "winner": small, "nearest": None,
            "variants": {small: entry}}  # fmt: skip
    path.write_text(json.dumps(json.loads(path.read_text()) | {"gate": gate}))
    assert gate_outcome(read(run)).passed is passed


def test_no_winner_fails_and_names_the_nearest(tmp_path):
    run = finished(tmp_path, winner=None, nearest="int8")
    with pytest.raises(QualityGateError, match=r"nearest is int8, which fails by: 812 KB\."):
        report.check_gate(run)


def test_without_a_gate_or_without_test_answers_nothing_is_claimed(tmp_path):
    plain = write_run(tmp_path / "plain", chains=("", "int8"), films=100)
    assert report.check_gate(plain) == "" and gate_outcome(read(plain)) is None
    run = finished(tmp_path / "gated")
    next(run.path("predictions").glob("*int8*.test.npz")).unlink()
    assert gate_outcome(read(run)).passed is None and "not been scored" in report.check_gate(run)


def test_the_series_ends_with_the_gate(tmp_path, monkeypatch):
    from radlib.cli.series import series

    def execute(run, steps, say):
        gate = {
            "demand": "at most 1 KB",
            "noninferior": False,
            "winner": None,
            "nearest": None,
            "variants": {},
        }
        run.path("selection.json").write_text(json.dumps({"gate": gate}))

    monkeypatch.setattr(series, "execute", execute)
    with pytest.raises(QualityGateError, match="No variant meets the gate"):
        series.run_series(
            "demo", output=str(tmp_path / "out"), given={"gate_size_kb": "1"}, say=lambda line: None
        )


def test_radlib_run_exits_4_after_the_report(tmp_path, monkeypatch, capsys):
    from radlib.cli.series import series

    run = with_gate(finished(tmp_path, winner=None, nearest="int8"), gate_noninferior=True)
    monkeypatch.setattr(series, "run_series", lambda *_, say, **__: series._check_gate(run, say))
    with pytest.raises(SystemExit) as left:
        cli.main(["run"])
    assert left.value.code == 4
    assert "nearest is int8" in capsys.readouterr().err
