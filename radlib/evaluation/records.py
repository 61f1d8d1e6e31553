"""Which record belongs to which task, by the word that the task says (`record`): how it is made, kept and read again."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from radlib.evaluation import outlined
from radlib.evaluation.answers import Predictions
from radlib.evaluation.boxed import Boxed
from radlib.evaluation.outlined import Outlined
from radlib.foundation.record_files import RUN_AGAIN, damaged, read_arrays
from radlib.runs.tasks import task_of
from radlib.runs.variants import Variant

if TYPE_CHECKING:  # who reads answers opens no film
    from radlib.datasets.films import Films
    from radlib.runs.runs import Run

Record = Predictions | Outlined | Boxed
RECORDS: Mapping[str, type[Predictions] | type[Outlined] | type[Boxed]] = {
    "probabilities": Predictions,
    "masks": Outlined,
    "boxes": Boxed,
}
# What is kept beside the record: (run, variant, split, films, outputs).
BESIDE: Mapping[str, Callable[..., None]] = {"masks": outlined.keep_masks}


def made(
    run: "Run", variant: Variant, split: str, films: "Films", outputs: np.ndarray, fingerprint: str
) -> Record:  # fmt: skip
    """Return the record of what a variant answered, after what belongs beside it was written."""
    kind = task_of(variant).record
    if keep := BESIDE.get(kind):
        keep(run, variant, split, films, outputs)
    return RECORDS[kind].of(variant, films, outputs, fingerprint)


def predictions_in(path: Path, variant: Variant, *, digest: bool = True) -> Any:
    """Return the record of a file, of the kind that belongs to the variant's task; None when another model file made it.

    Args:
        path: The file.
        variant: Whose answers they are.
        digest: Whether the file must be the one that was written, where that was noted.

    Raises:
        DataError: When the file is damaged.
    """
    kind = RECORDS[task_of(variant).record]
    fields: dict[str, Any] = read_arrays(path, tuple(kind.__dataclass_fields__), digest=digest)
    for name in ("model_sha256", "fingerprint"):
        fields[name] = str(fields[name])
    if fields["model_sha256"] != variant.sha256:
        return None
    for name, shape in kind.shapes(variant, len(fields["image_id"].reshape(-1))).items():
        if fields[name].shape != shape or (fields[name].dtype.kind == "f") != (len(shape) > 1):
            raise damaged(path, f"{name} is of another size or type", RUN_AGAIN)
    return kind(**fields)
