"""nbval really compares: a stored output that is not what the cell prints makes it fail, as does a cell that fails."""

import subprocess
import sys
from pathlib import Path

import pytest
from replaying import SANITIZE, disagreements

from radlib.runs.studies import notebooks_folder

FIXTURES = Path(__file__).parent / "fixtures"
FAULTS = {
    "06_checked_output": "",
    "06_changed_output": "mismatch 'stdout'",
    "05_raises_value_error": "Cell execution caused an exception",
}


def test_by_hand_nbval_executes_and_finds_each_fault():
    command = [
        "pytest",
        "-p",
        "no:cacheprovider",
        "--nbval-lax",
        "--nbval-current-env",
        "--nbval-sanitize-with",
    ]
    notebooks = [str(FIXTURES / f"{name}.ipynb") for name in FAULTS]
    line = [sys.executable, "-m", *command, str(SANITIZE), *notebooks]
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "2 failed" in done.stdout, done.stdout
    assert all(fault in done.stdout for fault in FAULTS.values())


@pytest.mark.parametrize("name", FAULTS)
def test_what_papermill_executed_is_judged_alike(request, tmp_path, name):
    notebook, executed, fault = FIXTURES / f"{name}.ipynb", tmp_path / "executed.ipynb", FAULTS[name]
    line = [sys.executable, "-m", "papermill", "--no-progress-bar", str(notebook), str(executed)]
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    assert done.returncode == ("exception" in fault), done.stderr
    found = disagreements(request.session, notebook, executed)
    assert len(found) == bool(fault) and fault in "".join(found)


def test_a_cell_that_was_not_executed_or_is_another_one_is_found(request):
    explore, train = (notebooks_folder() / f"{name}.ipynb" for name in ("01_explore", "02_train"))
    assert disagreements(request.session, explore, explore) == []
    with pytest.raises(AssertionError, match="another notebook"):
        disagreements(request.session, explore, train)
    never = FIXTURES / "05_raises_value_error.ipynb"
    with pytest.raises(AssertionError, match="not executed"):
        disagreements(request.session, never, never)
