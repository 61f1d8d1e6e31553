"""Films through a bundle on a device: the answers of `radlib predict`, a line of JSON each, and where the network looked."""

import json
import os
import signal
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

import radlib
from radlib.cli.app import main
from radlib.deployment.export import export_variant
from radlib.deployment.reading import heat_pictures
from radlib.deployment.reading.heat_pictures import AGAINST, FOR, drawn, watched
from radlib.deployment.threshold_files import write_thresholds
from radlib.evaluation.deciding import Answer
from radlib.evaluation.training_films import describe_films
from radlib.imaging.images import image_id
from radlib.runs import tasks
from stored import stored_run


@pytest.fixture(scope="module")
def bundles(tmp_path_factory):
    """A run exported twice, and the folder of its films' drawn relatives with one that is damaged."""
    folder = tmp_path_factory.mktemp("bundles")
    run, films = stored_run(folder, chains=("", "int8", "int8_io"))
    radlib.select(run, films)
    describe_films(run, films, run.variants())
    for chain in ("int8", "int8_io"):
        export_variant(run.folder, f"student_small--{chain}--seed0", folder / chain, unfinished=True)
    (folder / "films" / "ward").mkdir(parents=True)
    for number, film in enumerate(films.test.pixels[:8]):
        Image.fromarray(np.array(film)).save(
            folder / "films" / ("ward" if number % 2 else ".") / f"{number}.png"
        )
    (folder / "films" / "torn.png").write_bytes((folder / "films" / "0.png").read_bytes()[:60])
    variant = run.variant("student_small/int8#0")
    write_thresholds(folder / "site.json", variant, [0.99], {"chosen_on": "films of a site"})
    return folder


def ended(capsys, *arguments):
    with pytest.raises(SystemExit) as end:
        main([str(each) for each in arguments])
    out, err = capsys.readouterr()
    return end.value.code, out, err


@pytest.mark.parametrize("chain", ["int8", "int8_io"])
def test_the_answers_are_those_of_predict_byte_for_byte(bundles, tmp_path, capsys, chain):
    for command in ("predict", "read"):
        ended(
            capsys,
            command,
            bundles / chain,
            bundles / "films",
            "--csv",
            tmp_path / f"{command}.csv",
            "--with-files",
        )
    written = (tmp_path / "read.csv").read_bytes()
    assert written == (tmp_path / "predict.csv").read_bytes() and len(written.splitlines()) == 10


def test_the_vectors_of_a_bundle_have_the_answers_that_it_gives(bundles, capsys):
    folder = bundles / "int8" / "conformance"
    films = json.loads((folder / "vectors.json").read_text())["films"]
    _, out, _ = ended(capsys, "read", bundles / "int8", folder / "films", "--json", "--with-files")
    rows = {row["file"]: row for row in map(json.loads, out.splitlines())}
    assert len(rows) == len(films)
    for film in films:
        row = rows[film["file"].removeprefix("films/")]
        assert np.float32(row["opacity_probability"]) == np.float32(film["outputs"][1])
        assert row["opacity_decision"] == film["decisions"]["opacity"]
        assert row["image_id"].startswith(film["image_id"])


def test_several_films_and_folders_are_called_by_their_paths_and_one_line_of_json_has_the_notice(
    bundles, capsys
):
    given = [bundles / "films" / "0.png", bundles / "films" / "ward"]
    code, out, err = ended(
        capsys, "read", bundles / "int8", *given, "--json", "--with-files", "--threshold", "opacity", "0.5"
    )
    rows = [json.loads(line) for line in out.splitlines()]
    assert code == 0 and rows[0]["file"] == given[0].as_posix() and len(rows) == 5
    assert all(row["notice"] == "Research only, not a medical device." for row in rows)
    assert all(row["opacity_threshold"] == 0.5 and "warning" in row for row in rows)
    assert err.startswith("Research only, not a medical device.") and "exported unfinished" in err
    _, out, _ = ended(capsys, "read", bundles / "int8", bundles / "films", "--json")
    assert [row["reason"] for row in map(json.loads, out.splitlines())].count(
        "damaged"
    ) == 1 and "0.png" not in out


