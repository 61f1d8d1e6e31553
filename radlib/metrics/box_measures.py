"""How well does a network mark a film? RSNA's measure, film by film, and what it is made of.

The RSNA challenge of 2018 asks at eight shares of overlap, 0.40 to 0.75 by 0.05, and takes of each film the mean of

    TP / (TP + FP + FN)

of hits, false boxes and boxes missed. A film with no box by hand and any by the network has 0; one with none of either is left out, so
that whoever marks nothing on healthy films gets nothing for it, and which films count depends on the network. That is `rsna_score`.

Two networks can only be compared on the same films, and a healthy film that stays unmarked is read rightly. So every choice and verdict
rests on the **box score**: the same, but a film with none of either has 1, as two empty outlines have (`mask_overlap`).

References:
    Shih et al. (2019). Augmenting the NIH chest radiograph dataset with expert annotations of possible pneumonia. Radiology: AI 1(1).
    RSNA Pneumonia Detection Challenge (2018), kaggle.com/c/rsna-pneumonia-detection-challenge, "Evaluation".
"""

import numpy as np
from numpy.typing import ArrayLike

from radlib.foundation.extras import pandas as pd
from radlib.metrics.box_hits import hits
from radlib.metrics.film_values import film_summary

RSNA_OVERLAPS = tuple(round(0.4 + 0.05 * step, 2) for step in range(8))
FOUND_OVERLAP = RSNA_OVERLAPS[0]  # from which an opacity counts as found, where one share has to do
BOX_SHARES = ("box_score", "rsna_score", "boxes_found")


def box_table(found: ArrayLike, marked: ArrayLike, least: float) -> "pd.DataFrame":
    """Return what is measured of each film's boxes.

    Args:
        found: Score, left, top, width, height of the network's boxes by falling score, (n, found, 5); rows of NaN are none.
        marked: Left, top, width, height of those by hand, (n, marked, 4).
        least: Score from which a box is drawn.

    Returns:
        One row per film: `box_score`, `rsna_score` (NaN where neither marks anything), `boxes_found` (share of those by hand that are
        hit at `FOUND_OVERLAP`; NaN where there is none), `false_boxes` (how many hit none there), and `boxes` (by hand).

    Example:
        >>> found = [[[0.9, 0, 0, 10, 10], [0.5, 30, 30, 5, 5]], [[0.1, 0, 0, 9, 9], [np.nan] * 5]]
        >>> table = box_table(found, [[[0, 0, 10, 10]], [[np.nan] * 4]], least=0.3)
        >>> table["box_score"].tolist(), table["rsna_score"].tolist(), table["false_boxes"].tolist()
        ([0.5, 1.0], [0.5, nan], [1.0, 0.0])
    """
    found, marked = np.asarray(found, np.float64), np.asarray(marked, np.float64)
    drawn = (found[..., 0] >= least)[:, None]  # NaN is below everything
    right = hits(found, marked, RSNA_OVERLAPS) & drawn
    there = (~np.isnan(marked[..., 0])).sum(axis=1)
    hit = right.sum(axis=2)  # (n, overlaps)
    either = drawn.sum(axis=2) + there[:, None] - hit  # TP + FP + FN
    scores = np.divide(hit, either, out=np.ones(hit.shape), where=either > 0).mean(axis=1)
    return pd.DataFrame(
        {
            "box_score": scores,
            "rsna_score": np.where(either[:, 0] > 0, scores, np.nan),
            "boxes_found": np.divide(hit[:, 0], there, out=np.full(len(hit), np.nan), where=there > 0),
            "false_boxes": (drawn.sum(axis=2)[:, 0] - hit[:, 0]).astype(float),
            "boxes": there.astype(float),
        },
        index=pd.RangeIndex(len(found), name="film"),
    )


def box_scores(found: ArrayLike, marked: ArrayLike, least: float) -> np.ndarray:
    """Return the box score of each film, float64 (n,); arguments as of `box_table`."""
    return box_table(found, marked, least)["box_score"].to_numpy()


def box_summary(table: "pd.DataFrame", patient_ids: ArrayLike) -> "pd.DataFrame":
    """Return the mean of each measure over films, with its 95 % interval over patients.

    Args:
        table: See `box_table`.
        patient_ids: Whose film it is, (n,).

    Returns:
        One row per measure but `boxes`: `mean`, `mean_low`, `mean_high`. `rsna_score` is the mean over the films that count.
    """
    rows = {
        measure: film_summary(table[measure].to_numpy(), patient_ids, measure in BOX_SHARES)
        for measure in (*BOX_SHARES, "false_boxes")
    }
    return pd.DataFrame.from_dict(rows, orient="index")[["mean", "mean_low", "mean_high"]]
