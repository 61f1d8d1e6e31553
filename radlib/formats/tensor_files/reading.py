"""Weight files of other frameworks, read as plain arrays: by content, with limits, and without running anything.

PyTorch need not be installed. Five layouts are known, told apart by their first bytes and never by the file's ending:
both of `torch.save` (a zip since release 1.6, one stream of pickles before; see `pytorch`), safetensors, NumPy's `.npz`,
and HDF5 (which `architectures.weights` reads). Of a training checkpoint only the state dict is read; epoch, optimizer
and scores are passed over.
"""

from pathlib import Path

import numpy as np

from radlib.formats.tensor_files.limits import damaged
from radlib.formats.tensor_files.numpy_archives import read_numpy_archive
from radlib.formats.tensor_files.pytorch import STREAM_START, read_stream, read_zip, zip_member_names
from radlib.formats.tensor_files.safetensors import looks_like_safetensors, read_safetensors
from radlib.foundation.errors import RadlibError, SetupError, UsageError

__all__ = ["kind_of", "read_tensors"]

READERS = {
    "pytorch zip": read_zip,
    "pytorch stream": read_stream,
    "safetensors": read_safetensors,
    "npz": read_numpy_archive,
}
KNOWN = "a PyTorch state dict (.pth), .safetensors, .npz, or Keras weights (.h5)"


def read_tensors(path: Path | str) -> dict[str, np.ndarray]:
    """Return the tensors of a weights file by name, in the file's order.

    Args:
        path: A file of one of the layouts of `READERS`.

    Returns:
        Arrays of the file's shapes; float16, bfloat16 and float64 become float32, whole numbers and truth values stay
        what they are.

    Raises:
        UsageError: When the file is of no known layout, holds a whole program or anything but plain values, is damaged,
            or larger than `limits` allow.
        SetupError: When there is no such file.
    """
    path = Path(path)
    kind = kind_of(path)
    if kind not in READERS:
        raise UsageError(f"{path.name} is HDF5, which is read for a network; give it as its weights.")
    try:
        return READERS[kind](path)
    except RadlibError:
        raise
    except Exception:  # a table that was made up leads anywhere
        raise damaged(path) from None


def kind_of(path: Path | str) -> str:
    """Return which layout a file has: a key of `READERS`, or `hdf5`.

    Raises:
        UsageError: For any other content; the sentence says what it is where that can be told.
        SetupError: When there is no such file.
    """
    path = Path(path)
    if not path.is_file():
        raise SetupError(f"There is no weights file {path.name}; give its path.")
    with path.open("rb") as stream:
        head = stream.read(512)
    if head.startswith(b"\x89HDF\r\n\x1a\n"):
        return "hdf5"
    if head.startswith(b"PK\x03\x04"):
        return _kind_of_zip(path)
    if head.startswith(STREAM_START):
        return "pytorch stream"
    if looks_like_safetensors(head):
        return "safetensors"
    raise UsageError(f"{path.name} {_what_it_is(head)}; what can be read is {KNOWN}.")


def _kind_of_zip(path: Path) -> str:
    names = zip_member_names(path)
    if any(name.endswith("/constants.pkl") or "/code/" in name for name in names):
        raise UsageError(
            f"{path.name} is a TorchScript program, which would run when it is opened; save the weights alone with "
            "torch.save(model.state_dict(), ...)."
        )
    if any(name.endswith("/data.pkl") for name in names):
        return "pytorch zip"
    if "model.weights.h5" in names:
        raise UsageError(f"{path.name} is a whole Keras model; save its weights alone with save_weights.")
    if names and all(name.endswith(".npy") for name in names):
        return "npz"
    raise UsageError(f"{path.name} is a zip of other things than weights; what can be read is {KNOWN}.")


def _what_it_is(head: bytes) -> str:
    """Say of refused content what it seems to be."""
    if not head:
        return "is empty"
    if head[257:262] == b"ustar":
        return "is a tar archive (of a PyTorch before 0.1.10, or packed by hand): unpack it, or save the state dict anew"
    if head[:1] == b"\x80":
        return "is a pickle that PyTorch's save did not write, and would run code when opened"
    if head[4:8] == b"TFL3":
        return "is a LiteRT network, which has no named weights"
    return "is no weights file"
