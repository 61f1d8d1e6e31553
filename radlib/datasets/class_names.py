"""What people call the folders of parts and classes, and what their names become.

Names are compared without case, in one Unicode form and without blanks around them. What two names would make one label
of, what leaves nothing of a name, and what would take the place of another column, is refused.
"""

import re
import unicodedata
from collections.abc import Sequence

from radlib.foundation.errors import DataError

OFFICIAL_PARTS = {
    "train": "training", "training": "training", "val": "training", "valid": "training", "validation": "training",
    "dev": "training", "test": "test", "testing": "test",
}  # fmt: skip
ADDITION = re.compile(r"[\W_]*(set|data|split|images)$")  # of a part's name: train_set, TestData
NEGATIVE_NAMES = ("normal", "negative", "healthy", "no_finding", "benign", "no", "0")
RESERVED = frozenset((
    "image_id", "path", "patient_id", "split", "view", "age", "sex", "boxes", "class", "cause", "file", "number", "overlaps",
    "content", "exposure", "stored_height", "stored_width", "reason", "warning", "index",
))  # fmt: skip


def part_of(name: str) -> str:
    """Return the official part that a folder of this name holds, `training` or `test`; nothing where it is none."""
    words = plain(name)
    return OFFICIAL_PARTS.get(words) or OFFICIAL_PARTS.get(ADDITION.sub("", words), "")


def plain(name: str) -> str:
    """Return a folder's name as it is compared: without case, in one Unicode form, with single blanks inside."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def label_of(class_name: str) -> str:
    """Return a class folder's name as a column: lower case, with `_` for all that is no letter or digit."""
    return re.sub(r"\W+", "_", plain(class_name)).strip("_")


def checked_labels(classes: Sequence[str]) -> dict[str, str]:
    """Return the label of each class.

    Raises:
        DataError: When a label would be empty, that of another class, or the name of another column.
    """
    labels = {name: label_of(name) for name in classes}
    for name, label in labels.items():
        if not label:
            raise DataError(
                f"The class folder {name!r} has no letter or digit in its name; rename it, e.g. to positive or negative."
            )
        if label in RESERVED:
            raise DataError(
                f"A class folder cannot be called {name!r}: the table of films has a column of that name; rename the folder."
            )
        if twins := [other for other in classes if other != name and labels[other] == label]:
            raise DataError(
                f"The class folders {name!r} and {twins[0]!r} would both be called {label!r}; rename them so that letters or "
                f"digits tell them apart, e.g. {label}_positive and {label}_negative."
            )
    return labels
