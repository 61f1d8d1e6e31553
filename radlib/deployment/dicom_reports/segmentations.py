"""What a network outlines, as a DICOM Segmentation: a layer that a viewer lays over the film, in the film's own study.

A segment per label, a bit per pixel, as large as the film: the mask of `mask_pictures`, in the form that archives keep. highdicom (Bridge
et al., Highdicom: a Python library for standardized encoding of image annotations, J Digit Imaging 2022) builds it after the
standard. As with the reports beside it, UIDs follow from the film, the model file and what is outlined, so that an archive
never keeps the same outline twice; study and patient are taken over from the film's header and go nowhere else.

References:
    DICOM PS3.3, A.51 Segmentation IOD; PS3.16, CID 7150 and 7151.
"""

import copy
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from pydicom.dataset import Dataset
from pydicom.sr.codedict import codes
from pydicom.sr.coding import Code

import radlib
from radlib.deployment.described_variants import folder_of, read_described
from radlib.deployment.dicom_reports.concepts import label_code
from radlib.deployment.dicom_reports.content import derived_uid
from radlib.deployment.dicom_reports.documents import OPTIONAL, PATIENT, STUDY, film_header
from radlib.deployment.mask_pictures import masks_of
from radlib.evaluation.deciding import Answer
from radlib.foundation.errors import DataError
from radlib.foundation.extras import check_extra, told
from radlib.foundation.storage import atomic_path
from radlib.imaging.dicom.files import silence

ORGANS = {"heart": codes.SCT.Heart, "lung": codes.SCT.Lung, "lungs": codes.SCT.Lung}
LESIONS = {"lesion": Code("52988006", "SCT", "Lesion")}


def segmentation_writer(
    variant: Path, films: Path, folder: Path, say: Callable[[str], None]
) -> Callable[[Answer, np.ndarray], None]:
    """Return what writes the outlines of each film as a DICOM file, named by its UID.

    Args:
        variant: Folder of a variant, in a run or exported.
        films: The film or folder of films that it is asked about.
        folder: Where segmentations go; made.
        say: Is told of a film that can have none.

    Raises:
        UsageError: When the variant outlines nothing.
        MissingExtra: Without highdicom.
    """
    check_extra("outlines")
    masks = masks_of(variant, "--dicom-seg")
    _, record = read_described(folder_of(variant))
    root = films.parent if films.is_file() else films

    def write(answer: Answer, film: np.ndarray) -> None:
        found = masks(answer)
        try:
            if found:
                write_segmentation(root / answer.file, answer.image_id, found, record, folder)
        except DataError as error:
            say(str(error))

    return write


def write_segmentation(
    film: Path, image_id: str, masks: Mapping[str, np.ndarray], record: Mapping[str, Any], folder: Path
) -> Path:
    """Write what is outlined in a film, and return the path: written whole or not at all.

    Args:
        film: The file that the network was asked about.
        image_id: By which messages name it.
        masks: By label, bool (height, width) of the film as it is stored.
        record: What variant.json holds.
        folder: Where it goes.

    Raises:
        DataError: When the film is no DICOM film, does not say where it belongs, or is of another size.
    """
    header = film_header(film, image_id)
    height, width = next(iter(masks.values())).shape
    if (header.get("Rows"), header.get("Columns")) != (height, width) or header.get("NumberOfFrames", 1) != 1:
        raise DataError(
            f"Film {image_id} is not stored as the one picture of {width} × {height} pixels that was read, so its outline fits none; "
            "take the PNG of --masks."
        )
    made = segmentation_of(header, masks, record)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{made.SOPInstanceUID}.dcm"
    with atomic_path(path) as partial:
        made.save_as(partial, enforce_file_format=True)
    return path


@told()
def segmentation_of(film: Dataset, masks: Mapping[str, np.ndarray], record: Mapping[str, Any]) -> Any:
    """Return the segmentation of a film as a dataset that can be written.

    Args:
        film: Its header.
        masks: By label, bool (height, width).
        record: What variant.json holds.
    """
    from highdicom import AlgorithmIdentificationSequence
    from highdicom.seg import Segmentation, SegmentationTypeValues, SegmentDescription

    version = f"radlib {radlib.__version__}"
    algorithm = AlgorithmIdentificationSequence(record["name"], codes.DCM.ArtificialIntelligence, version)
    pixels = np.stack([masks[label] for label in masks], axis=-1)
    seed = (str(film.SOPInstanceUID), record["name"], record["sha256"], *masks, pixels.tobytes().hex())
    descriptions = [
        SegmentDescription(
            number, label, *meaning(label), algorithm_type="AUTOMATIC",
            algorithm_identification=algorithm, tracking_uid=derived_uid("outline", *seed, label), tracking_id=label,
        )
        for number, label in enumerate(masks, start=1)
    ]  # fmt: skip
    with silence():
        made = Segmentation(
            source_images=[_complete(film)],
            pixel_array=pixels[None].astype(np.uint8),
            segmentation_type=SegmentationTypeValues.BINARY,
            segment_descriptions=descriptions,
            series_instance_uid=derived_uid("segments", *seed),
            series_number=1,
            sop_instance_uid=derived_uid("segmentation", *seed),
            instance_number=1,
            manufacturer="radlib",
            manufacturer_model_name=record["name"],
            software_versions=version,
            device_serial_number=record["sha256"][:16],
            series_description="radlib: research only",
            content_label="OUTLINES",
            omit_empty_frames=False,  # that nothing is outlined is an answer, too
        )
    made.PatientOrientation = film.get("PatientOrientation", "")  # the film's rows and columns are its own
    return made


def meaning(label: str) -> tuple[Code, Code]:
    """Return what kind of thing a label stands for, and which.

    Example:
        >>> [code.meaning for code in meaning("lung")], [code.meaning for code in meaning("lesion")]
        (['Anatomical Structure', 'Lung'], ['Morphologically Abnormal Structure', 'Lesion'])
    """
    letters = "".join(letter for letter in label.lower() if letter.isalpha())
    if letters in ORGANS:
        return codes.SCT.AnatomicalStructure, ORGANS[letters]
    return codes.SCT.MorphologicallyAbnormalStructure, LESIONS.get(letters, label_code(label))


def _complete(film: Dataset) -> Dataset:
    """Return a header in which all that a segmentation takes over is there, if need be empty."""
    whole = copy.deepcopy(film)
    for name in (*PATIENT, *STUDY):
        if name not in whole and name not in OPTIONAL:
            setattr(whole, name, "")
    return whole
