"""A report as a DICOM file: of class Comprehensive SR, in the study and of the patient of its film, under new UIDs.

A report's UID follows from the film, the model file and all that is said, so that who is stopped between writing and noting it writes the
very report again, and no archive keeps two. Study and patient are taken over from the film's header, and go nowhere but into the report: not into its name, a message
or a log. A film that says no study has no place in an archive to keep a report at, so it gets none.

References:
    DICOM PS3.3, A.35.3 Comprehensive SR IOD.
"""

import copy
import datetime
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydicom import dcmwrite
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.errors import InvalidDicomError
from pydicom.sequence import Sequence as Items
from pydicom.uid import ComprehensiveSRStorage, ExplicitVRLittleEndian

import radlib
from radlib.deployment.described_variants import folder_of, read_described
from radlib.deployment.dicom_reports.concepts import OWN_SCHEME, OWN_SCHEME_NAME
from radlib.deployment.dicom_reports.content import Algorithm, Finding, derived_uid, report_content
from radlib.deployment.export_state import sentences
from radlib.deployment.export_texts import NOTICE
from radlib.foundation.errors import DataError
from radlib.foundation.storage import atomic_path
from radlib.imaging.dicom.files import open_header, silence
from radlib.imaging.film_reasons import REASONS
from radlib.runs.tasks import Task, task_of
from radlib.runs.variants import variant_key

PATIENT = ("PatientName", "PatientID", "IssuerOfPatientID", "PatientBirthDate", "PatientSex")
STUDY = (
    "StudyInstanceUID", "StudyDate", "StudyTime", "ReferringPhysicianName", "StudyID", "AccessionNumber",
)  # fmt: skip
OPTIONAL = ("IssuerOfPatientID",)  # all others are there, if need be empty
NEEDED = ("StudyInstanceUID", "SeriesInstanceUID", "SOPClassUID", "SOPInstanceUID")
NO_STUDY = "says no study, series and instance, so nothing can be kept with it"


def write_report(
    film: Path, row: Mapping[str, Any], task: Task, record: Mapping[str, Any], folder: Path
) -> Path | None:
    """Write what a network answers to a film as a Structured Report.

    Args:
        film: The file that the network was asked about.
        row: What `Decider.row` gives for it.
        task: What the network was asked.
        record: What variant.json holds.
        folder: Where the report goes; it is named by its UID.

    Returns:
        Its path, written whole or not at all; None where the film could not be read, of which nothing can be said.

    Raises:
        DataError: When the film is no DICOM file, or does not say where it belongs.
    """
    if row["reason"] in REASONS:
        return None
    report = report_of(film_header(film, row["image_id"]), row, task, record)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{report.SOPInstanceUID}.dcm"
    with atomic_path(path) as partial:
        dcmwrite(partial, report, enforce_file_format=True)
    return path


def report_of(film: Dataset, row: Mapping[str, Any], task: Task, record: Mapping[str, Any]) -> Dataset:
    """Return the report of a film as a dataset that can be written.

    Args:
        film: Header of the film.
        row: What `Decider.row` gives for it.
        task: What the network was asked.
        record: What variant.json holds.
    """
    findings = [_finding(row, task, label) for label in task.labels]
    algorithm = Algorithm(record["name"], f"radlib {radlib.__version__}", record["sha256"], _card(record))
    comments = list(_comments(row, record))
    seed = str(film.SOPInstanceUID), *(repr(each) for each in (algorithm, findings, comments))
    report = report_content(film, findings, algorithm, comments)
    _add_origin(report, film)
    _add_document(report, algorithm, seed, datetime.datetime.now())
    return report


def film_header(path: Path, image_id: str) -> Dataset:
    """Return the header of a film that says where it belongs; messages name its id alone.

    Raises:
        DataError: When the film is no DICOM film, or says no study, series and instance.
    """
    try:
        film = open_header(path)
    except InvalidDicomError as error:
        raise DataError(
            f"Film {image_id} is no DICOM film, so it has no study to keep anything in."
        ) from error
    if any(not film.get(name) for name in NEEDED):
        raise DataError(f"Film {image_id} {NO_STUDY}.")
    return film


