"""A page on disk: models that a browser takes, records that say no more than they may, a server on loopback alone."""

import json
import shutil
import threading
import urllib.error
import urllib.request

import numpy as np
import pytest

from exported_bundles import CODED, exported_bundles
from radlib.deployment.page import built_page, writing
from radlib.deployment.page.browser_models import answers_of
from radlib.deployment.page.serving import address, page_server
from radlib.deployment.page.variant_records import page_variant
from radlib.deployment.page.writing import write_page
from radlib.evaluation.typical_films import distances, embedder, read_typical
from radlib.foundation.errors import SetupError, UsageError
from radlib.foundation.storage import file_sha256


@pytest.fixture(scope="module")
def bundles(tmp_path_factory):
    return exported_bundles(tmp_path_factory.mktemp("bundles"))


@pytest.fixture
def built(tmp_path, monkeypatch):
    """A page as Node builds it, as far as it matters here."""
    place = tmp_path / "built"
    (place / "assets").mkdir(parents=True)
    (place / "index.html").write_text("<!doctype html><title>page</title>")
    (place / "service-worker.js").write_text("const { version, files } = self.radlibPage;")
    (place / "assets" / "page.js").write_text("0;" * 2000)
    monkeypatch.setattr(built_page, "INSIDE", place)
    return place


@pytest.mark.parametrize("place", range(4), ids=["int8", "float32", "int8_io", CODED])
def test_a_model_for_the_browser_answers_as_the_desk_with_real_numbers_at_both_ends(bundles, place):
    made = page_variant(bundles[place])
    outputs = answers_of(made.model.content, made.golden)
    assert {each.dtype for each in outputs} == {np.dtype(np.float32)}
    assert np.abs(outputs[0] - made.record["golden"]).max() <= made.record["agreed"]
    assert (made.model.step > 0) == bundles[place].name.startswith("int8")


@pytest.mark.parametrize("place", [0, 1], ids=["int8", "float32"])
def test_the_second_output_is_the_embedding_by_which_films_are_told_apart(bundles, place):
    made, bundle = page_variant(bundles[place]), bundles[place]
    typical = read_typical(bundle / "typical_films.npz")
    _, embedding = answers_of(made.model.content, made.golden)
    here = distances(typical, made.golden, lambda films: embedding.reshape(len(films), -1))
    there = distances(typical, made.golden, embedder(bundle / "model.tflite", "tflite"))
    np.testing.assert_allclose(here, there, rtol=0.02)


def test_a_record_says_what_a_page_needs_and_no_film(bundles):
    record = page_variant(bundles[0]).record
    assert record["labels"] == ["opacity"] or record["labels"]
    assert record["preparation"]["resampling"] == "bilinear"
    assert not {"details", "libraries", "films_ids", "chain"} & set(record)
    said = json.dumps(record, allow_nan=False)
    assert len(record["typical"]["mean"]) and "representative" not in said


def test_a_page_names_every_file_with_its_digest_and_replaces_an_earlier_one_whole(tmp_path, bundles, built):
    page = write_page(bundles[:2], tmp_path / "page")
    program = (page / "service-worker.js").read_text()
    listed = json.loads(program[len("self.radlibPage = ") : program.index(";\n")])
    there = {path.relative_to(page).as_posix() for path in page.rglob("*") if path.is_file()}
    assert set(listed["files"]) == there - {"service-worker.js"}
    assert all(file_sha256(page / name) == digest for name, digest in listed["files"].items())
    write_page(bundles[2:3], tmp_path / "page")
    assert not (page / "variants" / bundles[0].name).exists()
    assert listed["version"] not in (page / "service-worker.js").read_text()
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_a_page_is_written_over_nothing_else_and_of_nothing_else(tmp_path, bundles, built):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.txt").write_text("mine")
    with pytest.raises(UsageError, match="full is not empty and is no earlier page"):
        write_page(bundles[:1], tmp_path / "full")
    with pytest.raises(UsageError, match="is no exported variant"):
        write_page([tmp_path / "full"], tmp_path / "page")
    copy = tmp_path / "other" / bundles[0].name
    shutil.copytree(bundles[0], copy)
    with pytest.raises(UsageError, match="Two bundles are called int8"):
        write_page([bundles[0], copy], tmp_path / "page")
    (copy / "model.tflite").write_bytes(b"another")
    with pytest.raises(SetupError, match="missing or damaged"):
        write_page([copy], tmp_path / "page")
    assert not (tmp_path / "page").exists()


def test_a_failure_leaves_the_earlier_page(tmp_path, bundles, built, monkeypatch):
    page = write_page(bundles[:1], tmp_path / "page")
    before = sorted(path.name for path in page.rglob("*"))

    def full(folder):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(writing, "_name_files", full)
    with pytest.raises(SetupError, match="space"):
        write_page(bundles[1:2], page)
    assert sorted(path.name for path in page.rglob("*")) == before


def test_without_a_built_page_one_sentence_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setattr(built_page, "INSIDE", tmp_path)
    monkeypatch.setattr(built_page, "CHECKOUT", tmp_path)
    with pytest.raises(SetupError, match="Install radlib from its wheel, or in a checkout run make page"):
        built_page.built_page()


def test_the_server_is_on_loopback_and_gives_the_page_alone_with_its_policy(tmp_path, bundles, built):
    page = write_page(bundles[:1], tmp_path / "page")
    (tmp_path / "secret.txt").write_text("secret")
    (page / "linked.txt").symlink_to(tmp_path / "secret.txt")
    server = page_server(page)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        assert server.server_address[0] == "127.0.0.1"
        asked = urllib.request.Request(
            address(server) + "assets/page.js", headers={"Accept-Encoding": "gzip"}
        )
        with urllib.request.urlopen(asked) as answer:
            assert answer.headers["Content-Encoding"] == "gzip"
            assert answer.headers["Content-Security-Policy"].startswith(
                "default-src 'self'; script-src 'self'"
            )
            assert "unsafe-inline" not in answer.headers["Content-Security-Policy"]
            tag = answer.headers["ETag"]
        asked.add_header("If-None-Match", tag)
        for request, code in [(asked, 304), (address(server) + "linked.txt", 404),
                              (address(server) + "%2e%2e/secret.txt", 404)]:  # fmt: skip
            with pytest.raises(urllib.error.HTTPError) as refused:
                urllib.request.urlopen(request)
            assert refused.value.code == code
            refused.value.close()
        with pytest.raises(SetupError, match="in use"):
            page_server(page, server.server_address[1])
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
