"""Codes by which a report says what it says: DICOM's own, SNOMED CT's and UCUM's, and for labels without one our own.

References:
    DICOM PS3.16, Content Mapping Resource.
"""

from pydicom.dataset import Dataset
from pydicom.sr.codedict import codes
from pydicom.sr.coding import Code

OWN_SCHEME, OWN_SCHEME_NAME = "99RADLIB", "Labels of networks made with radlib"
LONGEST_CODE_VALUE, LONGEST_MEANING = 16, 64  # PS3.5, SH and LO

LANGUAGE = Code("en", "RFC5646", "English")
LABELS = {  # spellings of label names, in small letters and without what is no letter
    "atelectasis": Code("46621007", "SCT", "Atelectasis"),
    "cardiomegaly": codes.SCT.Cardiomegaly,
    "edema": codes.SCT.PulmonaryEdema,
    "effusion": codes.SCT.PleuralEffusion,
    "fibrosis": codes.SCT.Fibrosis,
    "lungopacity": codes.DCM.Opacity,
    "mass": codes.SCT.Mass,
    "nodule": codes.SCT.Nodule,
    "opacity": codes.DCM.Opacity,
    "pleuraleffusion": codes.SCT.PleuralEffusion,
    "pneumonia": Code("233604007", "SCT", "Pneumonia"),
    "pneumothorax": codes.SCT.Pneumothorax,
    "pulmonaryedema": codes.SCT.PulmonaryEdema,
}
MODALITIES = {
    "CR": Code("CR", "DCM", "Computed Radiography"),
    "DX": Code("DX", "DCM", "Digital Radiography"),
}


def label_code(label: str) -> Code:
    """Return the code of a label: a standard one where there is one that means the same, else our own.

    Example:
        >>> label_code("Pleural_Effusion").scheme_designator, label_code("no_opacity").scheme_designator
        ('SCT', '99RADLIB')
    """
    letters = "".join(letter for letter in label.lower() if letter.isalpha())
    return LABELS.get(letters, Code(label, OWN_SCHEME, label.replace("_", " ")[:LONGEST_MEANING]))


def coded(code: Code) -> Dataset:
    """Return a code as an item of a sequence."""
    item = Dataset()
    if len(code.value) > LONGEST_CODE_VALUE:
        item.LongCodeValue = code.value
    else:
        item.CodeValue = code.value
    item.CodingSchemeDesignator = code.scheme_designator
    item.CodeMeaning = code.meaning
    return item