def test_a_sites_thresholds_decide(bundles, capsys):
    _, out, _ = ended(
        capsys, "read", bundles / "int8", bundles / "films" / "0.png", "--thresholds", bundles / "site.json"
    )
    assert ",0.99," in out


def test_a_picture_shows_where_the_network_looked(bundles, tmp_path, capsys):
    film = bundles / "films" / "0.png"
    ended(capsys, "read", bundles / "int8", film, "--heat-map", tmp_path / "maps")
    with Image.open(tmp_path / "maps" / f"{image_id(film)}.png") as picture:
        assert picture.mode == "RGB" and min(picture.size) >= 448


def test_a_picture_is_drawn_at_the_thresholds_that_decide(bundles, tmp_path, capsys, monkeypatch):
    given = []
    monkeypatch.setattr(
        heat_pictures, "picture_writer", lambda model, variant, thresholds, folder: given.append(thresholds)
    )
    film, site = bundles / "films" / "torn.png", bundles / "site.json"
    ended(capsys, "read", bundles / "int8", film, "--heat-map", tmp_path, "--thresholds", site)
    assert given == [[0.99]]


def test_red_speaks_for_the_finding_and_blue_against_it():
    change = np.zeros((4, 4), np.float32)
    change[0, 0], change[3, 3] = 0.5, -0.5
    colours = np.asarray(drawn(np.full((4, 4), 100, np.uint8), change))
    assert (colours[0, 0] == np.rint(40 + 0.6 * FOR)).all() and (
        colours[-1, -1] == np.rint(40 + 0.6 * AGAINST)
    ).all()
    assert (colours[0, -1] == 100).all()
    findings = tasks.findings(("a", "b", "c"))
    answer = Answer("", "", np.array([0.6, 0.5, 0.1], np.float32))
    assert watched(findings, answer, [0.7, 0.3, None]) == 1
    assert (
        watched(tasks.classes(("a", "b", "c")), answer, [None]) == 0
        and watched(tasks.binary("a"), answer, [0.5]) == 1
    )


@pytest.mark.parametrize("given", [[], ["--once"], ["films", "--watch", "films"]])
def test_films_or_a_folder_to_watch_are_needed(bundles, capsys, monkeypatch, given):
    monkeypatch.chdir(bundles)
    code, _, err = ended(capsys, "read", "int8", *given)
    assert code == 2 and "--watch" in err


def test_pictures_do_not_go_where_they_would_be_read_as_films(bundles, capsys):
    films = bundles / "films"
    code, _, err = ended(
        capsys, "read", bundles / "int8", "--watch", films, "--once", "--heat-map", films / "maps"
    )
    assert code == 2 and "maps lies in the folder that is watched" in err


def test_a_watched_folder_has_the_answers_of_predict_and_goes_on_after_a_kill(bundles, tmp_path, capsys):
    films = tmp_path / "films"
    films.mkdir()
    for path in sorted((bundles / "films").rglob("[0-9].png")):
        (films / path.name).write_bytes(path.read_bytes())
    script = (
        "import sys; from pathlib import Path; from radlib.deployment.answer_tables import Choices\n"
        "from radlib.deployment.reading.arrivals import Pace\n"
        "from radlib.deployment.reading.watched_bundle import watch_folder\n"
        f"watch_folder(Path({str(bundles / 'int8')!r}), Path({str(films)!r}), Choices(), once=sys.argv[1] == 'once', "
        f"to=Path({str(tmp_path / 'w.csv')!r}), as_json=True, heat_maps=None, show=print, say=lambda line: None, "
        "pace=Pace(0, 0, 0.05))"
    )
    started = subprocess.Popen([sys.executable, "-c", script, "on"], stdout=subprocess.PIPE)
    json.loads(started.stdout.readline())
    os.kill(started.pid, signal.SIGKILL)
    started.communicate()
    subprocess.run([sys.executable, "-c", script, "once"], check=True, capture_output=True)
    _, out, _ = ended(capsys, "predict", bundles / "int8", films)
    written = (tmp_path / "w.csv").read_text()
    assert sorted(written.splitlines()) == sorted(out.splitlines()) and len(written.splitlines()) == 9
