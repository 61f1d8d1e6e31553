"""A folder of drawn films that is whole or not there, whatever ends the drawing and however many draw at once."""

import contextlib
import errno
import os
from collections.abc import Iterator
from pathlib import Path

from radlib.foundation import storage
from radlib.foundation.places import discard


@contextlib.contextmanager
def whole_folder(folder: Path) -> Iterator[Path]:
    """Yield a folder to draw into, which becomes `folder` when all is drawn.

    Args:
        folder: Must be missing or empty. Where another start was faster, and drew the same, its folder stays.
    """
    # of this process alone, as two starts may draw the same at once
    building = folder.with_name(f".building.{folder.name}.{os.getpid()}")
    discard(building, building.parent)
    with storage.disk_errors(folder):
        building.mkdir(parents=True)
        yield building
        try:
            building.replace(folder)  # of an empty folder, never of one that holds anything
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                raise
            discard(building, building.parent)
