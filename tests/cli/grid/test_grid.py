"""A grid's steps make what `radlib run` makes, the same bits; its rules wait for what they need and own what they write."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from radlib.cli.app import main
from radlib.cli.grid import snakefile as snakefiles
from radlib.cli.grid.grid import LOCK, _opened, run_grid, write_grid
from radlib.cli.grid.snakefile import Grid, find_snakemake, snakefile
from radlib.cli.grid.steps import FILMS, steps_of, take_step
from radlib.datasets.films import films_for, open_films
from radlib.foundation.errors import RadlibError, SetupError, UsageError
from radlib.imaging.decoding import decode as decoding
from radlib.techniques.building import compress_each

STUDY = """\
name: mine
parameters:
  {dataset: synthetic, dataset_options: {patients: 40, image_side: 64}, image_size: 16, epochs: 1, pruning_epochs: 1, margin: 0.1,
   chains: [int8, magnitude_pruning+int8, xnor_net]}
networks: [{architecture: student_tiny}, {architecture: student_separable}]
seeds: [0, 1]
notebooks: [01_explore]
"""


@pytest.fixture
def study(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.yaml").write_text(STUDY)
    return "mine.yaml"


def opened(study, name):
    return _opened(study, name, {}, checked=True)


def test_every_step_comes_after_what_it_waits_for_and_everything_asked_for_is_answered(study):
    steps = steps_of(opened(study, "run"))
    marks = [step.mark for step in steps]
    assert len(set(marks)) == len(marks) and marks[0] == FILMS
    for number, step in enumerate(steps):
        assert set(step.needs) <= set(marks[:number])
    answers = [step for step in steps if step.kind == "answers"]
    assert len(answers) == 2 * 2 * (1 + 3)  # networks, seeds, the original and three chains
    assert sum(step.kind == "training" for step in steps) == 4
    assert (
        sum(step.chain == "magnitude_pruning" for step in steps if step.kind == "variant") == 4
    )  # on the way


def test_shards_of_films_come_first_and_leave_nothing_to_decode(study, monkeypatch):
    run = opened(study, "run")
    steps = steps_of(run, shards=2)
    assert [step.mark for step in steps[:3]] == ["films-1-of-2", "films-2-of-2", FILMS]
    assert steps[2].needs == ("films-1-of-2", "films-2-of-2")
    take_step(run, "films-2-of-2")
    take_step(run, "films-1-of-2")
    monkeypatch.setattr(decoding, "decode_files", lambda *a, **k: pytest.fail("a film was left"))
    take_step(run, FILMS)
    marks = [json.loads(run.path("grid", f"films-{n}-of-2.json").read_text()) for n in (1, 2)]
    films = open_films(run)
    assert sum(mark["films"] for mark in marks) == sum(
        map(len, (films.training, films.validation, films.test))
    )


def test_films_are_decoded_by_a_command(study, capsys):
    for shard in ("2/2", "1/2"):
        with pytest.raises(SystemExit) as end:
            main(["decode", study, "--shard", shard])
        assert end.value.code == 0
    told = [int(line.split()[4]) for line in capsys.readouterr().out.splitlines()]
    assert sum(told) == len(open_films(opened(study, "outputs/mine")).dataset.index)
    with pytest.raises(SystemExit) as end:
        main(["decode", study, "--shard", "3/2"])
    assert end.value.code == 2 and "3/16" in capsys.readouterr().err


def test_steps_make_the_same_bits_as_the_run_and_a_refusal_is_a_result(study):
    whole, grid = opened(study, "whole"), opened(study, "grid")
    for network in whole.networks()[:1]:
        compress_each(network, films_for(network, open_films(network)), network.settings.chains)
    for step in steps_of(grid):
        if step.network in ("", "student_tiny") and not step.seed:
            take_step(grid, step.mark)
    made = {v.name: v.sha256 for v in whole.variants()}
    assert len(made) >= 4 and {v.name: v.sha256 for v in grid.variants()} == made
    for step in steps_of(grid):
        if step.kind == "answers" and step.network == "student_tiny" and not step.seed:
            mark = json.loads(grid.path("grid", f"{step.mark}.json").read_text())
            key = step.mark.removesuffix(".answers")
            assert mark["sha256"] == made[mark["variant"]]
            assert all(
                grid.path("predictions", f"{key}.{split}.npz").is_file()
                for split in ("validation", "perturbed")
            )
    with pytest.raises(UsageError, match="no step 'nosuch'"):
        take_step(grid, "nosuch")


def test_what_does_not_suit_a_network_leaves_a_mark_with_the_reason(study, monkeypatch):
    from radlib.cli.grid import steps
    from radlib.foundation.errors import NotApplicable

    run = opened(study, "run")
    monkeypatch.setattr(steps, "open_films", lambda run: None)
    monkeypatch.setattr(steps, "films_for", lambda run, films: None)

    def refused(network, films, chain):
        raise NotApplicable("It has no such layer.")

    monkeypatch.setattr(steps, "compress", refused)
    take_step(run, "student_tiny--int8--seed0")
    assert json.loads(run.path("grid", "student_tiny--int8--seed0.json").read_text()) == {
        "refused": "It has no such layer."
    }


def test_rules_are_texts_that_neither_the_shell_nor_snakemake_takes_apart(study, tmp_path):
    grid = Grid(
        "my study.yaml",
        tmp_path / "a run",
        {"data": "/films of ours", "chains": "[int8]", "augmentation": "{zoom: 0.2}"},
        2,
    )
    steps = steps_of(opened(study, "run"))
    text = snakefile(grid, steps)
    assert text.count("\nrule ") == len(steps) + 2 and "THREADS = 2" in text
    shells = [json.loads(line) for line in re.findall(r"shell: (\".*\")", text)]
    assert len(shells) == len(steps) + 1
    for shell in shells:
        assert "'/films of ours'" in shell and "'my study.yaml'" in shell and "'{{zoom: 0.2}}'" in shell
        assert shell.startswith("RADLIB_THREADS={threads} {RADLIB} ")
    assert text.count('"grid/report.done"') == 2 and 'output: touch("grid/report.done")' in text
    outputs = re.findall(r"    output: (\".*\")", text)
    assert len(set(outputs)) == len(outputs)  # rules own their files
    compile(text.replace("rule all:", "if 1:").split("rule report")[0].split("if 1:")[0], "Snakefile", "exec")


def test_the_file_alone_is_written_unless_it_is_to_be_run(study, capsys, monkeypatch):
    with pytest.raises(SystemExit) as end:
        main(["grid", study, "--output", "run"])
    assert end.value.code == 0 and capsys.readouterr().out.strip().endswith("Snakefile")
    assert Path("run/Snakefile").is_file() and not Path("run/grid").exists()
    monkeypatch.setattr(snakefiles.shutil, "which", lambda place: None)
    with pytest.raises(SetupError, match="make grid-environment"):
        find_snakemake()
    with pytest.raises(SystemExit) as end:
        main(["grid", study, "--output", "run", "--cores", "1"])
    assert end.value.code == 5 and "There is no snakemake here" in capsys.readouterr().err
    with pytest.raises(RadlibError):
        write_grid(study, output="other", given={"chains": "[int9]"}, threads=1)


def test_a_grid_is_run_once_at_a_time_and_whatever_lock_a_killed_start_has_left(tmp_path, monkeypatch):
    program = tmp_path / "snakemake"
    program.write_text('#!/bin/sh\necho "$@" > "$4/arguments"; pwd > "$4/seen_from"\n')
    program.chmod(0o755)
    monkeypatch.setenv(snakefiles.VARIABLE, str(program))
    code = f"import sys; sys.path[:] = {sys.path!r}\nfrom pathlib import Path\nfrom radlib.runs.run_locks import only_start\n"
    code += f"with only_start(Path({str(tmp_path)!r}), {LOCK!r}): print('held', flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout.readline() == b"held\n"
        with pytest.raises(UsageError, match=f"process {other.pid}"):
            run_grid(tmp_path / "Snakefile", [], print)
        other.kill()
    run_grid(tmp_path / "Snakefile", ["--cores", "2"], print)
    assert (tmp_path / "seen_from").read_text().strip() == str(Path.cwd())  # where a profile is looked for
    given = (tmp_path / "arguments").read_text().split()
    assert given[given.index("--directory") + 1] == str(tmp_path)
    assert given[-2:] == ["--cores", "2"] and "--nolock" in given


@pytest.mark.slow
def test_a_step_that_is_killed_is_taken_again(study, tmp_path):
    try:
        find_snakemake()
    except SetupError as lacking:
        pytest.skip(str(lacking))
    radlib = [sys.executable, "-m", "radlib.cli.app"]
    asked = [*radlib, "grid", study, "--output", "run", "--cores", "2", "-p", "bootstrap_draws", "100"]
    with subprocess.Popen(asked, start_new_session=True) as running:
        while running.poll() is None and not Path("run/grid/films.json").exists():
            time.sleep(0.2)
        os.killpg(running.pid, signal.SIGKILL)  # all of it, Snakemake and its steps
    with subprocess.Popen(asked, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as running:
        killed = 0
        while running.poll() is None and not killed:
            time.sleep(0.2)
            for path in Path("/proc").glob("[0-9]*/cmdline"):
                words = path.read_bytes().split(b"\0") if path.exists() else []
                if (
                    b"step" in words
                    and b"student_tiny--original--seed0" in words
                    and words[0].endswith(b"python")
                ):
                    time.sleep(3)  # in the middle of it
                    os.kill(int(path.parent.name), signal.SIGKILL)
                    killed += 1
        output, _ = running.communicate()
    assert killed and running.returncode == 0, output[-2000:]
    assert Path("run/grid/report.done").is_file() and Path("run/reports").is_dir()
    alone = subprocess.run(
        [*radlib, "run", "--study", study, "--output", "alone"],
        env={**os.environ, "RADLIB_THREADS": "1"},
        check=False,
    )
    assert alone.returncode == 0
    for model in Path("alone/variants").glob("*/model.*"):
        assert (Path("run/variants") / model.parent.name / model.name).read_bytes() == model.read_bytes(), (
            model
        )
    shutil.rmtree("run")
