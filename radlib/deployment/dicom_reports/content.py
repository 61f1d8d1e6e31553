"""The tree of a report: a measurement report of template 1500, on which IHE's profile AI Results is built, too.

Why not the report of Chest CAD (template 4100)? It is for detectors, which mark places on a film and list what they detected
and analysed. A classifier marks none; it gives a probability for a film as a whole. Template 1500 holds measurements of an
image, coded evaluations, the algorithm and the image they come from.

    Imaging Measurement Report (1500)
      language, observer (the device: radlib and the model), procedure
      Image Library: the film
      Imaging Measurements
        Measurement Group (1501), one a finding
          Tracking Identifier, Finding, algorithm (4019: name, version, and as parameters digest, threshold, card)
          Probability and Threshold Value (300), each inferred from the film; Presence of property
      Comment: the notice, what is wrong with the variant, a warning

References:
    DICOM PS3.16, TID 1500, 1501, 300, 1001, 1204, 1600, 4019.
"""

import hashlib
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as Items
from pydicom.sr.codedict import codes
from pydicom.sr.coding import Code
from pydicom.uid import UID

from radlib.deployment.dicom_reports.concepts import LANGUAGE, MODALITIES, coded, label_code

DCM = codes.DCM


@dataclass(frozen=True)
class Finding:
    """What is said of one label.

    Attributes:
        label: Its name.
        probability: In [0, 1]; NaN for none.
        threshold: At or above it counts as present; NaN for none.
        present: What was decided; None for no decision.
    """

    label: str
    probability: float
    threshold: float
    present: bool | None


@dataclass(frozen=True)
class Algorithm:
    """Who says it.

    Attributes:
        name: Of the variant.
        version: Of radlib.
        sha256: Digest of the model file.
        card: Where what is known of the variant can be read.
    """

    name: str
    version: str
    sha256: str
    card: str

    @property
    def uid(self) -> UID:
        """A UID that is the same for the same model file."""
        return derived_uid("model", self.sha256)


def derived_uid(*words: str) -> UID:
    """Return the UID that belongs to some words: always the same, and of no others."""
    digest = hashlib.sha256("\n".join(words).encode()).digest()
    return UID(f"2.25.{int.from_bytes(digest[:16], 'big')}")


def report_content(
    film: Dataset, findings: Sequence[Finding], algorithm: Algorithm, comments: Sequence[str]
) -> Dataset:
    """Return the tree of a report, its root.

    Args:
        film: Header of the film, with the UIDs of its class and instance.
        findings: What is said.
        algorithm: Who says it.
        comments: Sentences for the reader; the notice is among them.
    """
    root = _container(DCM.ImagingMeasurementReport)
    del root.RelationshipType  # the root is in none
    root.ContentTemplateSequence = Items([_template("1500")])
    groups = [_group(film, finding, algorithm) for finding in findings]
    root.ContentSequence = Items([
        _code("HAS CONCEPT MOD", DCM.LanguageOfContentItemAndDescendants, LANGUAGE),
        *_observer(algorithm),
        _code("HAS CONCEPT MOD", DCM.ProcedureReported, codes.SCT.ChestImaging),
        _library(film),
        _container(DCM.ImagingMeasurements, groups),
        *(_text("CONTAINS", DCM.Comment, comment) for comment in comments),
    ])  # fmt: skip
    return root


def _observer(algorithm: Algorithm) -> Iterator[Dataset]:
    """Yield who observed (1001, 1004): a device."""
    yield _code("HAS OBS CONTEXT", DCM.ObserverType, DCM.Device)
    yield _uid("HAS OBS CONTEXT", DCM.DeviceObserverUID, algorithm.uid)
    yield _text("HAS OBS CONTEXT", DCM.DeviceObserverName, algorithm.name)
    yield _text("HAS OBS CONTEXT", DCM.DeviceObserverManufacturer, "radlib")
    yield _text("HAS OBS CONTEXT", DCM.DeviceObserverModelName, algorithm.name)


