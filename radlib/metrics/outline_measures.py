"""All that is measured of outlines, in two tables: a row a film, and a row a measure with its intervals.

The films that fail have the lowest shares and the *highest* distances, so the second table gives of each measure the end at which
outlines fail: the 5th percentile of Dice and IoU, the 95th of distances and false patches.
"""

import numpy as np
from numpy.typing import ArrayLike

from radlib.foundation.extras import pandas as pd
from radlib.metrics.film_values import film_summary
from radlib.metrics.lesions import false_patches, lesion_table
from radlib.metrics.mask_overlap import dice, intersection_over_union
from radlib.metrics.surface_distance import average_surface_distance, hausdorff_95

SHARES = ("dice", "intersection_over_union", "lesions_found")
OUTLINE_DISTANCES = ("hausdorff_95", "average_surface_distance", "false_patches")
OUTLINE_MEASURES = (*SHARES, *OUTLINE_DISTANCES, "lesions")  # the columns of a film's row


def outline_table(truth: ArrayLike, drawn: ArrayLike, spacing: ArrayLike = 1.0) -> "pd.DataFrame":
    """Return what is measured of each film's outline.

    Args:
        truth: What was outlined by hand, 1 or 0, (n, rows, columns).
        drawn: What the network outlines, of the same shape.
        spacing: Of rows and of columns, in mm for example: one number, two, or two of each film (n, 2).

    Returns:
        One row per film: `dice`, `intersection_over_union`, `lesions_found` (the share of its lesions that are; NaN where it
        has none), `hausdorff_95` and `average_surface_distance` (in pixels, or in what the spacing is given in), `false_patches`
        (how many touch no lesion), and `lesions` (how many it has).

    Example:
        >>> truth, drawn = np.zeros((2, 1, 8, 8))
        >>> truth[0, 2:6, 2:6], drawn[0, 2:6, 2:5], drawn[0, 0, 7] = 1, 1, 1
        >>> outline_table(truth, drawn).round(2).to_dict("records")[0]["dice"]
        0.83
    """
    lesions = lesion_table(truth, drawn, spacing)
    films = pd.RangeIndex(len(np.asarray(truth)), name="film")
    by_film = lesions.groupby("film")["found"].agg(["mean", "size"]).reindex(films)
    return pd.DataFrame(
        {
            "dice": dice(truth, drawn),
            "intersection_over_union": intersection_over_union(truth, drawn),
            "lesions_found": by_film["mean"].astype(float),
            "hausdorff_95": hausdorff_95(truth, drawn, spacing),
            "average_surface_distance": average_surface_distance(truth, drawn, spacing),
            "false_patches": false_patches(truth, drawn).astype(float),
            "lesions": by_film["size"].fillna(0).astype(int),
        },
        films,
    )


def outline_summary(table: "pd.DataFrame", patient_ids: ArrayLike) -> "pd.DataFrame":
    """Return each measure's mean and its end at which outlines fail, with 95 % intervals over patients.

    Args:
        table: See `outline_table`.
        patient_ids: Whose film it is, (n,).

    Returns:
        One row per measure, with the columns of `film_values.film_summary`.
    """
    rows = {
        measure: film_summary(table[measure].to_numpy(np.float64), patient_ids, measure in SHARES)
        for measure in (*SHARES, *OUTLINE_DISTANCES)
    }
    return pd.DataFrame.from_dict(rows, orient="index")
