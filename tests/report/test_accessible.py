"""The report for those who do not see it, use a keyboard or a phone: axe-core finds nothing, and nothing hangs over."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from radlib import report
from written_runs import write_run

PACKAGES = Path(__file__).resolve().parent.parent.parent / "page"
SCRIPT = Path(__file__).with_name("axe.mjs")
CHROMIUM = os.environ.get("RADLIB_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")


def missing():
    """Return what is needed and not here; empty when all is."""
    if not shutil.which("node"):
        return "Node is not installed"
    if not CHROMIUM:
        return "Chromium is not installed, and RADLIB_CHROMIUM names none"
    if not (PACKAGES / "node_modules" / "axe-core").is_dir():
        return "the packages of page/ are not installed (make page)"
    return ""


@pytest.mark.skipif(bool(missing()), reason=missing() or "nothing")
def test_axe_core_finds_nothing_in_a_report_and_nothing_hangs_over(tmp_path):
    large = {
        "networks": ({"architecture": "student_small"}, {"architecture": "student_tiny"}),
        "seeds": (0, 1),
    }
    pages = [
        report.write_report(write_run(tmp_path / "small", chains=("", "int8"), films=60)),
        report.write_report(write_run(tmp_path / "large", films=60, **large)),
    ]
    command = ["node", str(SCRIPT), str(PACKAGES), str(CHROMIUM), *map(str, pages)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=True)
    found = json.loads(done.stdout.splitlines()[-1])
    assert len(found) == 2 * len(pages)
    for page in found:
        assert page["violations"] == [] and page["overhang"] <= 0, page
        assert page["closed"] >= 5  # everything behind the first page is folded
