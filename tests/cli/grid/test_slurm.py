"""A grid on SLURM, asked as docs/cluster.md says, makes the files of `radlib run`. Needs a SLURM that answers here, and its plugin."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from radlib.cli.grid.snakefile import find_snakemake
from radlib.foundation.errors import SetupError

PAGE = Path(__file__).resolve().parents[3] / "docs" / "cluster.md"
STUDY = """\
name: mine
parameters:
  {dataset: synthetic, dataset_options: {patients: 40, image_side: 64}, image_size: 16, epochs: 1, margin: 0.1, chains: [int8]}
networks: [{architecture: student_tiny}]
seeds: [0, 1]
notebooks: [02_train, 04_quantize]
"""


def profile() -> str:
    (text,) = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.S)
    return text


def test_the_profile_of_the_page_is_one_that_snakemake_reads():
    given = yaml.safe_load(profile())
    assert given["executor"] == "slurm" and given["jobs"] > 1
    assert all("=" in resource for resource in given["default-resources"])


@pytest.mark.slow
def test_jobs_of_slurm_make_the_same_bits_as_a_run(tmp_path, monkeypatch):
    try:
        snakemake = Path(find_snakemake())
    except SetupError as lacking:
        pytest.skip(str(lacking))
    plugin = "import snakemake_executor_plugin_slurm"
    nodes = shutil.which("sinfo") and subprocess.run(
        ["sinfo", "-h"], capture_output=True, timeout=30, check=False
    )
    if (
        not nodes
        or nodes.returncode
        or subprocess.run([snakemake.parent / "python", "-c", plugin], check=False).returncode
    ):
        pytest.skip("There is no SLURM that answers here, or Snakemake has no plugin for it.")
    monkeypatch.setenv("RADLIB_SNAKEMAKE", str(snakemake))
    monkeypatch.chdir(tmp_path)
    Path("mine.yaml").write_text(STUDY)
    Path("slurm").mkdir()
    Path("slurm/config.yaml").write_text(profile())
    radlib = [sys.executable, "-m", "radlib.cli.app"]
    subprocess.run(
        [*radlib, "grid", "mine.yaml", "--output", "grid", "--profile", "slurm"], check=True, timeout=900
    )
    environment = {**os.environ, "RADLIB_THREADS": "1"}
    subprocess.run([*radlib, "run", "--study", "mine.yaml", "--output", "alone"], env=environment, check=True)
    made = {path.parent.name: path.read_bytes() for path in Path("grid/variants").glob("*/model.*")}
    assert (
        len([name for name in made if name in ("student_tiny--int8--seed0", "student_tiny--int8--seed1")])
        == 2
    )
    for name, content in made.items():
        assert next(Path("alone/variants", name).glob("model.*")).read_bytes() == content, name
