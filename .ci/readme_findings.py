"""What the README says of the published results in three sentences and one table; every word follows from the tables."""

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from radlib.report.wording import human_bytes, known, rate, signed, signed_span, smaller, span
from radlib.runs.studies import load_study

ALONE = "soft share 0"  # a student of labels alone, in the label of its variant


def verdict_of(row: Mapping[str, Any]) -> str:
    """Return what a file's verdicts come to: `as good`, `loses` or `cannot tell`, also by tables of earlier rules."""
    word = row.get("conclusion")
    if not isinstance(word, str) or not word:
        word = {"non-inferior": "as good", "inferior": "loses"}.get(str(row["verdict"]), "cannot tell")
    return word if word in ("as good", "loses") else "cannot tell"


def compressed(table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of what was made from an original and compared with it, with a column `said`, see `verdict_of`."""
    rows = table[(table["chain"] != "original") & table["difference"].notna()]
    return rows.assign(said=[verdict_of(row) for row in rows.to_dict("records")])


def picture(folder: Path) -> str:
    """Return the picture of a published study, and what to see in it."""
    names = (
        "difference_against_size",
        "size_against_auroc",
    )  # the second of studies that were published earlier
    file = next(name for name in names if (folder / "figures" / f"{name}.png").is_file())
    what = {names[0]: "what every variant lost beside its original", names[1]: "AUROC of every variant"}[file]
    title = load_study(folder.name).title
    alt = f"{title}: {what} against the size of its file, with 95 % intervals"
    said = takeaway(pd.read_csv(folder / "results.csv"))
    return f"![{alt}](docs/results/{folder.name}/figures/{file}.png)\n\n*{title}. {said}*"


def takeaway(table: pd.DataFrame) -> str:
    """Return the line below the picture: what the smallest file that holds weighs."""
    rows = compressed(table)
    good = rows[rows["said"] == "as good"]
    if good.empty:
        return f"None of {len(rows)} smaller files is shown to read as well as its original."
    row = good.loc[good["size_bytes"].idxmin()]
    return (
        f"The smallest file that is shown to read as well as its original weighs {human_bytes(row['size_bytes'])}, "
        f"{smaller(row['compression'])} than the weights it was made from."
    )


def findings(folder: Path, margin: float) -> str:
    """Return three findings of a study as a list: of the largest network, of teaching, and of what nobody can tell.

    Args:
        folder: Of its published results.
        margin: The largest loss of AUROC that counts as none.
    """
    table = pd.read_csv(folder / "results.csv")
    pairs = pd.read_csv(folder / "pairs.csv") if (folder / "pairs.csv").is_file() else pd.DataFrame()
    originals = table[table["chain"] == "original"].sort_values("size_bytes", ascending=False)
    said = [
        largest(table, originals),
        teaching(pairs, list(dict.fromkeys(originals["network"]))),
        untold(table, margin),
    ]
    earlier = (
        "\n\nJudged by the rules of an earlier version; to be published again." if is_earlier(folder) else ""
    )
    return "\n".join(f"- {line}" for line in said if line) + earlier


def largest(table: pd.DataFrame, originals: pd.DataFrame) -> str:
    """Return how small the largest network became by a file that is as good as it; where none is, the next that one was made from."""
    unheld = ""
    for _, original in originals.iterrows():
        rows = compressed(
            table[(table["network"] == original["network"]) & (table["seed"] == original["seed"])]
        )
        good, size = rows[rows["said"] == "as good"], human_bytes(original["size_bytes"])
        if good.empty:
            unheld += f" Of {len(rows)} files made from {original['network']} ({size}) none is shown to."
            continue
        row = good.loc[good["size_bytes"].idxmin()]
        return (
            f"**{size} became {human_bytes(row['size_bytes'])}**: {original['network']} by {row['label']}, AUROC {rate(row['auroc'])} "
            f"[{span(row['auroc_low'], row['auroc_high'])}], {signed(row['difference'])} [{signed_span(row['difference_low'], row['difference_high'])}] "
            f"beside the original; the smallest of {len(rows)} files made from it that is shown to read as well.{unheld}"
        )
    return f"**No file is shown to read as well** as the network that it came from.{unheld}"


def teaching(pairs: pd.DataFrame, networks: list[str]) -> str:
    """Return what a teacher was worth to a student, of the largest network that the study asked it of."""
    if pairs.empty:
        return ""
    asked = pairs[pairs["before"].str.contains(ALONE) != pairs["after"].str.contains(ALONE)]
    for network in networks:
        for row in asked[asked["network"] == network].to_dict("records"):
            turned = ALONE in row["after"]
            first, second = ("after", "before") if turned else ("before", "after")
            ends = (
                [-row["difference_high"], -row["difference_low"]]
                if turned
                else [row["difference_low"], row["difference_high"]]
            )
            change = -row["difference"] if turned else row["difference"]
            title = (
                "Teaching helped"
                if ends[0] > 0
                else "Teaching harmed"
                if ends[1] < 0
                else "Teaching could not be told from none"
            )
            trainings = (
                "one training each" if row["seeds"] == 1 else f"mean of {row['seeds']:.0f} trainings each"
            )
            interval = "" if math.isnan(ends[0]) else f" [{signed_span(*ends)}]"
            trainings += "" if interval else ", which says nothing of others"
            return (
                f"**{title}**: the same small student with {network} as its teacher reads at {rate(row[f'{second}_auroc'])}, without one at "
                f"{rate(row[f'{first}_auroc'])} ({signed(change)}{interval}, {trainings})."
            )
    return ""


def untold(table: pd.DataFrame, margin: float) -> str:
    """Return how many files are shown to be as good, how many to be worse, and of how many nobody can tell."""
    rows = compressed(table)
    counts = rows["said"].value_counts()
    return (
        f"**Of {len(rows)} smaller files {counts.get('as good', 0)} are shown to read as well** as their originals (a loss of less than "
        f"{margin:g} AUROC), {counts.get('loses', 0)} read worse, and of {counts.get('cannot tell', 0)} nobody can tell from "
        f"{int(table['films'].max()):,} test films. The report says which."
    )


def summary(folders: Sequence[Path]) -> str:
    """Return one table of published studies: what was chosen on validation films, beside its original."""
    rows = [
        "| study | file | KB | measure | value, 95 % interval | against its original |",
        "|---|---|---:|---|---:|---:|",
    ]
    for folder in folders:
        rows += study_rows(folder.name, load_study(folder.name).title, pd.read_csv(folder / "results.csv"))
    earlier = [load_study(folder.name).title for folder in folders if is_earlier(folder)]
    foot = "Chosen on validation films, and then scored on the test films. Each study's notes, which say what its figures are worth, stand in "
    foot += "[all results](docs/results.md)."
    if earlier:
        foot += f" By the rules of an earlier version, to be published again: {'; '.join(earlier)}."
    return "\n".join([*rows, "", foot])


def study_rows(name: str, title: str, table: pd.DataFrame) -> list[str]:
    """Return the rows of a study in the README's table: the original of what was chosen, and what was chosen."""
    chosen = table[table["winner"].astype(bool)]
    if chosen.empty:
        return []
    winner = chosen.iloc[0]
    same = (table["network"] == winner["network"]) & (table["seed"] == winner["seed"])
    rows = [table[same & (table["chain"] == "original")].iloc[0], winner]
    cells = []
    for place, row in enumerate(rows if winner["chain"] != "original" else rows[:1]):
        first = f"[{title}](docs/results/{name}/report.md)" if place == 0 else ""
        change = "–"
        if known(row["difference"]):
            change = f"{signed(row['difference'])} ({signed_span(row['difference_low'], row['difference_high'])}), {verdict_of(row)}"
        measure, named = ("auroc", "AUROC") if "auroc" in row else ("dice", "Dice")
        cells.append(
            f"| {first} | {row['network']}: {row['label']} | {row['size_bytes'] / 1000:,.0f} | "
            f"{named} | {rate(row[measure])} ({span(row[f'{measure}_low'], row[f'{measure}_high'])}) | {change} |"
        )
    return cells


def is_earlier(folder: Path) -> bool:
    """Tell whether a study was published before a verdict counted a patient who was not seen."""
    return "conclusion" not in pd.read_csv(folder / "results.csv", nrows=0)


def limits_of(folder: Path) -> list[dict[str, Any]]:
    """Return the best under each limit of size, as it was chosen."""
    return json.loads((folder / "selection.json").read_text(encoding="utf-8"))["limits"]
