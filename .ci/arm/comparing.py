"""The board's answers beside the desk's, variant by variant."""

from pathlib import Path
from typing import Any

import numpy as np

LARGEST_DIFFERENCE = 1e-6  # of a probability, where a sum of float32 may be taken in another order
LARGEST_STEP_DIFFERENCE = 1e-6  # of a grey level or a stored value; sums of float32 are among the steps
WEIGHTED = ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "TRANSPOSE_CONV")


def is_integer(path: Path) -> bool:
    """Tell whether all layers with weights of a LiteRT file compute in integers, whose sums have one result only."""
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    plain = OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    model = Interpreter(str(path), experimental_op_resolver_type=plain)
    model.allocate_tensors()
    kinds = {tensor["index"]: np.dtype(tensor["dtype"]).kind for tensor in model.get_tensor_details()}
    layers = [layer for layer in model._get_ops_details() if layer["op_name"] in WEIGHTED]
    return bool(layers) and all(kinds[layer["inputs"][0]] == "i" for layer in layers)


def compare(
    desk: dict[str, np.ndarray],
    board: dict[str, np.ndarray],
    name: str,
    integer: bool,
    softmax_step: float | None,
) -> dict[str, Any]:
    """Return what is to be said of one variant.

    Args:
        desk: What `answers` wrote on this machine.
        board: What it wrote on the board.
        name: Folder of the variant's bundle.
        integer: Whether its answers must be the very bits.
        softmax_step: One step of its softmax, whose answers may be that far away where what goes into it is the very bits; see
            `cutting`. None where there is none of integers.
    """
    here, there = desk[f"{name}/outputs"], board[f"{name}/outputs"]
    difference = float(np.abs(here.astype(np.float64) - there).max())
    identical = here.tobytes() == there.tobytes()
    told: dict[str, Any] = {
        "integer": integer,
        "films": len(here),
        "identical": identical,
        "largest_difference": difference,
        "other": int((here != there).any(axis=1).sum()),
        "correct": identical if integer else difference <= LARGEST_DIFFERENCE,
    }
    if integer and softmax_step is not None:
        sums = desk[f"{name}/sums"].tobytes() == board[f"{name}/sums"].tobytes()
        within = difference <= softmax_step * (1 + 1e-6)
        told |= {"identical_before_softmax": sums, "softmax_step": softmax_step, "correct": sums and within}
    if f"{name}/weights" in desk:
        same = np.array_equal(desk[f"{name}/weights"], board[f"{name}/weights"])
        told |= {"weights_identical": bool(same), "correct": told["correct"] and bool(same)}
    return told


def compare_films(board: dict[str, np.ndarray]) -> dict[str, Any]:
    """Return how the films of the vectors were prepared on the board, step by step.

    Integers, the grey levels that the network gets among them, must be the stored ones; the real numbers between come of
    another processor's exponentials and sums.
    """
    kinds, differences = board["films/kinds"], board["films/differences"]
    integers = np.array([np.dtype(str(kind)).kind in "iu" for kind in kinds])
    wrong = (integers & (differences > 0)) | (differences > LARGEST_STEP_DIFFERENCE)
    return {
        "steps": len(kinds),
        "identical": int((differences == 0).sum()),
        "largest_difference": float(differences.max()),
        "wrong": [str(name) for name in board["films/steps"][wrong]],
    }
