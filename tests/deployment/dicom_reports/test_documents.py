"""Structured Reports: valid by two other implementations of the standard, in the film's study, and nothing leaks beside them."""

import json
import shutil
import subprocess

import highdicom
import numpy as np
import pydicom
import pytest
from pydicom.uid import ComprehensiveSRStorage

from dicom_films import write_film
from radlib.deployment.dicom_reports.documents import write_report
from radlib.deployment.export_texts import NOTICE
from radlib.evaluation.deciding import Answer, Decider
from radlib.foundation.errors import DataError
from radlib.runs import tasks

RECORD = {
    "name": "student_small/int8#0", "sha256": "ab" * 32, "study": "demo", "notice": NOTICE,
    "hashes": {"README.txt": "cd" * 32},
}  # fmt: skip
DECIDERS = {
    "binary": (Decider(tasks.binary("lung_opacity"), [0.5]), [0.2, 0.8]),
    "findings": (Decider(tasks.findings(["mass", "a_label_of_more_than_sixteen_letters"]), [0.5, None]), [0.3, 0.9]),
    "classes": (Decider(tasks.classes(["normal", "bacterial", "viral"]), [None] * 3), [0.2, 0.7, 0.1]),
}  # fmt: skip


@pytest.fixture(params=DECIDERS)
def reported(request, tmp_path):
    decider, outputs = DECIDERS[request.param]
    film = write_film(tmp_path / "film.dcm")
    answer = Answer("film.dcm", "abc", np.array(outputs, np.float32), warning="darker")
    path = write_report(film, decider.row(answer), decider.task, RECORD, tmp_path / "reports")
    return path, decider, answer


def texts(item, name):
    return [
        each.TextValue
        for each in item.ContentSequence
        if each.ValueType == "TEXT" and each.ConceptNameCodeSequence[0].CodeMeaning == name
    ]


def test_another_library_reads_the_same_findings_from_the_template(reported):
    path, decider, answer = reported
    report = pydicom.dcmread(path)
    assert report.file_meta.MediaStorageSOPClassUID == report.SOPClassUID == ComprehensiveSRStorage
    tree = highdicom.sr.MeasurementReport.from_sequence([report], copy=False)
    row = decider.row(answer)
    groups = tree.get_image_measurement_groups()
    assert [group.tracking_identifier for group in groups] == list(decider.task.labels)
    for label, group in zip(decider.task.labels, groups, strict=True):
        numbers = {each.name.meaning: each.value for each in group.get_measurements()}
        assert numbers["Probability"] == pytest.approx(row[f"{label}_probability"], abs=1e-9)
        threshold = row.get(f"{label}_threshold", np.nan)
        assert numbers.get("Threshold Value") == (None if np.isnan(threshold) else threshold)
        (presence,) = (each.value.meaning for each in group.get_qualitative_evaluations())
        decision = row.get("class_decision", row.get(f"{label}_decision"))
        expected = "Present" if decision == label else "Absent" if decision else "Presence Undetermined"
        assert presence == expected
        item = group[0]
        assert texts(item, "Algorithm Name") == [RECORD["name"]]
        assert RECORD["sha256"] in texts(item, "Algorithm Parameters")[0]
        assert "cards/student_small--int8--seed0.md" in texts(item, "Algorithm Parameters")[1]
    assert texts(report, "Comment")[0] == NOTICE
    assert "darker" in texts(report, "Comment")[-1]


def test_the_standard_holds(reported):
    validator = shutil.which("dciodvfy")
    if validator is None:
        pytest.skip("dciodvfy (Debian's dicom3tools) is not on this machine")
    said = subprocess.run([validator, reported[0]], capture_output=True, text=True).stderr
    assert "ComprehensiveSR" in said and "Error" not in said
    assert "not present in standard DICOM IOD" not in said


def test_patient_and_study_are_the_films_and_all_else_is_new(tmp_path):
    decider, outputs = DECIDERS["binary"]
    film, answers = write_film(tmp_path / "film.dcm"), (outputs, outputs, [0.3, 0.7])
    rows = [decider.row(Answer("film.dcm", "abc", np.array(each, np.float32))) for each in answers]
    paths = [write_report(film, row, decider.task, RECORD, tmp_path / "reports") for row in rows]
    assert paths[0] == paths[1]  # written again after a fault, it is the same report
    paths = [paths[0], paths[2]]
    source, (first, second) = pydicom.dcmread(film), map(pydicom.dcmread, paths)
    for name in (
        "PatientName",
        "PatientID",
        "StudyInstanceUID",
        "StudyDate",
        "AccessionNumber",
        "SpecificCharacterSet",
    ):
        assert first[name] == source[name]
    assert first.PatientBirthDate == "" and "IssuerOfPatientID" not in first
    assert len({first.SOPInstanceUID, second.SOPInstanceUID, source.SOPInstanceUID}) == 3
    assert len({first.SeriesInstanceUID, second.SeriesInstanceUID, source.SeriesInstanceUID}) == 3
    assert [path.name for path in paths] == [f"{each.SOPInstanceUID}.dcm" for each in (first, second)]
    (study,) = first.CurrentRequestedProcedureEvidenceSequence
    (series,) = study.ReferencedSeriesSequence
    assert series.ReferencedSOPSequence[0].ReferencedSOPInstanceUID == source.SOPInstanceUID
    device = [  # of the same model file
        item.UID for each in (first, second) for item in each.ContentSequence if item.ValueType == "UIDREF"
    ]
    assert len(set(device)) == 1


def test_an_unfinished_variant_says_so_in_its_reports(tmp_path):
    decider, outputs = DECIDERS["binary"]
    record = {**RECORD, "state": "unfinished", "missing": ["no test film has been scored by it"]}
    answer = Answer("film.dcm", "abc", np.array(outputs, np.float32))
    path = write_report(
        write_film(tmp_path / "film.dcm"), decider.row(answer), decider.task, record, tmp_path
    )
    assert any("Do not use this model" in said for said in texts(pydicom.dcmread(path), "Comment"))


def test_what_is_no_probability_is_no_measurement(tmp_path):
    decider, _ = DECIDERS["binary"]
    answer = Answer("film.dcm", "abc", np.array([np.nan, np.nan], np.float32))
    path = write_report(
        write_film(tmp_path / "film.dcm"), decider.row(answer), decider.task, RECORD, tmp_path
    )
    said = json.dumps(pydicom.dcmread(path).to_json_dict())
    assert (
        "Presence Undetermined" in said and "the model gave no number" in said and "Probability" not in said
    )


def test_films_without_a_study_or_an_answer_get_no_report(tmp_path):
    decider, outputs = DECIDERS["binary"]
    answer = Answer("film.dcm", "abc", np.array(outputs, np.float32))
    unread = Answer("film.dcm", "abc", None, "damaged")
    film = write_film(tmp_path / "film.dcm")
    assert write_report(film, decider.row(unread), decider.task, RECORD, tmp_path / "reports") is None
    nowhere = write_film(tmp_path / "nowhere.dcm", StudyInstanceUID="")
    picture = tmp_path / "picture.png"
    picture.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(200))
    for path in (nowhere, picture):
        with pytest.raises(DataError, match="^Film abc ") as refused:
            write_report(path, decider.row(answer), decider.task, RECORD, tmp_path / "reports")
        assert "Grün" not in str(refused.value) and path.stem not in str(refused.value)
    assert not (tmp_path / "reports").exists()
