"""Nothing that names a patient leaves the private folder when a run fails or is killed half-way.

What a run leaves that goes to its end is searched in `test_classes`, and by the drawn films' own numbers in
`test_papermill`.
"""

import base64
import os
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import nbformat
import numpy as np
import pytest
from planted import draw_planted, run, start, wanted

from canaries import CANARIES, MARK, digests, forms, hits

STUDY = """\
title: Films with planted names
test_is_public: false
notebooks: [{notebooks}]
parameters: {{dataset: rsna, epochs: 1}}
"""


@pytest.fixture(scope="module")
def films(tmp_path_factory) -> Path:
    return draw_planted(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def work(tmp_path_factory) -> Path:
    """Where several runs fail, which find the films decoded once."""
    return tmp_path_factory.mktemp("work")


@pytest.mark.parametrize("form", ["plain", "utf-16", "base64", "npz", "name", "digest"])
def test_the_search_finds_what_is_planted(tmp_path, form):
    text = CANARIES[7]
    path = tmp_path / "out" / (f"{text}.txt" if form == "name" else "file")
    path.parent.mkdir()
    if form == "npz":
        np.savez_compressed(path.with_suffix(".npz"), ids=np.array(["a", text]))
        assert zipfile.is_zipfile(path.with_suffix(".npz"))
    else:
        content = {
            "plain": text.encode(), "utf-16": text.encode("utf-16"), "name": b"",
            "base64": base64.b64encode(b"12 " + text.encode()), "digest": digests([text])[2],
        }  # fmt: skip
        path.write_bytes(b"before " + content[form])
    assert len(hits(tmp_path, forms(MARK) + digests([text]))) == 1
    (tmp_path / "out").rename(tmp_path / "private")
    assert hits(tmp_path, forms(MARK) + digests([text])) == []


FAILURES = {
    "a film that has gone": "open(film_path(run.folder, films.test.image_ids[0]) + '.gone')",
    "an error of pandas": "float(film_path(run.folder, films.test.image_ids[0]))",
    "one error after another": (
        "try:\n    open(run.settings.data + '/x')\n"
        "except OSError as error:\n    raise radlib.foundation.errors.DataError('Film 0123 is gone; put it back.') from error"
    ),
    "a folder without its tables": "radlib.datasets.rsna.read_table(Path(run.settings.data) / 'none.csv', ['a'])",
    "class folders that are not there": "radlib.datasets.folders.folders(Path(run.settings.data))",
}


@pytest.mark.parametrize("failure", FAILURES)
def test_a_run_that_fails_half_way_leaves_no_planted_name(tmp_path, work, films, failure):
    cells = [
        nbformat.v4.new_markdown_cell("# 01 · Fails"),
        nbformat.v4.new_code_cell(
            'output: str = ""  # folder of the run\nstudy: str = "demo"  # a study\n'
            "data: str = None  # folder with the films\nfresh: bool = False  # rebuild",
            metadata={"tags": ["parameters"]},
        ),
        nbformat.v4.new_code_cell(
            "from pathlib import Path\nimport radlib\nimport radlib.datasets.folders, radlib.datasets.rsna\n"
            "from radlib.runs.private import film_path\n"
            "run = radlib.open_run(output, study=study, data=data, fresh=fresh)\nfilms = radlib.open_films(run)"
        ),
        nbformat.v4.new_code_cell(FAILURES[failure]),
    ]
    folder = tmp_path / "notebooks"
    folder.mkdir()
    nbformat.write(nbformat.v4.new_notebook(cells=cells), folder / "01_fails.ipynb")
    source = f"import pathlib; from radlib.cli.series import plan; plan.notebooks_folder = lambda: pathlib.Path({str(folder)!r})"
    place = work / "outputs" / str(list(FAILURES).index(failure))
    done = run(work, films, STUDY.format(notebooks="01_fails"), "--output", str(place), source=source)
    assert done.returncode in (1, 3), done.stderr
    failed = nbformat.read(place / "reports" / "01_fails.failed.ipynb", as_version=4)
    (error,) = [o for c in failed.cells for o in c.get("outputs", []) if o.output_type == "error"]
    assert any("Cell In[" in line for line in error.traceback)
    assert "Cell In[" in (place / "failure.txt").read_text()
    assert hits(work / "outputs", wanted(films)) == []
    assert (place / "private" / "failure.txt").is_file()


def test_a_run_that_is_killed_while_training_leaves_no_planted_name(tmp_path, films):
    outputs = tmp_path / "work" / "outputs"
    with (tmp_path / "log").open("w") as log:
        started = start(tmp_path / "work", films, STUDY.format(notebooks="02_train"))
        with subprocess.Popen(**started, stdout=log, stderr=log, start_new_session=True) as running:
            while running.poll() is None and not any(outputs.glob("planted/checkpoints/*/*")):
                time.sleep(0.02)
            early = running.poll() is not None
            os.killpg(running.pid, signal.SIGKILL)
    assert not early, "the run ended before it could be killed"
    assert MARK not in (tmp_path / "log").read_text()
    assert MARK in (outputs / "planted" / "private" / "films.csv").read_text()
    assert hits(outputs, wanted(films)) == []


def test_a_run_is_opened_again_without_saying_where_its_films_lie(tmp_path, films):
    """And a run that was passed on without its private folder says so instead of guessing."""
    source = (
        "import sys, shutil; from pathlib import Path; import radlib; from radlib.foundation.errors import DataError\n"
        "run = radlib.open_run(str(Path('passed on')), study='planted.yaml', data=sys.argv[1])\n"
        "again = radlib.runs.runs.reopen_run(run.folder)\n"
        "assert again.settings.data == sys.argv[1]\n"
        "shutil.rmtree(run.folder / 'private')\n"
        "assert radlib.open_run(str(run.folder), study='planted.yaml').settings.data == ''\n"
    )
    (tmp_path / "planted.yaml").write_text(STUDY.format(notebooks="02_train"))
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", source, str(films)], cwd=tmp_path, env=environment, check=False
    )
    assert done.returncode == 0
    assert hits(tmp_path / "passed on", wanted(films)) == []
