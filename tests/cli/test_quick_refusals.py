"""What is refused is refused at once: before anything heavy is imported, a notebook runs or a folder is made."""

import json
import shutil
import subprocess
import sys

import pytest

from radlib.cli.series import plan, series
from radlib.foundation.errors import UsageError
from radlib.foundation.registry import DATASETS
from radlib.runs.runs import open_run
from radlib.runs.studies import load_study
from radlib.runs.variants import variant_name

HEAVY = (
    "tensorflow",
    "tf_keras",
    "papermill",
    "nbformat",
    "matplotlib",
    "sklearn",
    "scipy",
    "ai_edge_litert",
    "jupyter_client",
)
PANDAS = ("pandas", "numpy")
MISTAKES = {  # arguments: what the sentence says, and whether it is found without pandas
    ("run", "--study", "dmo"): ("did you mean 'demo'", True),
    ("run", "--study", "mine.yaml"): ("There is no file 'mine.yaml'", True),
    ("run", "-p", "epoch", "8"): ("did you mean 'epochs'", True),
    ("run", "-p", "epochs=many"): ("takes a whole number", True),
    ("run", "-p", "epochs=-1"): ("0 to 10,000", True),
    ("run", "-p", "size_limits_kb=[abc]"): ("each a number, above 0", True),
    ("run", "-p", "epochs", "1", "-p", "epochs=2"): ("given twice", True),
    ("run", "--notebooks", "99"): ("has no notebook '99'", True),
    ("run", "--output", "file"): ("'file' is a file", True),
    ("run", "-p", "dataset=kermani"): ("did you mean 'kermany'", False),
    ("run", "-p", "dataset_options={patients: none}"): ("takes a whole number, 1 to 1,000,000", False),
    ("run", "-p", "dataset=folders"): ("No films of 'folders'", False),
    ("run", "--study", "folders", "--data", "nowhere"): ("'nowhere' does not exist", False),
    ("run", "-p", "architecture=mobilnet_v2"): ("did you mean 'mobilenet_v2'", False),
    ("run", "-p", "architecture_options={depth: 3}"): ("has no parameter 'depth'", False),
    ("run", "-p", "weights=none.h5"): ("give -p weights none", False),
    ("run", "-p", "augmentation={zooom: 1}"): ("Augmentation has no 'zooom'", False),
    ("run", "-p", "chains=[int9]"): ("did you mean 'int8'", False),
    ("run", "-p", "chains=[int8(films=3)]"): ("has no parameter 'films'", False),
    ("run", "-p", "chains=[magnitude_pruning(final_sparsity=1.5)]"): ("0 to below 1", False),
    ("run", "-p", "chains=[distillation(student=tiny)]"): ("no architecture 'tiny'", False),
    ("run", "-p", "technique_options={int8: {films: 3}}"): ("has no parameter 'films'", False),
    ("verify", "nowhere"): ("There is no run at 'nowhere'", True),
    ("publish", "nowhere", "out"): ("There is no run at 'nowhere'", True),
    ("import", "nofile", "--labels", "a,b"): ("There is no file at 'nofile'", True),
}  # fmt: skip


