"""Whether variants look where their originals look: from what evaluation stored to a table, a section and a picture."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from radlib import metrics
from radlib.evaluation.insides.heat_maps import heat_maps_path
from radlib.foundation.record_files import read_arrays, read_object
from radlib.report import figures, wording as w
from radlib.report.blocks import Cell, Figure, Section, Table, Text
from radlib.report.cells import row_titles
from radlib.report.inside_pictures import compressed_beside, shows_chests
from radlib.report.readings import Readings, read
from radlib.runs.runs import Run
from radlib.runs.variants import Variant

MEASURES = ("rank_correlation", "top_overlap", "hits", "original_hits", "difference_hits")
COLUMNS = ("variant", "method", "films", "patients", "flat", "boxed", *(f"{name}{end}" for name in MEASURES
           for end in ("", "_low", "_high")), "reason")  # fmt: skip
FEWEST_PATIENTS = 5  # with fewer an interval says nothing
SHOWN = 4
NO_BOX = "None of these films has a box, so nobody can say which of two places is the right one."


def heat_maps(run: Run, *, readings: Readings | None = None) -> pd.DataFrame:
    """Return how far the heat maps of every variant agree with its original's, with intervals over patients.

    Args:
        run: The run; only its files are read.
        readings: Those files, when they were read before.

    Returns:
        One row per variant that was asked, `COLUMNS`: the films and how many have a `flat` map of either network, mean rank correlation, mean overlap of the warmest fifths, the
        share of films whose warmest place lies in a radiologist's box (`hits`), that of the original (`original_hits`)
        and their difference; NaN where no film has a box. A `reason` where nothing can be said.
    """
    readings = readings or read(run)
    rows = []
    for variant in readings.variants:
        record = _stored(readings, variant)
        if record is not None:
            row = {"variant": variant.name, "method": record["method"], "reason": record["reason"]}
            found = _averaged(pd.DataFrame(record["films"])) if record["films"] else {}
            rows.append({**row, **found, "reason": record["reason"] or found.get("reason", "")})
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _stored(readings: Readings, variant: Variant) -> dict[str, Any] | None:
    path = heat_maps_path(readings.run.folder, variant)
    record = read_object(path) if path.is_file() else {}
    return record if record.get("sha256") == variant.sha256 else None


def _correlation_ends(values: np.ndarray, patients: Any) -> tuple[float, float]:
    low, high = metrics.value_interval((values + 1) / 2, patients)  # from [−1, 1] to a share
    return 2 * low - 1, 2 * high - 1


_ENDS: Mapping[str, Callable[[Any, Any], tuple[float, float]]] = {
    "rank_correlation": _correlation_ends,
    "top_overlap": metrics.value_interval,
    "hits": metrics.rate_interval,
    "original_hits": metrics.rate_interval,
    "difference_hits": metrics.signed_interval,
}


def _averaged(films: pd.DataFrame) -> dict[str, Any]:
    """Return means over films with intervals over patients; films on which a measure is undefined are left out."""
    columns = {
        "rank_correlation": films["rank_correlation"],
        "top_overlap": films["top_overlap"],
        "hits": films["hit"],
        "original_hits": films["original_hit"].where(films["hit"].notna()),
        "difference_hits": films["hit"] - films["original_hit"],
    }
    patients = films["patient_id"].nunique()
    row: dict[str, Any] = {
        "films": len(films),
        "patients": patients,
        "flat": int(films["rank_correlation"].isna().sum()),
        "boxed": int(films["hit"].notna().sum()),
    }
    for name, column in columns.items():
        values = column.to_numpy(float)
        known = ~np.isnan(values)
        low, high = np.nan, np.nan
        if films.loc[known, "patient_id"].nunique() >= FEWEST_PATIENTS:
            low, high = _ENDS[name](values[known], films.loc[known, "patient_id"])
        value = float(values[known].mean()) if known.any() else np.nan
        row |= {name: value, f"{name}_low": low, f"{name}_high": high}
    if np.isnan(row["rank_correlation"]):
        row["reason"] = "The maps are flat: nothing in these films moves the answer."
    elif patients < FEWEST_PATIENTS:
        row["reason"] = f"Only {w.plural(patients, 'patient')}: too few for an interval."
    return row


def heat_map_section(results: pd.DataFrame, table: pd.DataFrame, pictures: Mapping[str, Figure]) -> Section:
    """Return where the variants look, against where their originals look."""
    title = "Where they look"
    if table.empty:
        return Section(title, ())
    names = dict(zip(results["variant"], row_titles(results), strict=True))
    boxed = table["boxed"].fillna(0).max() > 0
    rows = []
    for _, row in table.iterrows():
        scored = w.known(row["films"])
        flat = f"flat on {w.plural(row['flat'], 'film')}" if w.known(row["flat"]) and row["flat"] else ""
        cells = [Cell(names[row["variant"]], row["reason"]), Cell(row["method"] or w.MISSING, flat)]
        for name in ("rank_correlation", "top_overlap", *(("hits", "original_hits") if boxed else ())):
            cells.append(
                Cell(w.alike(row[name], scored, 2), w.span(row[f"{name}_low"], row[f"{name}_high"], 2))
            )
        rows.append(tuple(cells))
    columns = ("Variant", "Heat maps by", "Rank correlation", "Overlap of warmest fifths",
               *(("Warmest place in a box", "Original’s") if boxed else ()))  # fmt: skip
    lines = [
        "Both networks are asked about the same validation films with a finding, in the same way: Grad-CAM where "
        "there are gradients, otherwise by covering places. Rank correlation is 1 for the same order of places and "
        "about 0 for unrelated maps; warmest fifths drawn by chance overlap by 0.11. A map is flat where no covered "
        "place moves the answer, as when one of 256 levels stands for everything near certainty; such films are left out."
    ]
    if not boxed:
        lines.append(NO_BOX)
    most = table["films"].max()
    caption = (
        f"Mean over {w.plural(most, 'validation film')}; below it its 95 % interval over patients"
        if w.known(most)
        else ""
    )
    shown = (pictures["heat_maps"],) if "heat_maps" in pictures else ()
    return Section(title, (*shown, Text(tuple(lines)), Table(columns, tuple(rows), caption)))


def look_lines(row: pd.Series) -> tuple[str, ...]:
    """Return where a variant looks beside its original, in sentences.

    Args:
        row: Of `heat_maps`.
    """
    if row["reason"] or not w.known(row["rank_correlation"]):
        return (str(row["reason"]),) if row["reason"] else ()
    ends = w.span(row["rank_correlation_low"], row["rank_correlation_high"])
    same = (
        f"On {w.plural(row['films'], 'validation film')} with a finding its heat maps ({row['method']}) agree with its original’s to a "
        f"rank correlation of {w.alike(row['rank_correlation'])} [{ends}]; 1 is the same order of places, 0 none."
    )
    if not row["boxed"] or not w.known(row["hits"]):
        return same, NO_BOX
    return same, (
        f"Its warmest place lies in a radiologist’s box on {100 * row['hits']:.0f} % of the {w.plural(row['boxed'], 'film')} that have one, "
        f"its original’s on {100 * row['original_hits']:.0f} %."
    )


def drawn_heat_maps(
    run: Run, variants: Sequence[Variant], table: pd.DataFrame | None = None, *, most: int = SHOWN
) -> tuple[np.ndarray, dict[str, np.ndarray], list]:
    """Return the stored heat maps of a drawn film, for `figures.heat_map_row`.

    Args:
        run: The run.
        variants: Which; those that were not asked are left out.
        table: See `heat_maps`; None to read it.
        most: How many of the variants at most, the first ones.

    Returns:
        The film, (s, s); heading -> map, the original's before those that were asked in the same way; and the boxes
        of the opacities. Without any variant, a black film and no maps.
    """
    methods = (heat_maps(run) if table is None else table).set_index("variant")["method"]
    film, boxes = np.zeros((8, 8), np.uint8), []
    panels: dict[str, np.ndarray] = {}
    asked = [v for v in variants if v.name in methods and _maps_path(run, v).is_file()]
    for variant in asked[:most]:
        arrays = read_arrays(_maps_path(run, variant))
        if {"film", "boxes", "original", "variant"} <= set(arrays):
            film, boxes = arrays["film"], arrays["boxes"].tolist()
            panels.setdefault(f"original\n{methods[variant.name]}", arrays["original"])
            panels[f"{variant.label}\n{methods[variant.name]}"] = arrays["variant"]
    return film, panels, boxes


def _maps_path(run: Run, variant: Variant) -> Path:
    return heat_maps_path(run.folder, variant).with_suffix(".npz")


def draw_heat_maps(readings: Readings, table: pd.DataFrame, add: Callable) -> None:
    """Draw original and variants on a drawn film, as far as they were asked in the same way."""
    asked = table.loc[table["reason"].eq("") | table["films"].notna(), "variant"]
    chosen = compressed_beside(readings, asked)[:SHOWN]
    film, panels, boxes = drawn_heat_maps(readings.run, chosen, table)
    if not panels or not shows_chests(readings.run.settings):
        return
    listed = ", ".join(v.label for v in chosen)
    add("heat_maps", lambda: figures.heat_map_row(film, panels, boxes),
        f"Heat maps of the original and of {listed} on a drawn film.",
        "Warm: speaks for the finding. The film and the opacities in it (boxes) are drawn; no patient’s film is shown.")  # fmt: skip
