"""DICOM films as tests write them: what every one says, and how it is saved."""

import numpy as np
import pydicom
from pydicom.dataset import FileMetaDataset
from pydicom.uid import DigitalXRayImageStorageForPresentation, ExplicitVRLittleEndian


def film_header(stored) -> pydicom.Dataset:
    """Return the beginning of a film with these stored values, (…, h, w)."""
    dataset = pydicom.Dataset()
    dataset.SOPClassUID, dataset.SOPInstanceUID = DigitalXRayImageStorageForPresentation, "2.25.1"
    dataset.Rows, dataset.Columns = stored.shape[-2:]
    return dataset


def save_film(dataset: pydicom.Dataset, path, pixels: bytes, syntax):
    """Save a film in a transfer syntax, and return its path."""
    dataset.PixelData = pixels
    dataset["PixelData"].VR = "OW"
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = syntax
    dataset.preamble = bytes(128)
    dataset.save_as(path, enforce_file_format=True)
    return path


def write_film(path, stored=None, **said):
    """Write a film of a patient, in a study, as an archive keeps it, and return its path."""
    stored = np.zeros((8, 8), np.uint16) if stored is None else np.asarray(stored, np.uint16)
    film = film_header(stored)
    film.StudyInstanceUID, film.SeriesInstanceUID, film.Modality = "2.25.11", "2.25.12", "DX"
    film.SpecificCharacterSet, film.PatientName, film.PatientID = "ISO_IR 100", "Grün^Änne", "P-1"
    film.StudyDate, film.StudyID, film.AccessionNumber = "20240102", "7", "A9"
    film.BitsAllocated, film.BitsStored, film.HighBit, film.PixelRepresentation = 16, 8, 7, 0
    film.SamplesPerPixel, film.PhotometricInterpretation = 1, "MONOCHROME2"
    for name, value in said.items():
        setattr(film, name, value)
    return save_film(film, path, stored.tobytes(), ExplicitVRLittleEndian)
