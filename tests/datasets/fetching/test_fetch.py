"""Fetching over a local server: whole, broken off, wrong; and Kaggle's client, played by a stand-in."""

import contextlib
import hashlib
import http.server
import re
import sys
import threading
import types

import pytest

from radlib.cli import app as cli
from radlib.datasets.dataset import find_data
from radlib.datasets.fetching import fetch
from radlib.datasets.fetching.sources import Download, Source
from radlib.foundation.errors import DataError, SetupError, UsageError
from radlib.foundation.registry import DATASETS, Entry

CONTENT = bytes(range(256)) * 20_000  # 5 MB


class Server:
    """What the server does; a test changes it between requests.

    Attributes:
        files: Content by path.
        cut_after: Bytes after which it breaks off each answer; None never.
        asked: The path of each request.
    """

    def __init__(self):
        self.files, self.cut_after, self.asked = {}, None, []

    def answer(self, request):
        content = self.files.get(request.path)
        self.asked.append(request.path)
        if content is None:
            return request.send_error(404)
        request.send_response(200)
        request.send_header("Content-Length", str(len(content)))
        request.end_headers()
        with contextlib.suppress(ConnectionError):
            request.wfile.write(content[: self.cut_after])
        return None


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    state = Server()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            state.answer(self)

        def log_message(self, *_):
            pass

    listening = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.url = f"http://127.0.0.1:{listening.server_port}"
    thread = threading.Thread(target=listening.serve_forever)
    thread.start()
    yield state
    listening.shutdown()
    thread.join()
    listening.server_close()


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("RADLIB_DATA", raising=False)


def wanted(server, file, content, *, digest="", most_bytes=10_000_000):
    server.files[f"/{file}"] = content
    digest = digest or "sha256:" + hashlib.sha256(content).hexdigest()
    return Download(f"{server.url}/{file}", file, digest, most_bytes)


@pytest.fixture
def register(monkeypatch):
    """Give the data set `films` a source, for one test."""

    def give(*downloads, **facts):
        source = Source(by_hand="put the films into data/films", downloads=downloads, **facts)
        DATASETS.names()
        monkeypatch.setitem(
            DATASETS._entries, "films", Entry("films", lambda folder: None, {"source": source})
        )

    return give


def test_files_are_fetched_checked_and_found(server, register, tmp_path, capsys):
    register(wanted(server, "a.npz", CONTENT), wanted(server, "b.csv", b"a,1\n"))
    folder = fetch.fetch("films")
    assert folder.as_posix() == "data/films"
    assert {p.name: p.read_bytes() for p in folder.iterdir()} == {"a.npz": CONTENT, "b.csv": b"a,1\n"}
    assert sorted(p.name for p in (tmp_path / "data").iterdir()) == ["films"]
    assert find_data("films") == folder
    asked = len(server.asked)
    assert fetch.fetch("films") == folder
    assert len(server.asked) == asked
    assert "already in" in capsys.readouterr().out


def test_md5_digests_of_publishers_count_too(server, register):
    register(wanted(server, "a.npz", CONTENT, digest="md5:" + hashlib.md5(CONTENT).hexdigest()))
    assert (fetch.fetch("films") / "a.npz").read_bytes() == CONTENT


def test_radlib_data_and_an_explicit_folder(server, register, tmp_path, monkeypatch):
    register(wanted(server, "a.csv", b"1"))
    monkeypatch.setenv("RADLIB_DATA", str(tmp_path / "own"))
    assert fetch.fetch("films") == tmp_path / "own" / "films"
    (tmp_path / "here").mkdir()
    assert fetch.fetch("films", tmp_path / "here") == tmp_path / "here"
    assert (tmp_path / "here" / "a.csv").is_file()


def one_message(caught):
    """At most two sentences in one line, the second of which says what to do by hand."""
    text = str(caught.value)
    assert re.fullmatch(r"[^\n]+\. By hand: put the films into data/films\.", text), text
    return text


