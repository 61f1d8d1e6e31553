"""Where a data set knows no patients, no sentence of report, card, gate or notebook speaks of any."""

import json
import re

import numpy as np
import pytest

from radlib import report
from radlib.evaluation.learnt import stored_not_learnt
from radlib.report.gate import gate_outcome
from radlib.report.notebook_views import readable
from radlib.report.readings import read
from radlib.runs.counted import PEOPLE
from written_runs import write_run

GATE = {"demand": "non-inferior at 0.01 AUROC", "noninferior": True, "winner": "student_small/int8#0", "nearest": None,
        "variants": {"student_small/int8#0": {"verdict": "non-inferior", "size_bytes": 9, "fails": []}}}  # fmt: skip


def run_of(folder, known, alone=False):
    """Return a run of so few films that everything is said of too few, with all its files."""
    run = write_run(folder, chains=("", "int8"), films=60, overlapping=20, notes="")
    films = json.loads(run.path("films.json").read_text())
    for split in films["splits"]:
        split["patients"] = split["films"] if alone else split["patients"]
    run.path("films.json").write_text(json.dumps({**films, "patients_known": known}))
    chosen = json.loads(run.path("selection.json").read_text())
    before = {"chain": "int8", "margin": 0.01, "patients": 20.0, "not_excluded": 0.17, "chance_if_lossless": 0.2,
              "patients_needed": 4000.0}  # fmt: skip
    run.path("selection.json").write_text(
        json.dumps({**chosen, "gate": GATE, "before_test": {"student_small": before}})
    )
    for path in run.path("predictions").glob("*.test.npz"):
        path.with_name(path.name.replace(".test.", ".validation.")).write_bytes(path.read_bytes())
    report.write_report(run)
    return run


def said(run):
    """Return all that a run says to people, without what it says of people."""
    texts = [run.path("report.md").read_text(), gate_outcome(read(run)).sentence]
    texts += [path.read_text() for path in run.path("cards").glob("*.md")]
    texts += [readable(report.results(run)).data, readable(report.decisions(run)).data]
    return re.sub("|".join(map(re.escape, PEOPLE)), "", "\n".join(texts))


@pytest.mark.parametrize(
    ("known", "alone", "expected", "unsaid"),
    [
        (True, False, "too few patients", ("groups of like films", "too few films")),
        (False, False, "too few groups of like films", ("patient", "Patient")),
        (False, True, "too few films", ("patient", "Patient", "films of films", "60 test films of 60")),
    ],
)
def test_patients_only_where_they_are_patients(tmp_path, known, alone, expected, unsaid):
    run = run_of(tmp_path, known, alone)
    text = said(run)
    assert text.count(expected) >= 5
    for word in unsaid:
        place = text.find(word)
        assert place < 0, text[max(place - 200, 0) : place + 100]
    keys = report.results(run)
    assert "too few patients" in set(keys["verdict"]) and "patients" in keys  # what programs read stays


def test_why_a_network_has_not_learnt_is_said_in_the_true_word(tmp_path):
    for known, word in ((True, "patients"), (False, "groups of like films")):
        run = write_run(tmp_path / word.replace(" ", "_"), chains=("",), films=8)
        films = json.loads(run.path("films.json").read_text())
        run.path("films.json").write_text(json.dumps({**films, "patients_known": known}))
        for path in run.path("predictions").glob("*.test.npz"):
            answers = dict(np.load(path))
            np.savez(path.with_name(path.name.replace(".test.", ".validation.")), **answers, fingerprint="f")
        assert f"fewer than 6 {word}" in " ".join(stored_not_learnt(run).values())
