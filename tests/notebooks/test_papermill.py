"""Papermill runs every notebook of the demo; a killed run goes on; a second run makes nothing again."""

import json
import re
import subprocess

import nbformat
import pandas as pd
import pytest
from replaying import disagreements

from canaries import contents, digests, forms, hits
from conftest import SHORT, command, stored_models
from radlib.datasets.synthetic import drawn_uuid
from radlib.runs.studies import load_study, notebooks_folder


def test_the_series_runs_to_its_report_and_says_little(short_run):
    done = short_run.ended
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == str(short_run.folder / "report.html")
    lines = done.stderr.strip().splitlines()
    assert lines[0].startswith("About ") and "variants to make" in lines[0]
    told = lines[1:]
    if "NOT LEARNT" in told[-1]:  # as little training as here may teach nothing, which is said last
        told = told[:-1]
    assert [line.split()[0] for line in told] == list(load_study("demo").notebooks)
    assert not re.search("Traceback|Warning|papermill|TCP|TensorFlow", done.stderr)


def test_every_notebook_left_an_executed_report_without_errors(short_run):
    for name in load_study("demo").notebooks:
        report = nbformat.read(short_run.folder / "reports" / f"{name}.ipynb", as_version=4)
        code = [c for c in report.cells if c.cell_type == "code" and c.source.strip()]
        assert [c.execution_count for c in code] == list(range(1, len(code) + 1)), name
        outputs = [o for c in code for o in c.outputs]
        assert not [o for o in outputs if o.output_type == "error" or o.get("name") == "stderr"], name
        assert [o for o in outputs if o.output_type in ("display_data", "execute_result")], name


@pytest.mark.parametrize("name", load_study("demo").notebooks)
def test_every_notebook_printed_what_is_committed(request, short_run, name):
    report = short_run.folder / "reports" / f"{name}.ipynb"
    found = disagreements(request.session, notebooks_folder() / f"{name}.ipynb", report)
    assert not found, "\n".join(found)


def test_no_number_or_file_name_of_a_drawn_film_leaves_the_private_folder(short_run):
    """All of them as they stand in the films; a few in any form that a file may give them."""
    outputs = short_run.folder.parent
    numbers = {str(drawn_uuid(0, patient)) for patient in range(520)}
    names = {path.stem for path in outputs.glob(".cache/synthetic-*/stage_2_train_images/*.dcm")}
    assert len(names) > 1500 and names & uuids(short_run.folder / "private" / "films.csv")
    left = [path for path in outputs.rglob("*") if path.is_file() and "private" not in path.parts]
    found = {path: uuids(path) for path in left if "stage_2_train_images" not in path.parts}
    tables = {path for path in found if path.parent.name.startswith("synthetic-")}
    assert tables and not [path for path in found.keys() - tables if found[path] & (numbers | names)]
    some = [*sorted(numbers)[:2], *sorted(names)[:2]]
    assert hits(short_run.folder, [form for text in some for form in (*forms(text), *digests([text]))]) == []


def uuids(path):
    """All identifiers of the drawn films' kind in a file, or packed in it."""
    pattern = rb"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
    return {text.decode() for _, content in contents(path) for text in re.findall(pattern, content)}


def test_a_killed_run_kept_what_was_finished(short_run):
    assert short_run.before, "the first start was killed before anything was stored"
    after = stored_models(short_run.folder)
    assert {name: after[name] for name in short_run.before} == short_run.before
    assert len(after) > len(short_run.before)


def test_parameters_given_at_the_first_start_hold_at_the_second(short_run):
    settings = json.loads((short_run.folder / "run.json").read_text(encoding="utf-8"))["settings"][0]
    assert {name: str(settings[name]) for name in SHORT} == SHORT
    chains = load_study("demo").parameters["chains"]
    results = pd.read_csv(short_run.folder / "results.csv")
    assert set(results["chain"]) == {"original", *chains} and len(results) == len(chains) + 1
    assert set(stored_models(short_run.folder)) >= {
        f"student_small--{chain}--seed0" for chain in ("original", *chains)
    }


def test_the_results_hold_together(short_run):
    results = pd.read_csv(short_run.folder / "results.csv").set_index("chain")
    assert (results["auroc_low"] <= results["auroc"]).all() and (
        results["auroc"] <= results["auroc_high"]
    ).all()
    assert results.loc["int8", "size_bytes"] < results.loc["original", "size_bytes"] / 2
    models = {r["chain"]: r["file"] for r in records(short_run.folder)}
    for chain, file in ((chain, models[chain]) for chain in results.index):
        assert results.loc[chain, "size_bytes"] == (short_run.folder / file).stat().st_size


def records(folder):
    for path in folder.glob("variants/*/variant.json"):
        record = json.loads(path.read_text(encoding="utf-8"))
        yield {**record, "chain": "+".join(step["technique"] for step in record["chain"]) or "original"}


def test_another_setting_is_refused_with_code_2_and_nothing_is_lost(short_run):
    before = stored_models(short_run.folder)
    wanted = [*command(short_run.folder, epochs="5"), "--notebooks", "02"]
    done = subprocess.run(wanted, capture_output=True, text=True, check=False)
    assert done.returncode == 2, done.stderr
    assert "--fresh" in done.stderr and "Traceback" not in done.stderr
    assert stored_models(short_run.folder) == before
    assert '"epochs": 6' in (short_run.folder / "run.json").read_text(encoding="utf-8")


def test_an_output_folder_of_another_study_is_refused(short_run):
    done = subprocess.run(
        [*command(short_run.folder)[:4], "--study", "architectures", "--output", str(short_run.folder)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2 and "belongs to the study 'demo'" in done.stderr
