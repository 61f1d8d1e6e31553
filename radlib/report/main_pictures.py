"""The two pictures that tell a study at a glance: what was lost, and what is read, against the bytes of each file."""

from collections.abc import Callable

import pandas as pd

from radlib.report import figures, wording as w
from radlib.report.figures.comparison import MOST_NAMED, named_points
from radlib.report.pooled import pooled

BARS = "Bars: 95 % interval over the patients tested."  # of one training each


def draw_main(
    results: pd.DataFrame, scored: pd.DataFrame, seeds_caption: str, margin: float, add: Callable
) -> None:
    """Draw both, as far as there are scores and differences.

    Args:
        results: See `tables.results`.
        scored: Its rows that may stand in one picture, see `pictures.one_per_variant`.
        seeds_caption: What those are of several seeds.
        margin: The largest loss of AUROC that counts as none.
        add: Keeps a picture, see `pictures.draw_figures`.
    """
    each = pooled(results)
    compared = each.dropna(subset=["difference"]) if len(each) else each
    if len(compared):
        draw_differences(compared, margin, add)
    if len(scored):
        alt = "Size of the model file against AUROC. " + listed(_named(scored), _size_words)
        caption = (
            "One point per variant. Left is smaller, up reads better. AUROC: how often a film with the finding gets the "
            f"higher score than one without; 0.5 is guessing, 1 never wrong. {seeds_caption or BARS} Points that coincide are drawn side by side."
            + _few(len(scored), "the originals, the winner, and those that read better than")
        )
        add("size_against_auroc", lambda: figures.size_against_auroc(scored), alt, caption.strip())


def draw_differences(
    compared: pd.DataFrame, margin: float, add: Callable, measure: str = "AUROC", also: str = "in the findings that it misses"
) -> None:  # fmt: skip
    """Draw what every variant lost against the bytes of its file.

    Args:
        compared: See `pooled.pooled`; rows with a difference.
        margin: The largest loss that counts as none.
        add: Keeps a picture, see `pictures.draw_figures`.
        measure: What was lost, as it is written in a sentence.
        also: In what else a variant that is as good must be so; empty for nothing.
    """
    most, alike = int(compared["seeds"].max()), f", also {also}" if also else ""
    caption = (
        "One point per variant: left is smaller, and above the dashed line it lost less than the margin "
        f"({margin:g}, shaded). Filled circle: as good as its original{alike}; triangle: reads worse; "
        f"hollow: nobody can tell. {_bars(most)} One that ends above the line is not enough: "
        "claims have an order, a chosen file first, and what follows is asked more strictly."
        + _few(len(compared), "the winner, and those that lost less than")
    )
    alt = (
        f"What each variant lost beside its original in {measure}, against the size of its file; less than {margin:g} counts as none. "
        + listed(_named(compared.assign(seed=0, auroc=compared["difference"])), _difference_words)
    )
    add(
        "difference_against_size",
        lambda: figures.difference_against_size(compared, margin=margin, measure=measure),
        alt,
        caption,
        phone=lambda: figures.difference_against_size(compared, margin=margin, measure=measure, narrow=True),
    )


def _bars(most: int) -> str:
    """Return over what the intervals of differences go, whose seeds are pooled where there are several."""
    if most < 2:
        return BARS
    return f"Bars: 95 % interval over the patients tested and the seeds of training, up to {most}, which are pooled."


def sizes_alt(results: pd.DataFrame) -> str:
    """Return what the picture of file sizes shows, for those who do not see it."""
    deflated = ", as it is and deflated" if results["deflated_bytes"].notna().any() else ""
    return f"Size of each file{deflated}. " + listed(results, _weight_words)


def _weight_words(row: pd.Series) -> str:
    deflated = row["deflated_bytes"]
    return w.human_bytes(row["size_bytes"]) + (
        f", deflated {w.human_bytes(deflated)}" if w.known(deflated) else ""
    )


def _few(count: int, who: str) -> str:
    if count <= MOST_NAMED:
        return ""
    return f" Of so many, a name and a bar have {who} everything at most as large; all stand in the table."


def _named(table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows that have a name in a picture: of few all."""
    return table[named_points(table, "size_bytes")]


def listed(table: pd.DataFrame, words: Callable[[pd.Series], str]) -> str:
    """Return what a picture shows of each row, for those who do not see it."""
    several = table["network"].nunique() > 1, table["seed"].nunique() > 1
    return "; ".join(f"{w.title_of(row, *several)}: {words(row)}" for _, row in table.iterrows()) + "."


def _size_words(row: pd.Series) -> str:
    return f"{w.human_bytes(row['size_bytes'])}, {w.auroc_text(row['auroc'], row['auroc_low'], row['auroc_high'])}"


def _difference_words(row: pd.Series) -> str:
    ends = w.fine_span(row["difference_low"], row["difference_high"])
    said = w.CONCLUSIONS.get(row["conclusion"], "")
    return (
        f"{w.human_bytes(row['size_bytes'])}, {w.fine(row['difference'])} [{ends}], {said}"
        + ", chosen" * row["winner"]
    )
