"""nbval really compares: a stored output that is not what the cell prints makes it fail."""

import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent
OPTIONS = ["--nbval-lax", "--nbval-current-env", "--nbval-sanitize-with", str(FOLDER / "nbval.cfg")]


@pytest.mark.parametrize(("name", "code"), [("06_checked_output", 0), ("06_changed_output", 1)])
def test_a_changed_tagged_output_fails_and_an_equal_one_passes(tmp_path, name, code):
    notebook = tmp_path / f"{name}.ipynb"
    notebook.write_bytes((FOLDER / "fixtures" / notebook.name).read_bytes())
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *OPTIONS, str(notebook)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stdout
    if code:
        assert "1 failed" in done.stdout and "mismatch 'stdout'" in done.stdout
