"""How much a weights file may hold, and the conversion to float32 that all layouts share.

The largest network of the series has 0.6 GB of float32; what claims much more is no checkpoint of it. Limits are held
against what a file *claims*, before memory is taken.
"""

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from radlib.foundation.errors import UsageError

LARGEST_BYTES = 4_000_000_000  # of all tensors together, as stored
MOST_TENSORS = 20_000
MOST_AXES = 8
LONGEST_NAME = 500

# PyTorch's and safetensors' types by NumPy's names; bfloat16, which NumPy lacks, is the upper half of a float32
NUMPY_TYPES = {
    "float32": "<f4", "float64": "<f8", "float16": "<f2", "bfloat16": "<u2", "int64": "<i8", "int32": "<i4",
    "int16": "<i2", "int8": "|i1", "uint8": "|u1", "bool": "|b1",
}  # fmt: skip


def item_bytes(kind: str) -> int:
    """Return the bytes of one value of a type in `NUMPY_TYPES`."""
    return np.dtype(NUMPY_TYPES[kind]).itemsize


def plain_float32(stored: np.ndarray, kind: str) -> np.ndarray:
    """Return stored values as float32 where they are fractions, else as they are.

    Args:
        stored: Values as they lie in the file; those of bfloat16 as whole numbers of 16 bits.
        kind: Their type, a key of `NUMPY_TYPES`.
    """
    if kind == "bfloat16":
        return (stored.astype(np.uint32) << 16).view(np.float32)
    if kind.startswith("float"):
        with np.errstate(
            over="ignore"
        ):  # what float32 cannot hold becomes infinite, and is refused by its name later
            return stored.astype(np.float32)
    return np.array(stored)


def check_amount(path: Path, sizes_bytes: Iterable[int]) -> None:
    """Refuse a file whose tensors, as stored, are too many or too large.

    Raises:
        UsageError: Naming the limit.
    """
    sizes = list(sizes_bytes)
    if len(sizes) > MOST_TENSORS or sum(sizes) > LARGEST_BYTES:
        raise UsageError(
            f"{path.name} claims {len(sizes):,} tensors of {sum(sizes) / 1e9:.1f} GB together, more than the "
            f"{MOST_TENSORS:,} and {LARGEST_BYTES / 1e9:.0f} GB that are read; save the network's state dict alone."
        )


def damaged(path: Path) -> UsageError:
    """Return the sentence on a file that is not what it says it is."""
    return UsageError(f"{path.name} is damaged or incomplete; fetch or save it again.")


def clipped(name: object) -> str:
    """Return a name from a file as text that is safe and short enough for a sentence."""
    text = str(name)
    return repr(text if len(text) <= 80 else f"{text[:77]}...")
