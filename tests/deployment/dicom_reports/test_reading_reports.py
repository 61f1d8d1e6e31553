"""`radlib read --dicom-sr`: a report per film that has a study, and a sentence for one that has none."""

import json
import shutil

import numpy as np
import pydicom
import pytest
from PIL import Image

from radlib.cli.app import main
from radlib.imaging.phantoms.dicom_writing import Header, StorageKind, write_film
from stored import stored_run


@pytest.fixture(scope="module")
def variant_and_films(tmp_path_factory):
    folder = tmp_path_factory.mktemp("reports")
    run, films = stored_run(folder)
    (folder / "films" / "below").mkdir(parents=True)
    for name in ("one", "below/two"):
        path = folder / "films" / f"{name}.dcm"
        write_film(
            path, films.test.images([len(name)])[0, ..., 0], StorageKind(12), Header("p", "PA", 40, "F", "n")
        )
        film = pydicom.dcmread(path)
        film.StudyInstanceUID, film.SeriesInstanceUID = f"2.25.{len(name)}", "2.25.9"
        film.save_as(path)
    Image.fromarray(np.array(films.test.pixels[0])).save(folder / "films" / "picture.png")
    return run.path("variants", "student_small--int8--seed0"), folder / "films"


def test_every_film_with_a_study_gets_the_report_of_its_row(variant_and_films, tmp_path, capsys):
    variant, films = variant_and_films
    with pytest.raises(SystemExit) as ended:
        main(["read", str(variant), str(films), "--json", "--with-files", "--threshold", "opacity", "0.4", "--dicom-sr", str(tmp_path / "sr")])  # fmt: skip
    said = capsys.readouterr()
    assert ended.value.code == 0
    rows = {row["file"]: row for row in map(json.loads, said.out.splitlines())}
    assert set(rows) == {"one.dcm", "below/two.dcm", "picture.png"}
    assert said.err.count("has no study to keep anything in") == 1
    reports = {
        report.StudyInstanceUID: report for report in map(pydicom.dcmread, (tmp_path / "sr").iterdir())
    }
    assert len(reports) == 2
    for name, study in (("one", "2.25.3"), ("below/two", "2.25.9")):
        content = json.dumps(reports[study].to_json_dict())
        row = rows[f"{name}.dcm"]
        assert repr(row["opacity_probability"]) in content and row["opacity_threshold"] == 0.4
        assert ("Present" if row["opacity_decision"] == "opacity" else "Absent") in content


def test_a_watched_folder_gets_its_reports_outside(variant_and_films, tmp_path, capsys):
    variant, films = variant_and_films
    watched, reports = tmp_path / "watched", tmp_path / "sr"
    shutil.copytree(films, watched)
    command = ["read", str(variant), "--watch", str(watched), "--once", "--dicom-sr"]
    for place, code in ((reports, 0), (reports, 0), (watched / "sr", 2)):
        with pytest.raises(SystemExit) as ended:
            main([*command, str(place)])
        assert ended.value.code == code
    assert {pydicom.dcmread(path).StudyInstanceUID for path in reports.iterdir()} == {"2.25.3", "2.25.9"}
    assert len(list(reports.iterdir())) == 2 and not (watched / "sr").exists()