@pytest.mark.parametrize("words", MISTAKES, ids=" ".join)
def test_a_mistake_imports_nothing_heavy_and_leaves_nothing(tmp_path, words):
    (tmp_path / "file").touch()
    source = (
        "import sys\nfrom radlib.cli import app as cli\n"
        f"try:\n    cli.main({list(words)!r})\n"
        "finally:\n    print([name for name in sys.argv[1].split(',') if name in sys.modules])"
    )
    sentence, light = MISTAKES[words]
    names = ",".join([*HEAVY, *(PANDAS if light else ())])
    done = subprocess.run(
        [sys.executable, "-c", source, names], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert sentence in done.stderr and done.stderr.count("\n") == 1, done.stderr
    assert done.returncode in (2, 3, 5) and done.stdout.strip() == "[]"
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


def test_importing_all_registries_imports_no_scipy():
    source = (
        "import sys\nfrom radlib.foundation.registry import ARCHITECTURES, DATASETS, TECHNIQUES\n"
        "[r.names() for r in (ARCHITECTURES, DATASETS, TECHNIQUES)]\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def _stored(run, settings) -> None:
    """Store what stands for a network trained to these settings."""
    from radlib.training.baselines import settings_spec

    fields = {
        "file": "model.keras", "label": "original", "parent": None, "chain": (), "architecture": "student_small",
        "task": "binary", "seed": 0, "format": "keras", "labels": ("normal", "opacity"), "input_shape": (8, 8, 1),
        "preprocessing": "0" * 16,
    }  # fmt: skip

    def build(folder):
        (folder / "model.keras").write_bytes(b"weights")
        return fields

    spec = {"films": "0" * 16, **settings_spec(settings, "none")}
    run.load_or_build(variant_name(run.network, "", 0), spec, build)


@pytest.mark.parametrize(
    "given",
    [{"epochs": "4"}, {"learning_rate": "0.1"}, {"image_size": "32"}, {"split_seed": "3"}, {"dataset_options": "{patients: 60}"},
     {"test_fraction": "0.5"}, {"augmentation": "{zoom: 0.1}"}],
)  # fmt: skip
def test_what_was_made_otherwise_is_refused_before_a_notebook_runs(tmp_path, monkeypatch, given):
    monkeypatch.setattr(series, "execute", lambda *arguments: None)
    output = tmp_path / "out"
    run = series.run_series("demo", output=str(output), given={"epochs": "3"})
    _stored(run, run.settings)
    before = (output / "run.json").read_bytes()
    monkeypatch.setattr(series, "execute", lambda *arguments: pytest.fail("a notebook was executed"))
    with pytest.raises(UsageError, match="was made otherwise .differs in: "):
        series.run_series("demo", output=str(output), given=given)
    assert (output / "run.json").read_bytes() == before
    monkeypatch.setattr(series, "execute", lambda *arguments: None)
    options = DATASETS["synthetic"].complete({})
    run.check_as_made(variant_name(run.network, "", 0), {}, options)
    series.run_series("demo", output=str(output))  # as it was
    series.run_series("demo", output=str(output), given=given, fresh=True)


def test_run_json_keeps_what_made_the_run_and_notes_later_openings(tmp_path, monkeypatch):
    monkeypatch.setattr(series, "execute", lambda *arguments: None)
    output = tmp_path / "out"
    run = series.run_series("demo", output=str(output), given={"epochs": "3"})
    _stored(run, run.settings)
    first = json.loads((output / "run.json").read_text())
    open_run(str(output))
    assert json.loads((output / "run.json").read_text()) == first
    monkeypatch.setattr("radlib.runs.run_records.processors", lambda: 99)
    open_run(str(output), margin=0.02, keep_settings=True)
    open_run(str(output))
    later = json.loads((output / "run.json").read_text())
    assert {k: later[k] for k in ("host", "libraries", "settings", "opened")} == {
        k: first[k] for k in ("host", "libraries", "settings", "opened")
    }
    assert [o["host"]["processors"] for o in later["openings"]] == [99]
    assert later["overrides"]["margin"] == 0.02 and open_run(str(output)).settings.margin == 0.02


@pytest.fixture
def own_study(tmp_path, fixture_notebooks):
    """A function that writes a study file with the given notebooks, and a notebook beside it."""
    shutil.copy(fixture_notebooks / "06_checked_output.ipynb", tmp_path / "07_own.ipynb")
    (tmp_path / "studies").mkdir()
    shutil.copy(fixture_notebooks / "01_passes.ipynb", tmp_path / "studies" / "08_below.ipynb")

    def write(*notebooks: str, folder=tmp_path):
        path = folder / "own.yaml"
        path.write_text(f"notebooks: {json.dumps(notebooks)}\n")
        return load_study(str(path))

    return write


def test_notebooks_come_from_the_series_or_from_beside_the_study_and_are_shown(tmp_path, own_study):
    study = own_study("01_passes", "07_own.ipynb", "studies/08_below.ipynb")
    files = plan.notebook_files(study)
    assert [p.name for p in files] == ["01_passes.ipynb", "07_own.ipynb", "08_below.ipynb"]
    said = plan.foreign_notebooks(study, files)
    assert (
        len(said) == 2
        and said[0].startswith("07_own.ipynb is none of radlib's notebooks")
        and "sha256" in said[0]
    )
    assert [p.name for p in plan.notebook_files(study, ["07", "08_below"])] == [
        "07_own.ipynb",
        "08_below.ipynb",
    ]


@pytest.mark.parametrize(
    "name",
    ["../07_own.ipynb", "/etc/07_own.ipynb", "../07_own", "studies/../../x.ipynb", "link/07_own.ipynb", "link.ipynb", "07_own", "", ".",
     "nope.ipynb", "08_below.ipynb/..", "x\0.ipynb", "~/x.ipynb", "\u202e.ipynb"],
)  # fmt: skip
def test_a_notebook_from_anywhere_else_is_refused(tmp_path, own_study, name):
    folder = tmp_path / "received"
    folder.mkdir()
    (folder / "link").symlink_to(tmp_path)
    (folder / "link.ipynb").symlink_to(tmp_path / "07_own.ipynb")
    with pytest.raises(UsageError) as raised:
        plan.notebook_files(own_study("01_passes", name, folder=folder))
    assert "\n" not in str(raised.value)


def test_two_notebooks_of_one_name_are_refused(tmp_path, own_study):
    shutil.copy(tmp_path / "07_own.ipynb", tmp_path / "01_passes.ipynb")
    with pytest.raises(UsageError, match="names a notebook '07_own' twice"):
        plan.notebook_files(own_study("07_own.ipynb", "07_own.ipynb"))
    assert plan.notebook_files(own_study("01_passes.ipynb"))[0].parent != tmp_path  # the series goes first


def test_a_study_file_says_which_places_it_sets(tmp_path):
    path = tmp_path / "own.yaml"
    path.write_text("parameters: {data: /srv/films}\nnetworks: [{weights: mine.h5}]\n")
    said = plan.foreign_notebooks(load_study(str(path)), [])
    assert said == ["The study file sets data to /srv/films.", "The study file sets weights to mine.h5."]