def _library(film: Dataset) -> Dataset:
    """Return the films that the report speaks of (1600): one."""
    image = _image("CONTAINS", None, film)
    if (modality := MODALITIES.get(str(film.get("Modality", "")))) is not None:
        image.ContentSequence = Items([_code("HAS ACQ CONTEXT", DCM.Modality, modality)])
    return _container(DCM.ImageLibrary, [_container(DCM.ImageLibraryGroup, [image])])


def _group(film: Dataset, finding: Finding, algorithm: Algorithm) -> Dataset:
    """Return what is said of one label (1501)."""
    said = {True: DCM.Present, False: DCM.Absent, None: DCM.PresenceUndetermined}[finding.present]
    numbers = ((DCM.Probability, finding.probability), (DCM.ThresholdValue, finding.threshold))
    said_of = (algorithm.sha256, finding.label)
    parameters = [f"SHA-256 of the model file: {algorithm.sha256}", f"Model card: {algorithm.card}"]
    return _container(
        DCM.MeasurementGroup,
        [
            _text("HAS OBS CONTEXT", DCM.TrackingIdentifier, finding.label),
            _uid("HAS OBS CONTEXT", DCM.TrackingUniqueIdentifier, derived_uid(film.SOPInstanceUID, *said_of)),
            _code("CONTAINS", DCM.Finding, label_code(finding.label)),
            _text("HAS CONCEPT MOD", DCM.AlgorithmName, algorithm.name),
            _text("HAS CONCEPT MOD", DCM.AlgorithmVersion, algorithm.version),
            *(_text("HAS CONCEPT MOD", DCM.AlgorithmParameters, each) for each in parameters),
            *(_number(name, value, film) for name, value in numbers if math.isfinite(value)),
            _code("CONTAINS", DCM.PresenceOfProperty, said),
        ],
    )


def _number(name: Code, value: float, film: Dataset) -> Dataset:
    """Return a measurement without unit (300) that was taken of the film."""
    item = _item("CONTAINS", "NUM", name)
    measured = Dataset()
    measured.NumericValue = f"{value:.10g}"  # a decimal string has at most 16 characters
    measured.FloatingPointValue = value
    measured.MeasurementUnitsCodeSequence = Items([coded(codes.UCUM.NoUnits)])
    item.MeasuredValueSequence = Items([measured])
    item.ContentSequence = Items([_image("INFERRED FROM", DCM.SourceOfMeasurement, film)])
    return item


def _item(relationship: str, value_type: str, name: Code | None) -> Dataset:
    item = Dataset()
    item.RelationshipType = relationship
    item.ValueType = value_type
    if name is not None:
        item.ConceptNameCodeSequence = Items([coded(name)])
    return item


def _container(name: Code, content: Sequence[Dataset] = ()) -> Dataset:
    """Return a container with its content."""
    item = _item("CONTAINS", "CONTAINER", name)
    item.ContinuityOfContent = "SEPARATE"
    if content:
        item.ContentSequence = Items(content)
    return item


def _template(identifier: str) -> Dataset:
    item = Dataset()
    item.MappingResource = "DCMR"
    item.TemplateIdentifier = identifier
    return item


def _code(relationship: str, name: Code, value: Code) -> Dataset:
    item = _item(relationship, "CODE", name)
    item.ConceptCodeSequence = Items([coded(value)])
    return item


def _text(relationship: str, name: Code, value: str) -> Dataset:
    item = _item(relationship, "TEXT", name)
    item.TextValue = value
    return item


def _uid(relationship: str, name: Code, value: Any) -> Dataset:
    item = _item(relationship, "UIDREF", name)
    item.UID = value
    return item


def _image(relationship: str, name: Code | None, film: Dataset) -> Dataset:
    item = _item(relationship, "IMAGE", name)
    referenced = Dataset()
    referenced.ReferencedSOPClassUID = film.SOPClassUID
    referenced.ReferencedSOPInstanceUID = film.SOPInstanceUID
    item.ReferencedSOPSequence = Items([referenced])
    return item
