"""What a notebook shows of a page is what lies in it; without a reader nothing is served."""

import threading
import urllib.request

import pytest

from exported_bundles import exported_bundles
from radlib.deployment import page_views as views
from radlib.deployment.page import built_page
from radlib.deployment.page.variant_records import page_variant


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    return folder, exported_bundles(folder, ("int8", "float32"))


@pytest.fixture
def built(tmp_path, monkeypatch):
    place = tmp_path / "built"
    (place / "assets").mkdir(parents=True)
    (place / "index.html").write_text("<!doctype html><title>page</title>")
    (place / "service-worker.js").write_text("const { version, files } = self.radlibPage;")
    (place / "assets" / "page.js").write_text("0;" * 2000)
    monkeypatch.setattr(built_page, "INSIDE", place)


def test_facts_are_told_one_by_one_and_long_lists_counted(run):
    table = views.told_table(page_variant(run[1][0])).set_index("name")["value"]
    assert table["golden"].endswith("of them") and table["label"] == "int8"
    assert "mean" in table["typical"] and max(map(len, table)) < 300


def test_a_file_for_the_browser_gives_what_the_last_layer_reads_as_well(run):
    made = page_variant(run[1][0])
    table = views.ends_table({"desk": (run[1][0] / "model.tflite").read_bytes(), "page": made.model.content})
    assert table["takes"].tolist() == ["float32 1×16×16×1"] * 2
    assert [gives.count("float32") for gives in table["gives"]] == [1, 2]
    assert table["size_bytes"].tolist()[1] == len(made.model.content)


def test_the_parts_of_a_page_are_weighed_as_they_are_and_as_they_travel(run, tmp_path, built):
    table = views.written(run[1], tmp_path / "page").set_index("part")
    there = [path for path in (tmp_path / "page").rglob("*") if path.is_file()]
    assert table["files"].sum() == len(there)
    assert table["size_bytes"].sum() == sum(path.stat().st_size for path in there)
    assert table.loc["assets", "sent_bytes"] < table.loc["assets", "size_bytes"] == 4000
    assert set(table.index) == {"page", "assets", "variants/int8", "variants/float32"}


def test_without_a_built_page_or_node_tables_have_no_rows(run, tmp_path, monkeypatch):
    monkeypatch.setattr(built_page, "INSIDE", tmp_path)
    monkeypatch.setattr(built_page, "CHECKOUT", tmp_path)
    monkeypatch.setattr(views, "SOURCE", tmp_path)
    assert len(views.written(run[1], tmp_path / "page")) == 0 and not (tmp_path / "page").exists()
    assert len(views.held_to_the_desk(run[1][0])) == 0


def test_a_frame_is_a_page_on_loopback_and_only_for_who_asked(run, built, monkeypatch):
    where, keys = run[0] / "run" / "out", ["student_small--int8--seed0"]
    threads = threading.active_count()
    assert "show_page" in views.framed(where, keys, show=False).data
    for variable, name in views.ELSEWHERE.items():
        with monkeypatch.context() as there:
            there.setenv(variable, "1")
            assert name in views.framed(where, keys, show=True).data
    assert threading.active_count() == threads
    frame = views.framed(where, keys, show=True)
    with urllib.request.urlopen(frame.src) as answer:
        assert b"page" in answer.read() and frame.src.startswith("http://127.0.0.1:")


def test_without_a_built_page_a_sentence_stands_in_place_of_the_frame(run, tmp_path, monkeypatch):
    monkeypatch.setattr(built_page, "INSIDE", tmp_path)
    monkeypatch.setattr(built_page, "CHECKOUT", tmp_path)
    shown = views.framed(run[0] / "run" / "out", ["student_small--int8--seed0"], show=True)
    assert "make page" in shown.data
