import errno
import json
import shutil
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

import radlib
from radlib.foundation.errors import SetupError, UsageError
from radlib.foundation.storage import atomic_path, disk_errors, spec_digest, write_text
from radlib.runs.runs import open_run, outputs_root, reopen_run
from radlib.runs.studies import notebooks_folder
from radlib.runs.variants import variant_key, variant_name

FIELDS = {
    "file": "model.bin",
    "label": "original",
    "parent": None,
    "chain": (),
    "architecture": "student_small",
    "task": "binary",
    "seed": 0,
    "format": "keras",
    "labels": ("normal", "opacity"),
    "input_shape": (8, 8, 1),
    "preprocessing": "0" * 16,
}


def builder(calls, content=b"weights"):
    def build(folder):
        calls.append(folder)
        (folder / "model.bin").write_bytes(content)
        return FIELDS

    return build


@pytest.fixture
def run(tmp_path):
    return open_run(str(tmp_path / "demo"))


def test_built_once_then_loaded(run):
    calls = []
    first = run.load_or_build("a/original#0", {"epochs": 1}, builder(calls))
    again = run.load_or_build("a/original#0", {"epochs": 1}, builder(calls))
    assert len(calls) == 1
    assert first == again
    assert run.variants() == [first] == [run.variant("a/original#0")]
    assert first.size_bytes == 7
    assert run.model_path(first).read_bytes() == b"weights"


def test_another_specification_is_refused_and_names_what_differs(run):
    run.load_or_build("a/original#0", {"epochs": 1, "seed": 0}, builder([]))
    with pytest.raises(UsageError, match="differs in: epochs"):
        run.load_or_build("a/original#0", {"epochs": 2, "seed": 0}, builder([]))
    fresh = open_run(str(run.folder), fresh=True)
    assert fresh.load_or_build("a/original#0", {"epochs": 2, "seed": 0}, builder([])).spec == spec_digest(
        {"seed": 0, "epochs": 2}
    )


def test_a_damaged_file_is_built_again(run):
    calls = []
    variant = run.load_or_build("a/original#0", {}, builder(calls))
    run.model_path(variant).write_bytes(b"weighty")
    run.load_or_build("a/original#0", {}, builder(calls))
    assert len(calls) == 2


def test_another_run_on_the_folder_waits_and_takes_what_was_built(run):
    calls, entered = [], threading.Event()

    def slow(folder):
        (folder / "history.csv").write_text("first", encoding="utf-8")
        entered.set()
        time.sleep(0.5)
        return builder(calls)(folder)

    with ThreadPoolExecutor() as pool:
        first = pool.submit(run.load_or_build, "a/original#0", {}, slow)
        assert entered.wait(10)
        second = pool.submit(run.load_or_build, "a/original#0", {}, builder(calls, b"others"))
        assert first.result(10) == second.result(10)
    assert len(calls) == 1
    assert run.model_path(first.result()).with_name("history.csv").is_file()
    assert run.variants() == [first.result()]


def test_a_killed_build_leaves_nothing_visible(run):
    def killed(folder):
        (folder / "model.bin").write_bytes(b"half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run.load_or_build("a/original#0", {}, killed)
    assert run.variants() == []
    stored = run.load_or_build("b/original#0", {}, builder([]))
    between = run.path("variants", ".building.a--original--seed0")  # killed just before the renaming
    shutil.copytree(run.model_path(stored).parent, between, dirs_exist_ok=True)
    assert run.variants() == [stored]
    assert run.load_or_build("a/original#0", {}, builder([])).size_bytes == 7


def test_a_full_disk_is_one_sentence_and_keeps_the_old_file(tmp_path):
    path = tmp_path / "kept.txt"
    write_text(path, "old")
    with pytest.raises(SetupError, match="No space is left"), atomic_path(path):
        raise OSError(errno.ENOSPC, "No space left on device")
    assert path.read_text(encoding="utf-8") == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["kept.txt"]
    with pytest.raises(FileNotFoundError), disk_errors(path):
        raise FileNotFoundError


def test_a_folder_of_another_study_is_refused(tmp_path):
    open_run(str(tmp_path / "out"))
    other = tmp_path / "other.yaml"
    other.write_text("name: other\n", encoding="utf-8")
    with pytest.raises(UsageError, match="belongs to the study 'demo'"):
        open_run(str(tmp_path / "out"), study=str(other))


def test_settings_given_at_the_start_hold_later(tmp_path):
    open_run(str(tmp_path / "demo"), epochs=2)
    assert open_run(str(tmp_path / "demo")).settings.epochs == 2
    assert json.loads((tmp_path / "demo" / "run.json").read_text())["overrides"] == {"epochs": 2}
    with pytest.raises(UsageError, match="did you mean 'epochs'"):
        open_run(str(tmp_path / "demo"), epoch=3)


def test_a_setting_tried_later_does_not_stay(run):
    run.load_or_build("a/original#0", {"epochs": 12}, builder([]))
    assert open_run(str(run.folder), epochs=99).settings.epochs == 99
    assert open_run(str(run.folder)).settings.epochs == run.settings.epochs
    open_run(str(run.folder), epochs=99, keep_settings=True)
    assert open_run(str(run.folder)).settings.epochs == 99


def test_a_network_the_study_does_not_have_takes_its_place(tmp_path):
    run = open_run(str(tmp_path / "demo"), network="mobilenet_v2@wide", seed=5)
    assert (run.network, run.settings.seed) == ("mobilenet_v2@wide", 5)
    assert [r.network for r in open_run(str(tmp_path / "demo")).networks()] == ["mobilenet_v2@wide"]


def test_outputs_root_follows_the_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("RADLIB_OUTPUTS", str(tmp_path / "elsewhere"))
    assert open_run().folder == tmp_path / "elsewhere" / "demo"


def test_a_notebook_in_the_checkout_writes_beside_the_command_line(monkeypatch):
    monkeypatch.delenv("RADLIB_OUTPUTS", raising=False)
    monkeypatch.chdir(notebooks_folder())
    assert outputs_root().resolve() == notebooks_folder().resolve().parent / "outputs"
    monkeypatch.chdir(notebooks_folder().parent)
    assert outputs_root().resolve() == notebooks_folder().resolve().parent / "outputs"


def test_a_run_of_ones_own_study_is_opened_again_from_its_folder(tmp_path):
    own = tmp_path / "mine.yaml"
    own.write_text("title: Mine\nparameters: {epochs: 3}\n", encoding="utf-8")
    open_run(str(tmp_path / "out"), study=str(own), seed=4)
    again = reopen_run(tmp_path / "out")
    assert (again.study.title, again.settings.epochs, again.settings.seed) == ("Mine", 3, 4)


def test_names_and_keys():
    name = variant_name("mobilenet_v2@b", "magnitude_pruning+int8", 3)
    assert name == "mobilenet_v2@b/magnitude_pruning+int8#3"
    assert variant_key(name) == "mobilenet_v2@b--magnitude_pruning+int8--seed3"


def test_unknown_public_name():
    with pytest.raises(AttributeError, match="nothing"):
        _ = radlib.nothing