def test_a_download_that_broke_off_is_no_data_set_and_comes_anew(server, register, tmp_path):
    register(wanted(server, "a.npz", CONTENT))
    server.cut_after = 1_000_000
    with pytest.raises(SetupError) as caught:
        fetch.fetch("films")
    assert "the same command tries again" in one_message(caught)
    assert not [p for p in (tmp_path / "data").rglob("*") if p.is_file()]
    with pytest.raises(DataError, match="No films of 'films' were found"):
        find_data("films")
    server.cut_after = None
    assert (fetch.fetch("films") / "a.npz").read_bytes() == CONTENT


def test_finished_files_are_not_fetched_again(server, register):
    register(wanted(server, "a.npz", CONTENT), wanted(server, "b.npz", CONTENT[::-1]))
    content = server.files.pop("/b.npz")
    with pytest.raises(SetupError):
        fetch.fetch("films")
    server.files = {"/b.npz": content}  # the first one could not be had again
    assert len(list(fetch.fetch("films").iterdir())) == 2


def test_another_digest_is_not_kept(server, register, tmp_path):
    register(wanted(server, "a.npz", CONTENT))
    server.files["/a.npz"] = CONTENT[:-1] + b"!"
    with pytest.raises(DataError) as caught:
        fetch.fetch("films")
    assert "another digest than its publisher gives" in one_message(caught)
    assert not [p for p in (tmp_path / "data").rglob("*") if p.is_file()]
    server.files["/a.npz"] = CONTENT
    assert (fetch.fetch("films") / "a.npz").read_bytes() == CONTENT


def test_a_file_that_is_too_long_is_stopped(server, register, tmp_path):
    register(wanted(server, "a.npz", CONTENT, most_bytes=1_000_000))
    with pytest.raises(DataError) as caught:
        fetch.fetch("films")
    assert "longer than the published file" in one_message(caught)
    assert not [p for p in (tmp_path / "data").rglob("*") if p.is_file()]


def test_no_network(register):
    register(Download("http://127.0.0.1:9/a.npz", "a.npz", "sha256:" + "0" * 64, 10))
    with pytest.raises(SetupError) as caught:
        fetch.fetch("films")
    assert "cannot be reached" in one_message(caught)


def test_without_the_extra(server, register, monkeypatch):
    register(wanted(server, "a.npz", CONTENT))
    monkeypatch.setitem(sys.modules, "pooch", None)
    with pytest.raises(SetupError) as caught:
        fetch.fetch("films")
    assert "pip install 'radlib[fetch]'" in one_message(caught)


# ---- Kaggle ----------------------------------------------------------------------------------------------------


class Refused(Exception):
    """As kagglehub raises it: with the server's answer, and a text that says too much."""

    def __init__(self, status):
        super().__init__("token KGAT_secret is not allowed")
        self.response = types.SimpleNamespace(status_code=status)


@pytest.fixture
def kaggle(monkeypatch, tmp_path):
    """A stand-in for kagglehub that writes two films where the real one would, or does what a test says."""
    import os
    from pathlib import Path

    def download(handle):
        folder = Path(os.environ["KAGGLEHUB_CACHE"], "datasets", *handle.split("/"), "versions", "1")
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "a.png").write_bytes(b"film")
        asked.append(handle)
        return hub.does(folder)

    asked = []
    hub = types.SimpleNamespace(
        dataset_download=download, competition_download=download, asked=asked, does=str
    )
    monkeypatch.setitem(sys.modules, "kagglehub", hub)
    return hub


