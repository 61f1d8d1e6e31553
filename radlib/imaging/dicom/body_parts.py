"""What part of the body a film shows, as its header says it, told without carrying free text along.

`BodyPartExamined` is meant to hold one of DICOM's terms, but people type into it. A term of the list is passed on; the
chest is recognised in several languages and inside of longer words (`PORT CHEST`, `CHEST_PA`); all else is OTHER.

References:
    DICOM PS3.16, annex L (correspondence of anatomic region codes and body part examined), and PS3.3 C.8.1.1.
"""

import unicodedata

CHEST, OTHER = "CHEST", "OTHER"
CHESTS = (
    "CHEST", "THORAX", "TORAX", "TORACE", "THORAKS", "LUNG", "BRUSTKORB", "POUMON", "PULMON", "POLMON", "BRYSTKASSE",
    "KLATKA PIERS", "胸", "ГРУДН",
)  # fmt: skip
SPELLED_OUT = ("THORACIC SPINE", "BWS")  # which are none
NOT_SAID = ("", "UNKNOWN", "NONE", "NA", "N/A", "NULL", "DEFAULT", "UNDEFINED", "UNSPECIFIED", "ANY")
TERMS = frozenset((  # of DICOM's list those that radiography can show
    "ABDOMEN", "ABDOMENPELVIS", "ACJOINT", "ANKLE", "ARM", "BACK", "BLADDER", "BREAST", "BUTTOCK", "CALCANEUS", "CALF",
    "CLAVICLE", "COCCYX", "CSPINE", "CTSPINE", "ELBOW", "EXTREMITY", "EYE", "FACE", "FEMUR", "FINGER", "FOOT", "FOREARM",
    "HAND", "HEAD", "HEADNECK", "HIP", "HUMERUS", "JAW", "KNEE", "LEG", "LSPINE", "LSSPINE", "MAXILLA", "MANDIBLE", "NECK",
    "ORBIT", "PATELLA", "PELVIS", "RADIUS", "RADIUSULNA", "RIB", "SACRUM", "SCAPULA", "SHOULDER", "SIJOINT", "SINUS",
    "SKULL", "SPINE", "SSPINE", "STERNUM", "THIGH", "THUMB", "TIBIAFIBULA", "TLSPINE", "TMJ", "TOE", "TSPINE", "ULNA",
    "UTERUS", "WHOLEBODY", "WRIST", "ZYGOMA",
))  # fmt: skip
PLURALS = {f"{term}S": term for term in ("RIB", "KNEE", "HAND", "FINGER", "TOE", "HIP", "SINUSE", "SHOULDER")}


def body_part(text: str) -> str:
    """Return CHEST, another term of DICOM's list, OTHER for what is in none, or nothing where nothing is said."""
    said = " ".join(unicodedata.normalize("NFC", text).upper().replace("_", " ").split())
    if said in NOT_SAID:
        return ""
    plain = "".join(c for c in unicodedata.normalize("NFD", said) if not unicodedata.combining(c))
    if plain not in SPELLED_OUT and any(name in plain for name in CHESTS):
        return CHEST
    joined = plain.replace(" ", "").replace("-", "")
    joined = PLURALS.get(joined, joined)
    return joined if joined in TERMS else OTHER