def _finding(row: Mapping[str, Any], task: Task, label: str) -> Finding:
    decision = row["class_decision"] if task.exclusive else row[f"{label}_decision"]
    threshold = math.nan if task.exclusive else float(row[f"{label}_threshold"])
    present = decision == label if decision else None
    return Finding(label, float(row[f"{label}_probability"]), threshold, present)


def _comments(row: Mapping[str, Any], record: Mapping[str, Any]) -> Iterator[str]:
    """Yield what a reader must know beside the findings."""
    yield record.get("notice", NOTICE)
    if "state" in record:
        yield from sentences(dict(record))
    if row["reason"]:
        yield f"What is missing, and why: {row['reason']}."
    if row.get("warning"):
        yield f"Unlike the films that the network was trained on: {row['warning']}."


def _card(record: Mapping[str, Any]) -> str:
    """Return where what is known of a variant can be read: beside the model file, and in its run."""
    key = variant_key(record["name"])
    digest = record.get("hashes", {}).get("README.txt")
    beside = f"README.txt beside the model (SHA-256 {digest}), " if digest else ""
    return f"{beside}cards/{key}.md in the run of study {record.get('study', '')!r}"


def _add_origin(report: Dataset, film: Dataset) -> None:
    """Take over patient and study, in the film's own characters, and name the film as the evidence."""
    with silence():
        if "SpecificCharacterSet" in film:
            report.SpecificCharacterSet = film.SpecificCharacterSet
        for name in (*PATIENT, *STUDY):
            if name in film:
                report[name] = copy.deepcopy(film[name])
            elif name not in OPTIONAL:
                setattr(report, name, "")
    instance = Dataset()
    instance.ReferencedSOPClassUID = film.SOPClassUID
    instance.ReferencedSOPInstanceUID = film.SOPInstanceUID
    series = Dataset()
    series.SeriesInstanceUID = film.SeriesInstanceUID
    series.ReferencedSOPSequence = Items([instance])
    study = Dataset()
    study.StudyInstanceUID = film.StudyInstanceUID
    study.ReferencedSeriesSequence = Items([series])
    report.CurrentRequestedProcedureEvidenceSequence = Items([study])


def _add_document(
    report: Dataset, algorithm: Algorithm, seed: tuple[str, ...], now: datetime.datetime
) -> None:
    """Add series, equipment and what a document says of itself."""
    report.SOPClassUID, report.SOPInstanceUID = ComprehensiveSRStorage, derived_uid("report", *seed)
    report.Modality, report.SeriesInstanceUID = "SR", derived_uid("series", *seed)
    report.SeriesNumber, report.InstanceNumber = 1, 1
    report.SeriesDescription = "radlib: research only"
    report.ReferencedPerformedProcedureStepSequence = Items([])
    report.PerformedProcedureCodeSequence = Items([])
    report.Manufacturer, report.SoftwareVersions = "radlib", algorithm.version
    report.ManufacturerModelName = algorithm.name
    report.CompletionFlag, report.VerificationFlag = "COMPLETE", "UNVERIFIED"
    for name in ("Series", "Content", "InstanceCreation"):
        setattr(report, f"{name}Date", now.strftime("%Y%m%d"))
        setattr(report, f"{name}Time", now.strftime("%H%M%S"))
    scheme = Dataset()
    scheme.CodingSchemeDesignator, scheme.CodingSchemeName = OWN_SCHEME, OWN_SCHEME_NAME
    report.CodingSchemeIdentificationSequence = Items([scheme])
    report.file_meta = FileMetaDataset()
    report.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian


def report_writer(
    bundle: Path, films: Sequence[Path], folder: Path, say: Callable[[str], None]
) -> Callable[[Mapping[str, Any]], None]:
    """Return what writes the report of each row as it is answered.

    Args:
        bundle: Folder of the variant.
        films: What the rows are of: a film, a folder, or several of both.
        folder: Where reports go.
        say: Is told of a film that can have none.
    """
    variant, record = read_described(folder_of(bundle))
    task, (first, *others) = task_of(variant), films
    root = Path() if others else first.parent if first.is_file() else first

    def write(row: Mapping[str, Any]) -> None:
        try:
            write_report(root / row["file"], row, task, record, folder)
        except DataError as error:
            say(str(error))

    return write
