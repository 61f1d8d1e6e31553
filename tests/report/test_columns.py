"""The dictionary of columns is complete: every column of a written run, of the published results and of `predict` is in it."""

import csv
import re
from pathlib import Path

import pytest

from radlib.evaluation.deciding import Decider
from radlib.report.columns import ENDINGS, MEANINGS, meaning
from radlib.report.csv_files import TABLES
from radlib.report.writing import write_results
from radlib.runs.tasks import named
from written_runs import write_run

PUBLISHED = Path(__file__).resolve().parent.parent.parent / "docs" / "results"
ELSEWHERE = {"benchmarks", "choosing.csv"}  # made by other programs than a run


def unknown(folder: Path) -> list[str]:
    """Columns of the files in a folder that the dictionary does not have, as `file: column`."""
    found = []
    for path in sorted(folder.rglob("*.csv")):
        if ELSEWHERE & set(path.parts):
            continue
        name = "reports/times.csv" if path.name == "times.csv" else path.name
        heading = next(csv.reader(path.read_text(encoding="utf-8").splitlines()))
        columns = TABLES[name].columns if name in TABLES else ()
        found += [f"{path.relative_to(folder)}: {column}" for column in heading if column not in columns]
    return found


@pytest.mark.parametrize("asked", [
    {},
    {"task": "findings", "seeds": (0, 1), "overlapping": 5, "pairs": (("original", "int8"),)},
], ids=["one answer", "findings over seeds"])  # fmt: skip
def test_every_column_of_a_written_run_is_described(tmp_path, asked):
    run = write_run(tmp_path, **asked)
    write_results(run)
    assert run.path("results.csv").is_file() and unknown(run.folder) == []


def test_every_column_that_was_published_is_described():
    earlier = "smallest_shown"  # in studies that were published before `chance_if_lossless` took its place
    assert [found for found in unknown(PUBLISHED) if not found.endswith(f": {earlier}")] == []


def test_the_dictionary_lies_beside_the_tables_and_has_every_column(tmp_path):
    run = write_run(tmp_path, task="findings", seeds=(0, 1))
    write_results(run)
    text = run.path("COLUMNS.md").read_text(encoding="utf-8")
    explained = set(re.findall(r"^\| `([^`…]+)` \|", text, re.M))
    endings = tuple(re.findall(r"^\| `…([^`]+)` \|", text, re.M))
    for path in run.folder.glob("*.csv"):
        assert f"- `{path.name}`: a row is" in text
        for column in next(csv.reader(path.read_text(encoding="utf-8").splitlines())):
            stems = [column.removesuffix(end) for end in endings if column.endswith(end)]
            assert column in explained or any(stem in explained for stem in stems), f"{path.name}: {column}"


def test_a_column_that_nobody_described_is_found(tmp_path):
    (tmp_path / "results.csv").write_text("variant,beauty\na,1\n")
    assert unknown(tmp_path) == ["results.csv: beauty"]
    with pytest.raises(KeyError, match="beauty"):
        meaning("beauty")


def test_every_column_has_a_meaning_and_every_meaning_a_column():
    columns = [column for table in TABLES.values() for column in table.columns]
    assert all(meaning(column)[0] for column in columns)
    assert set(MEANINGS) <= set(columns)
    assert all(any(column.endswith(end) for column in columns) for end in ENDINGS)
    assert meaning("latency_p50_ms")[1] == "ms" and meaning("deflated_bytes")[1] == "bytes"


@pytest.mark.parametrize("task", ["binary", "findings", "classes", "outlines", "boxes"])
def test_every_column_that_predict_writes_is_described(task):
    outputs = ("normal", "hernia") if task == "binary" else ("hernia", "mass", "nodule")
    outputs += ("width", "height", "right", "down") * (task == "boxes")  # maps that all labels share
    decider = Decider(named(task, outputs), [0.5] * 3)
    columns = {re.sub(r"^(hernia|mass|nodule)_", "<label>_", name) for name in decider.columns(warned=True)}
    assert columns <= set(TABLES["radlib predict"].columns)
