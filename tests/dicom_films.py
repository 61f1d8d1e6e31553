"""DICOM films as tests write them: what every one says, and how it is saved."""

import pydicom
from pydicom.dataset import FileMetaDataset
from pydicom.uid import DigitalXRayImageStorageForPresentation


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
