"""Film by film and layer by layer, as people read it: sections of the report on agreement and on the insides."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from radlib.report import wording as w
from radlib.report.blocks import Cell, Figure, Section, Table, Text, drawn
from radlib.report.cells import row_titles
from radlib.report.inside_tables import Insides


def agreement_section(
    results: pd.DataFrame, agreement: pd.DataFrame, shown: set[str], figures: Mapping[str, Figure]
) -> Section:
    """Return whether each film is given the probability that the original gives it, of the variants that are shown."""
    title = "Film by film"
    if agreement.empty:
        return Section(title, ())
    names = dict(zip(results["variant"], row_titles(results), strict=True))
    chosen = agreement[agreement["variant"].isin(shown)]
    several = chosen["label"].nunique() > 1
    rows = tuple(
        (
            Cell(row["label"] if several else names[row["variant"]], row["reason"]),
            Cell(w.alike(row["concordance"], not row["reason"]), w.span(row["concordance_low"], row["concordance_high"])),
            Cell(w.signed(row["bias"]), w.signed_span(row["bias_low"], row["bias_high"])),
            Cell(w.signed_span(row["limit_low"], row["limit_high"]) or w.MISSING),
            Cell(w.rate(row["largest_change"], not row["reason"])),
        )
        for _, row in chosen.iterrows()
    )  # fmt: skip
    columns = ("Finding" if several else "Variant", "Concordance", "Mean change", "95 % of films change by",
               "Largest change")  # fmt: skip
    text = Text((
        "Equal AUROCs leave room for networks that disagree on every film. Concordance is Lin’s coefficient, 1 where "
        "every film is given the very same probability; 95 % of the changes lie between the limits.",
    ))  # fmt: skip
    caption = (
        "Probability of the finding, variant minus original, on the same test films; with 95 % intervals"
    )
    return Section(title, (*drawn(figures, "confidence_clouds"), text, Table(columns, rows, caption)))


def inside_section(results: pd.DataFrame, insides: Insides, figures: Mapping[str, Figure]) -> Section:
    """Return what compression did to layers and weights."""
    title = "Inside the networks"
    if insides.layers.empty and not insides.reasons:
        return Section(title, ())
    names = dict(zip(results["variant"], row_titles(results), strict=True))
    compressed = results.loc[results["chain"] != "original", "variant"]
    rows = tuple(
        _inside_row(names[v], insides.layers[insides.layers["variant"] == v], insides.weights[insides.weights["variant"] == v])
        for v in compressed if v in set(insides.layers["variant"])
    )  # fmt: skip
    lines = [f"{names[v]}: {reason}" for v, reason in insides.reasons.items() if v in names]
    films = insides.layers["films"].max() if len(insides.layers) else 0
    legend = (
        "Every layer is compared where its block ends, behind normalisation and activation: a LiteRT file holds no "
        "other output, as the converter folds these into one operation. Signal to noise: the original’s output "
        "against what the variant’s strays from it; 6 dB more is half the error, below 0 dB the error is larger than "
        "the signal. CKA: 1 where films that are alike to the original’s layer are alike to the variant’s, about 0 "
        "where they are not. Weights: error of the stored numbers, each channel at the scale that fits best; "
        "layers.csv and weights.csv have every layer."
    )
    columns = ("Variant", "Layers compared", "First convolution", "Last convolution", "Noisiest layer", "Lowest CKA",
               "Weights stored as", "Weights, signal to noise")  # fmt: skip
    tables = (
        (Table(columns, rows, f"Against the original, on {w.plural(films, 'validation film')}"),)
        if rows
        else ()
    )
    pictures = drawn(figures, "layer_noise", "stored_weights", "feature_maps", "filters")
    return Section(title, (*pictures, Text((legend, *lines)), *tables))


def _inside_row(title: str, layers: pd.DataFrame, weights: pd.DataFrame) -> tuple[Cell, ...]:
    found = layers[layers["compared"] != ""]
    folded = int((found["compared"] != found["layer"]).sum())
    notes = [f"{folded} behind what was folded in" if folded else "", f"{len(layers) - len(found)} not there"
             if len(found) < len(layers) else ""]  # fmt: skip
    convolutions = found[found["kind"] != "Dense"]
    ends = [convolutions.iloc[place] if len(convolutions) else None for place in (0, -1)]
    noisiest = (
        found.loc[found["signal_to_noise_db"].idxmin()] if found["signal_to_noise_db"].notna().any() else None
    )
    least = found.loc[found["cka"].idxmin()] if found["cka"].notna().any() else None
    stored = weights.dropna(subset=["dtype"])
    counts = stored.groupby("dtype", sort=False)["weights"].sum()
    kinds = ", ".join(str(kind) for kind in counts.sort_values(ascending=False).index)
    total = stored["weights"].sum()
    zeros = (stored["zeros"] * stored["weights"]).sum() / total if total else np.nan
    return (
        Cell(title),
        Cell(f"{len(found)} of {len(layers)}", "; ".join(note for note in notes if note)),
        *(Cell(decibels(row["signal_to_noise_db"]), f"CKA {w.alike(row['cka'])}") if row is not None else Cell(w.MISSING)
          for row in ends),
        Cell(decibels(noisiest["signal_to_noise_db"]), noisiest["layer"]) if noisiest is not None else Cell(w.MISSING),
        Cell(w.alike(least["cka"]), least["layer"]) if least is not None else Cell(w.MISSING),
        Cell(kinds or w.MISSING, f"{100 * zeros:.0f} % zeros" if w.known(zeros) and zeros >= 0.005 else ""),
        Cell(decibels(stored["signal_to_noise_db"].median()), "median layer"),
    )  # fmt: skip


def decibels(value: float) -> str:
    """Return a ratio in dB; "equal" where there is no error, "–" where it is unknown.

    Example:
        >>> decibels(31.24), decibels(float("inf")), decibels(-2.0), decibels(-0.1), decibels(float("nan"))
        ('31 dB', 'equal', '−2 dB', '0 dB', '–')
    """
    if not w.known(value):
        return w.MISSING
    return "equal" if np.isinf(value) else f"{round(value) + 0} dB".replace("-", "−")
