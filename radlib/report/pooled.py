"""A study with many files told in few rows: a row per network and chain, the seeds of training pooled.

Of more than `LARGE` files a reader wants to know which method does what to which network; a file of its own have the originals, the
winners and the best under each limit of size. All files stand in the CSV tables, and on the page folded once more.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from radlib.evaluation.conclusions import TONES
from radlib.report import wording as w
from radlib.report.blocks import Cell, Table

LARGE = 20  # files; of more, a table of each has no reader
WORST_FIRST = ("loses", "undefined", "too few patients", "cannot tell", "as good")
RATES = ("auroc", "accuracy", "sensitivity", "specificity")
MEANS = (*RATES, "dice", "failing_dice", "box_score")


def shown_files(results: pd.DataFrame, selection: Mapping[str, Any]) -> set[str]:
    """Return the files that have a row of their own in every table: all, or of many those that were chosen.

    Args:
        results: See `tables.results`.
        selection: What `selection.json` holds.

    Returns:
        Names of variants: of a large study the originals of the first seed, the winner of each network, and the best
        under each limit of size.
    """
    if len(results) <= LARGE:
        return set(results.get("variant", ()))
    first = results["seed"] == results.groupby("network")["seed"].transform("min")
    names = set(results.loc[(results["chain"] == "original") & first, "variant"])
    winner = results[results["winner"]]
    names |= set(winner["variant"]) | {limit["winner"] for limit in selection.get("limits", ())}
    for network, chain in selection.get("winners", {}).items():
        files = results[(results["network"] == network) & (results["chain"] == chain)]
        if not set(files["variant"]) & names:
            names |= set(files["variant"][:1])
    names |= {_original_of(results, name) for name in names & set(winner["variant"])}
    return names & set(results["variant"])


def _original_of(results: pd.DataFrame, name: str) -> str:
    row = results[results["variant"] == name].iloc[0]
    same = results[(results["network"] == row["network"]) & (results["seed"] == row["seed"])]
    return next(iter(same.loc[same["chain"] == "original", "variant"]), name)


def pooled(results: pd.DataFrame) -> pd.DataFrame:
    """Return a row per network and chain, its seeds pooled.

    Args:
        results: See `tables.results`.

    Returns:
        DataFrame with `network`, `chain`, `label`, `format`, `seeds`, mean `size_bytes` and `compression`; of AUROC, accuracy,
        sensitivity and specificity, or of Dice, the mean, `_low` and `_high`: of one seed the interval over patients, of several the lowest and
        highest seed; `difference` with `_low` and `_high`, of several seeds pooled; the `conclusion` that is worst among its
        files, `losing` of them; and whether one of them is the `winner`.
    """
    if "conclusion" not in results:
        return pd.DataFrame()
    rows = [
        _pooled_row(str(network), str(chain), files)
        for (network, chain), files in results.groupby(["network", "chain"], sort=False)
    ]
    return pd.DataFrame(rows)


def _pooled_row(network: str, chain: str, files: pd.DataFrame) -> dict[str, Any]:
    several = len(files) > 1
    said = list(files["conclusion"].fillna(""))
    row: dict[str, Any] = {
        "network": network, "chain": chain, "label": files["label"].iloc[0], "format": files["format"].iloc[0],
        "seed": files["seed"].iloc[0], "seeds": len(files), "films": files["films"].iloc[0],
        "size_bytes": files["size_bytes"].mean(), "compression": files["compression"].mean(),
        "conclusion": next((word for word in WORST_FIRST if word in said), ""), "losing": said.count("loses"),
        "winner": bool(files["winner"].any()),
    }  # fmt: skip
    for name in (name for name in MEANS if name in files):
        row[name] = files[name].mean()
        ends = (
            (files[name].min(), files[name].max())
            if several
            else files[[f"{name}_low", f"{name}_high"]].iloc[0]
        )
        row |= dict(zip((f"{name}_low", f"{name}_high"), ends, strict=True))
    start = "pooled_difference" if several else "difference"
    row |= {f"difference{end}": files[f"{start}{end}"].iloc[0] for end in ("", "_low", "_high")}
    return row


def method_table(results: pd.DataFrame) -> Table:
    """Return how a large study reads the test films: method by network, or one network's methods with more of each."""
    rows = pooled(results)
    return _by_network(rows) if rows["network"].nunique() > 1 else _of_one_network(rows)