@pytest.mark.parametrize("facts", [{"kaggle": "owner/films"}, {"competition": "films-challenge"}])
def test_a_data_set_of_kaggle(kaggle, register, tmp_path, facts, monkeypatch):
    monkeypatch.setenv("KAGGLEHUB_CACHE", "as it was")
    register(**facts)
    folder = fetch.fetch("films")
    assert kaggle.asked == list(facts.values())
    assert [p.name for p in folder.iterdir()] == ["a.png"]
    assert [p.name for p in (tmp_path / "data").iterdir()] == ["films"]
    import os

    assert os.environ["KAGGLEHUB_CACHE"] == "as it was"


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (Refused(403), "sign in .* and accept the rules"),
        (Refused(401), "sign in"),
        (Refused(503), "the server answered 503"),
        (OSError("no route to host 10.0.0.1"), "it cannot be reached"),
    ],
)
def test_kaggle_refuses(kaggle, register, error, text, tmp_path):
    def refuse(_):
        raise error

    kaggle.does = refuse
    register(competition="films-challenge")
    with pytest.raises(SetupError, match=text) as caught:
        fetch.fetch("films")
    assert "secret" not in one_message(caught) and "10.0.0.1" not in str(caught.value)
    assert not (tmp_path / "data" / "films").exists()


def test_a_tree_unpacked_by_others(tmp_path):
    (tmp_path / "tree" / "a").mkdir(parents=True)
    (tmp_path / "tree" / "a" / "film.png").write_bytes(b"film")
    fetch.check_tree(tmp_path / "tree", most_files=1, most_bytes=4)
    for limits in ({"most_files": 0}, {"most_bytes": 3}):
        with pytest.raises(DataError, match="more than a data set"):
            fetch.check_tree(tmp_path / "tree", **limits)


def test_a_link_in_what_kaggle_unpacked(kaggle, register, tmp_path):
    def plant(folder):
        (folder / "evil").symlink_to("/etc/passwd")
        return str(folder)

    kaggle.does = plant
    register(kaggle="owner/films")
    with pytest.raises(DataError, match="holds a link"):
        fetch.fetch("films")
    assert not (tmp_path / "data" / "films").exists()


def test_inside_kaggle_the_mount_is_named_and_not_moved(kaggle, register, tmp_path, capsys):
    mount = tmp_path / "kaggle-input"
    mount.mkdir()
    kaggle.does = lambda _: str(mount)
    register(kaggle="owner/films")
    assert fetch.fetch("films") == mount
    assert "--data" in capsys.readouterr().out and mount.is_dir()


def test_kagglehub_is_missing(register, monkeypatch):
    monkeypatch.setitem(sys.modules, "kagglehub", None)
    register(kaggle="owner/films")
    with pytest.raises(SetupError) as caught:
        fetch.fetch("films")
    assert "pip install 'radlib[fetch]'" in one_message(caught)


# ---- what is registered ----------------------------------------------------------------------------------------


def test_every_source_says_what_to_do_by_hand_and_has_digests():
    sourced = [entry for entry in DATASETS if "source" in entry.facts]
    assert {entry.name for entry in sourced} == {
        "breast_ultrasound", "chestxray14", "kermany", "medmnist", "rsna", "tb",
    }  # fmt: skip
    for entry in sourced:
        source = entry.facts["source"]
        assert f"data/{entry.name}" in source.by_hand and not source.by_hand.endswith(".")
        assert source.downloads or source.kaggle or source.competition
        for download in source.downloads:
            assert re.fullmatch(r"sha256:[0-9a-f]{64}|md5:[0-9a-f]{32}", download.digest)
            assert download.url.startswith("https://")


def test_films_of_ones_own_cannot_be_fetched():
    for name in ("synthetic", "folders", "dicom_folder"):
        with pytest.raises(UsageError, match="can be fetched: breast_ultrasound, chestxray14, kermany"):
            fetch.fetch(name)


def test_the_command_ends_with_the_folder_or_a_sentence(server, register, capsys, tmp_path):
    register(wanted(server, "a.csv", b"1"))
    with pytest.raises(SystemExit) as ended:
        cli.main(["fetch", "films", "--to", str(tmp_path / "to")])
    assert ended.value.code == 0
    assert capsys.readouterr().out.strip() == str(tmp_path / "to")
    server.files.clear()
    with pytest.raises(SystemExit) as ended:
        cli.main(["fetch", "films"])
    assert ended.value.code == 5
    with pytest.raises(SystemExit) as ended:
        cli.main(["fetch", "kermani"])
    assert ended.value.code == 2
    assert "did you mean 'kermany'" in capsys.readouterr().err
