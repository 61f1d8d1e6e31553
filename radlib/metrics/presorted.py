"""The AUROC of a thousand draws of patients at once: sort once, then only add integers.

The order of the films does not change from draw to draw, only how often each counts. So the films are sorted by
score once. Between two neighbouring scores of films with the finding, only the number of films without it matters:
a sparse matrix adds those up for all draws side by side, and the AUROC follows from a cumulative sum. Every sum is
one of whole numbers, so the result equals repeating the films, and the narrowest integers that hold them are used:
the work is bound by memory, and two bytes are read faster than four.
"""

import os
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from radlib.foundation.errors import UsageError
from radlib.metrics.discrimination import arrays

BLOCK = 250  # draws side by side: the films of a block fit into a processor's cache
LARGEST_SUM = 2**31  # of a draw's counts: products of two such sums fit into 64 bits


def auroc_draws(y_true: ArrayLike, y_score: ArrayLike, counts: np.ndarray) -> np.ndarray:
    """Return the AUROC of every draw; NaN where a draw has only one answer.

    Args:
        y_true: Labels, 1 or 0, (n,).
        y_score: Scores, (n,).
        counts: How often each film counts, integers (draws, n), see `bootstrap.patient_draws`.

    Returns:
        float64 (draws,), each equal to `auroc(y_true, y_score, weights=counts[draw])`.

    Example:
        >>> auroc_draws([0, 1, 1], [0.2, 0.2, 0.9], np.array([[1, 1, 1], [2, 2, 0]])).tolist()
        [0.75, 0.5]
    """
    y_true, y_score, _ = arrays(y_true, y_score)
    blocks = _blocks(np.asarray(counts))
    return _all_draws(y_true, y_score, np.arange(len(y_true)), blocks)


def auroc_draws_of_all(
    y_true: ArrayLike, y_prob: ArrayLike, counts: np.ndarray, *, threads: int | None = None
) -> np.ndarray:
    """Return the AUROC of every draw for every variant and label, with several processors at work.

    Args:
        y_true: Labels, 1, 0 or NaN for unknown, (n, labels); films whose label is unknown are left out of it.
        y_prob: Scores of all variants for the same films, (variants, n, labels).
        counts: How often each film counts, integers (draws, n), see `bootstrap.patient_draws`.
        threads: How many work side by side; None for one per processor.

    Returns:
        float64 (variants, labels, draws), each equal to `auroc_draws` of that variant and label; NaN where a draw
        has only one answer.

    Raises:
        UsageError: When shapes do not fit, or a score is not a number.

    Example:
        >>> truth, scores = [[0], [1], [1]], [[[0.2], [0.2], [0.9]], [[0.5], [0.1], [0.2]]]
        >>> auroc_draws_of_all(truth, scores, np.ones((1, 3), int)).ravel().tolist()
        [0.75, 0.0]
    """
    y_true, y_prob, counts = np.asarray(y_true, dtype=np.float64), np.asarray(y_prob), np.asarray(counts)
    if y_prob.ndim != 3 or y_true.shape != y_prob.shape[1:] or counts.shape[1:] != y_true.shape[:1]:
        raise UsageError(
            f"Labels {y_true.shape}, scores {y_prob.shape} and counts {counts.shape} do not fit; they are (n, labels), "
            "(variants, n, labels) and (draws, n)."
        )
    known = [np.flatnonzero(~np.isnan(column)) for column in y_true.T]
    blocks = _blocks(counts)

    def draws_of(task: tuple[int, int]) -> np.ndarray:
        variant, label = task
        films = known[label]
        truth, score, _ = arrays(y_true[films, label], y_prob[variant, films, label])
        return _all_draws(truth, score, films, blocks)

    tasks = [(variant, label) for variant in range(y_prob.shape[0]) for label in range(y_prob.shape[2])]
    with ThreadPoolExecutor(
        threads or _processors()
    ) as pool:  # numpy and scipy let go of the interpreter's lock
        found = list(pool.map(draws_of, tasks))
    return np.array(found, dtype=np.float64).reshape(y_prob.shape[0], y_prob.shape[2], len(counts))


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _blocks(counts: np.ndarray) -> list[np.ndarray]:
    """Return the counts with draws side by side, (n, draws of the block) each, as the narrowest integers."""
    largest = int(counts.sum(axis=1, dtype=np.int64).max(initial=0))
    if largest > LARGEST_SUM:
        raise UsageError(f"A draw counts {largest:,} films, more than can be added up; give smaller counts.")
    kind = np.uint16 if largest <= np.iinfo(np.uint16).max else np.uint32
    return [
        np.ascontiguousarray(counts[start : start + BLOCK].T, dtype=kind)
        for start in range(0, len(counts), BLOCK)
    ]