def _by_network(rows: pd.DataFrame) -> Table:
    networks = list(dict.fromkeys(rows["network"]))
    cells = []
    for label in dict.fromkeys(rows["label"]):
        own = rows[rows["label"] == label].drop_duplicates("network").set_index("network")
        cells.append((
            Cell(label),
            *(_method_cell(own.loc[network]) if network in own.index else Cell(w.MISSING) for network in networks),
        ))  # fmt: skip
    seeds = int(rows["seeds"].max())
    caption = (
        "Test films. AUROC"
        + (f", mean over the seeds (up to {seeds})" if seeds > 1 else "")
        + "; below it the change against the original and what the verdicts come to"
    )
    return Table(("Method", *networks), tuple(cells), caption)


def _method_cell(row: pd.Series) -> Cell:
    return Cell(w.rate(row["auroc"], w.known(row["films"])), _note(row), TONES.get(row["conclusion"], ""))


def _note(row: pd.Series) -> str:
    if row["chain"] == "original" or not w.known(row["difference"]):
        return w.human_bytes(row["size_bytes"])
    word = w.CONCLUSIONS.get(row["conclusion"], w.MISSING)
    few = f" ({row['losing']} of {row['seeds']})" if 0 < row["losing"] < row["seeds"] else ""
    return f"{w.fine(row['difference'])}, {word}{few}{', chosen' if row['winner'] else ''}"


def _of_one_network(rows: pd.DataFrame) -> Table:
    cells = []
    for _, row in rows.iterrows():
        scored, compared = w.known(row["films"]), w.known(row["difference"])
        seeds = w.plural(row["seeds"], "seed")
        cells.append((
            Cell(row["label"], _chosen(seeds, row)),
            Cell(w.human_bytes(row["size_bytes"])),
            Cell(w.times(row["compression"])),
            *(Cell(w.rate(row[m], scored), w.span(row[f"{m}_low"], row[f"{m}_high"])) for m in RATES[:1]),
            Cell(w.fine(row["difference"]), w.fine_span(row["difference_low"], row["difference_high"])) if compared else Cell(w.MISSING),
            Cell(w.CONCLUSIONS.get(row["conclusion"], w.MISSING), f"{row['losing']} of {row['seeds']} files {'loses' if row['losing'] == 1 else 'lose'}" if row["losing"] and row["seeds"] > 1 else "",
                 TONES.get(row["conclusion"], "")),
            *(Cell(w.rate(row[m], scored), w.span(row[f"{m}_low"], row[f"{m}_high"])) for m in RATES[1:]),
        ))  # fmt: skip
    columns = ("Method", "File", "Smaller", "AUROC", "AUROC − original", "Beside its original", "Accuracy", "Sensitivity",
               "Specificity")  # fmt: skip
    caption = _one_network_caption(rows)
    winner = np.flatnonzero(rows["winner"])
    return Table(columns, tuple(cells), caption, int(winner[0]) if len(winner) else None)


def _chosen(seeds: str, row: pd.Series) -> str:
    """Return how many seeds a method has, and that one of its files was chosen."""
    if not row["winner"]:
        return seeds
    return f"{seeds}, {'one chosen' if row['seeds'] > 1 else 'chosen'} on validation"


def _one_network_caption(rows: pd.DataFrame) -> str:
    if not np.any(rows["seeds"] > 1):
        return "Test films; below each value its 95 % interval"
    alone = (
        ", of a method with one seed the 95 % interval over patients" if np.any(rows["seeds"] == 1) else ""
    )
    return (
        f"Test films. Means over the seeds, below them the lowest and the highest{alone}; of differences of several seeds the 95 % interval "
        "over patients and seeds; the verdict is the worst of a file"
    )
