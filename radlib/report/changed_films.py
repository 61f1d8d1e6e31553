"""The films that change sides, as the report on this machine shows them; no other form of it does."""

from typing import Any

import numpy as np
import pandas as pd

from radlib.datasets import is_drawn
from radlib.evaluation.thumbnails import PER_VARIANT, thumbnail_path
from radlib.report import wording as w
from radlib.report.blocks import Cell, Films
from radlib.runs.runs import Run
from radlib.runs.settings import Settings

PATIENTS = "Films of patients: this page is not to be passed on; what radlib publish writes holds none."
DRAWN = "The films are drawn."


def changed_film_blocks(run: Run, changed: pd.DataFrame, results: pd.DataFrame) -> tuple[Films, ...]:
    """Return the winner's films that change sides, or those of the variant that changes most where it changes none.

    Args:
        run: The run; films without a thumbnail in its private folder are left out.
        changed: See `evidence.changed_decisions`.
        results: See `tables.results`.
    """
    if changed.empty:
        return ()
    counts = changed["variant"].value_counts()
    winner = [v for v in results.loc[results["winner"], "variant"] if v in counts]
    blocks = []
    for variant in list(dict.fromkeys([*winner, counts.index[0]]))[:2]:
        rows = _right_first(changed[changed["variant"] == variant])
        films: list[Any] = []
        for row in rows.drop_duplicates("image_id").itertuples():
            path = thumbnail_path(run, row.image_id)
            if path.is_file() and len(films) < PER_VARIANT:
                truth = f"{row.label}: {'yes' if row.has_finding == 1 else 'no' if row.has_finding == 0 else 'unknown'}"
                note = (
                    f"{truth}; {row.original_probability:.2f} → {row.variant_probability:.2f}, now {row.to}"
                )
                alt = f"Test film {row.image_id}. {note}."
                films.append((path.relative_to(run.folder).as_posix(), Cell(row.image_id, note), alt))
        if films:
            label = results.loc[results["variant"] == variant, "label"].iloc[0]
            caption = (
                f"{label}: {w.plural(rows['image_id'].nunique(), 'test film')} on the other side of the original’s "
                f"threshold, {len(films)} shown, those first that the original got right. "
                + passing_on(run.settings)
            )
            blocks.append(Films(tuple(films), caption))
    return tuple(blocks)


def _right_first(changed: pd.DataFrame) -> pd.DataFrame:
    """Return films in the same order, but those first, of whatever label, that the original got right."""
    called = changed["original_probability"] >= changed["threshold"]
    wrong = called != (changed["has_finding"] == 1)
    return changed.iloc[np.argsort(wrong.to_numpy(), kind="stable")]


def passing_on(settings: Settings) -> str:
    """Return what a reader must know before the page is passed on."""
    return DRAWN if is_drawn(settings) else PATIENTS
