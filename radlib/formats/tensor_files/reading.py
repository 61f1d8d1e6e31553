"""Weight files of other frameworks, read as plain arrays: by content, with limits, and without running anything.

PyTorch need not be installed. Five layouts are known, told apart by their first bytes and never by the file's ending:
both of `torch.save` (a zip since release 1.6, one stream of pickles before; see `pytorch`), safetensors, NumPy's `.npz`,
and HDF5 (which `architectures.weights` reads). Of a training checkpoint only the state dict is read; epoch, optimizer
and scores are passed over.
"""

from pathlib import Path

import numpy as np

from radlib.formats.tensor_files.contents import OTHERS, content_of, zip_content
from radlib.formats.tensor_files.limits import damaged
from radlib.formats.tensor_files.numpy_archives import read_numpy_archive
from radlib.formats.tensor_files.pytorch import read_stream, read_zip, zip_member_names
from radlib.formats.tensor_files.safetensors import read_safetensors
from radlib.foundation.errors import RadlibError, SetupError, UsageError

__all__ = ["kind_of", "read_tensors"]

READERS = {
    "pytorch zip": read_zip,
    "pytorch stream": read_stream,
    "safetensors": read_safetensors,
    "npz": read_numpy_archive,
}
KNOWN = "a PyTorch state dict (.pth), .safetensors, .npz, or Keras weights (.h5)"
REFUSALS = {
    "empty": f"is empty; what can be read is {KNOWN}",
    "a tar archive": (
        "is a tar archive (of a PyTorch before 0.1.10, or packed by hand): unpack it, or save the state dict anew; what can be "
        f"read is {KNOWN}"
    ),
    "pickle": (
        f"is a pickle that PyTorch's save did not write, and would run code when opened; what can be read is {KNOWN}"
    ),
    "litert": f"is a LiteRT network, which has no named weights; what can be read is {KNOWN}",
    "keras": "is a whole Keras model; save its weights alone with save_weights",
    "torchscript": (
        "is a TorchScript program, which would run when it is opened; save the weights alone with "
        "torch.save(model.state_dict(), ...)"
    ),
}


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
    kind = content_of(path)
    if kind == "zip":
        kind = zip_content(zip_member_names(path))
        what = "is a zip of other things than weights"
    else:
        what = f"is {kind}" if kind in OTHERS.values() else "is no weights file"
    if kind in READERS or kind == "hdf5":
        return kind
    raise UsageError(f"{path.name} {REFUSALS.get(kind, f'{what}; what can be read is {KNOWN}')}.")