def _all_draws(y_true: np.ndarray, y_score: np.ndarray, films: np.ndarray, blocks: list) -> np.ndarray:
    """Return the AUROC of all draws; `films` are the rows of the blocks that labels and scores belong to."""
    if not blocks:
        return np.empty(0)
    if y_true.all() or not y_true.any():
        return np.full(sum(block.shape[1] for block in blocks), np.nan)
    sums = _presort(y_true, y_score, films, len(blocks[0]), blocks[0].dtype)
    return np.concatenate([_block_draws(*sums, block) for block in blocks])


def _presort(
    y_true: np.ndarray, y_score: np.ndarray, films: np.ndarray, rows: int, kind: np.dtype
) -> tuple[Any, Any]:
    """Return two sparse matrices that sum up films: those without the finding by bin, those with it by step.

    A step is a distinct score of films with the finding. Bin 2k lies between steps k − 1 and k, bin 2k + 1 is
    equal to step k.
    """
    order = np.argsort(y_score, kind="stable")
    sorted_score, positive = y_score[order], y_true[order]
    group = np.concatenate([[0], np.cumsum(sorted_score[1:] != sorted_score[:-1])])
    is_step = np.bincount(group, positive) > 0
    step_of: np.ndarray = np.cumsum(is_step) - is_step  # steps strictly below each group
    bin_of = 2 * step_of + is_step
    steps = int(is_step.sum())
    return (
        _summing(bin_of[group[~positive]], films[order[~positive]], (2 * steps + 1, rows), kind),
        _summing(step_of[group[positive]], films[order[positive]], (steps, rows), kind),
    )


def _summing(row_of: np.ndarray, columns: np.ndarray, shape: tuple[int, int], kind: np.dtype) -> Any:
    """Return a sparse matrix of ones, row `row_of[i]` and column `columns[i]`; rows come in ascending order."""
    from scipy import sparse

    starts = np.concatenate([[0], np.cumsum(np.bincount(row_of, minlength=shape[0]))])
    return sparse.csr_array((np.ones(len(columns), kind), columns, starts), shape)


def _block_draws(sum_negatives: Any, sum_positives: Any, block: np.ndarray) -> np.ndarray:
    """Return the AUROC of a block's draws; no product exceeds half of what the wider integers hold."""
    bins = sum_negatives @ block  # (2 steps + 1, draws)
    wide = np.uint32 if block.dtype == np.uint16 else np.uint64
    between, equal = bins[:-1:2].astype(wide), bins[1::2]  # (steps, draws)
    between[1:] += equal[:-1]
    twice_below: Any = np.cumsum(
        between, axis=0, dtype=wide
    )  # films without the finding below each step, ties half
    twice_below *= 2
    twice_below += equal
    above = sum_positives @ block  # (steps, draws)
    twice_wins = (above * twice_below).sum(axis=0, dtype=np.int64)
    pairs = above.sum(axis=0, dtype=np.int64) * bins.sum(axis=0, dtype=np.int64)
    return np.divide(twice_wins, 2 * pairs, out=np.full(len(pairs), np.nan), where=pairs > 0)
