"""What many tests need and one of them makes: networks trained on the drawn squares, kept for the whole test run.

The workers of pytest-xdist share a folder, which `conftest` makes and removes. Who asks first makes the file under
a lock, the others wait for it and read it.
"""

import fcntl
import functools
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from drawn import drawn_settings, drawn_splits, small_network
from radlib.formats.keras import load_model, save_model
from radlib.training.recipe import recipe_from
from radlib.training.training import fit

FOLDER = "TESTS_MADE_ONCE"  # the variable that tells the workers where


def made_once(name: str, make: Callable[[Path], None]) -> bytes:
    """Return the content of a file that `make` writes when no worker of this test run has asked for it before.

    Args:
        name: Of the file.
        make: Is given the path to write to.
    """
    folder = Path(os.environ[FOLDER])
    with (folder / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        path = folder / name
        if not path.exists():
            begun = folder / f"begun-{name}"
            make(begun)
            begun.rename(path)
    return path.read_bytes()


@functools.cache
def _trained(pointwise: int, dropout: float, films: int) -> bytes:
    def make(path: Path) -> None:
        model = small_network(dropout, filters=(8, 16, 32), pointwise=pointwise)
        with tempfile.TemporaryDirectory() as folder:
            recipe = recipe_from(drawn_settings(epochs=6))
            fit(model, drawn_splits(training=films), recipe, seed=0, folder=Path(folder) / "trained")
        save_model(model, path)

    return made_once(f"{pointwise}-{dropout}-{films}.keras", make)


def trained_network(folder: Path, *, pointwise: int = 24, dropout: float = 0.0, films: int = 288):
    """Return `drawn.small_network` after six epochs on `drawn_splits(training=films)`, which reads them all.

    Args:
        folder: Where the file is laid to be opened.
        pointwise: Filters of the convolution named mix.
        dropout: Rate before the head.
        films: For training.
    """
    path = folder / "trained.keras"
    path.write_bytes(_trained(pointwise, dropout, films))
    return load_model(path)
