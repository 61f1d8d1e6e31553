"""Segmentations: valid by two other implementations of the standard, pixel for pixel the mask, in the film's study."""

import shutil
import subprocess

import highdicom
import numpy as np
import pydicom
import pytest
from pydicom.uid import SegmentationStorage

from dicom_films import write_film
from radlib.deployment.dicom_reports.segmentations import meaning, write_segmentation
from radlib.foundation.errors import DataError

RECORD = {"name": "unet/int8#0", "sha256": "ab" * 32}
MASKS = {"lung": np.zeros((12, 10), bool), "lesion": np.zeros((12, 10), bool)}
MASKS["lung"][2:9, 1:8] = MASKS["lesion"][4:6, 3:5] = True  # one lies in the other
EMPTY = {"lung": np.zeros((12, 10), bool)}


@pytest.fixture
def film(tmp_path):
    return write_film(tmp_path / "film.dcm", np.zeros((12, 10)))


@pytest.mark.parametrize("masks", [MASKS, EMPTY], ids=["outlined", "nothing outlined"])
def test_another_library_reads_the_masks_again(film, tmp_path, masks):
    path = write_segmentation(film, "abc", masks, RECORD, tmp_path / "segments")
    found = highdicom.seg.segread(path)
    assert found.SOPClassUID == SegmentationStorage and found.segmentation_type.value == "BINARY"
    source = pydicom.dcmread(film)
    planes = found.get_pixels_by_source_instance([source.SOPInstanceUID])
    assert np.array_equal(planes[0], np.stack(list(masks.values()), axis=-1))
    for number, label in enumerate(masks, start=1):
        description = found.get_segment_description(number)
        category, kind = meaning(label)
        assert (description.segment_label, description.segmented_property_type) == (label, kind)
        assert description.segmented_property_category == category
        assert description.algorithm_identification.name == RECORD["name"]


def test_the_standard_holds(film, tmp_path):
    validator = shutil.which("dciodvfy")
    if validator is None:
        pytest.skip("dciodvfy (Debian's dicom3tools) is not on this machine")
    path = write_segmentation(film, "abc", MASKS, RECORD, tmp_path / "segments")
    said = subprocess.run([validator, path], capture_output=True, text=True).stderr
    assert "Segmentation" in said and "Error" not in said


def test_patient_and_study_are_the_films_and_an_outline_is_kept_once(film, tmp_path):
    paths = [
        write_segmentation(film, "abc", masks, RECORD, tmp_path / "segments")
        for masks in (MASKS, MASKS, EMPTY)
    ]
    assert paths[0] == paths[1] != paths[2]
    source, made = pydicom.dcmread(film), pydicom.dcmread(paths[0])
    for name in ("PatientName", "PatientID", "StudyInstanceUID", "StudyDate", "AccessionNumber"):
        assert made[name] == source[name]
    assert made.SeriesInstanceUID != source.SeriesInstanceUID and made.PatientBirthDate == ""
    assert "P-1" not in paths[0].name and paths[0].name == f"{made.SOPInstanceUID}.dcm"


def test_what_has_no_place_in_an_archive_is_refused_in_a_sentence(film, tmp_path):
    other = {"lung": np.zeros((10, 12), bool)}
    with pytest.raises(DataError, match=r"Film abc is not stored as .* 12 × 10 pixels .* --masks"):
        write_segmentation(film, "abc", other, RECORD, tmp_path / "segments")
    nowhere = write_film(tmp_path / "nowhere.dcm", np.zeros((12, 10)), StudyInstanceUID="")
    with pytest.raises(DataError, match="Film abc says no study, series and instance"):
        write_segmentation(nowhere, "abc", MASKS, RECORD, tmp_path / "segments")
    assert not (tmp_path / "segments").exists()
