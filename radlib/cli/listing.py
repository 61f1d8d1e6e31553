"""Tables for the terminal: what the registries hold, and the results of several runs side by side."""

import inspect
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from radlib.evaluation.conclusions import THE_ORIGINAL, conclusion, questions_of
from radlib.foundation.errors import UsageError
from radlib.foundation.extras import pandas as pd
from radlib.foundation.plain_text import plain_line
from radlib.foundation.record_files import read_table
from radlib.foundation.registry import ARCHITECTURES, DATASETS, TECHNIQUES, Entry
from radlib.runs.counted import counted_in, told
from radlib.runs.run_records import begun_record, margins_in, no_run
from radlib.runs.studies import load_study, study_names

REGISTRIES = {"datasets": DATASETS, "architectures": ARCHITECTURES, "techniques": TECHNIQUES}
ASKED = "asked"  # in the table's attrs: the columns of each run's own file
COMPARED = {
    "run": "run", "variant": "variant", "size_bytes": "KB", "auroc": "AUROC", "accuracy": "accuracy",
    "sensitivity": "sensitivity", "specificity": "specificity", "dice": "Dice", "box_score": "box score",
    "conclusion": "beside its original", "latency_p50_ms": "ms",
}  # fmt: skip


def listing(kind: str, *, parameters: bool = True) -> str:
    """Return the text that `radlib list` prints for one kind.

    Args:
        kind: `datasets`, `architectures`, `techniques` or `studies`.
        parameters: Whether to show facts and parameters below each name.
    """
    if kind == "studies":
        rows: list[Any] = [(name, load_study(name).title, []) for name in study_names()]
    else:
        rows = [(e.name, e.summary, _details(e)) for e in REGISTRIES[kind]]
    width = max((len(name) for name, _, _ in rows), default=0)
    lines = [kind.capitalize()]
    for name, summary, details in rows:
        lines.append(f"  {name:<{width}}  {summary}".rstrip())
        for detail in details if parameters else []:
            indent = " " * (width + 6)
            lines += textwrap.wrap(detail, 110, initial_indent=indent, subsequent_indent=indent + "  ")
    return "\n".join(lines)


def _details(entry: Entry) -> list[str]:
    lines = [f"{k.replace('_', ' ')}: {_plain(v)}" for k, v in entry.facts.items() if _tells(v)]
    for p in entry.parameters:
        value = "(must be given)" if p.default is inspect.Parameter.empty else f"= {p.default!r}"
        lines.append(f"{p.name} {value}  ({p.type}) {p.help}".rstrip())
    return lines


def _tells(fact: object) -> bool:
    """Whether a fact of a registered entry is one that a reader can read."""
    return fact not in (None, "", ()) and not callable(fact)


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(map(str, value)) if isinstance(value, tuple | list) else str(value)


def compared(outputs: Sequence[Path]) -> "pd.DataFrame":
    """Return the results of several runs in one table, with the run's name in the first column.

    Args:
        outputs: Folders of runs.

    Raises:
        UsageError: When a folder is no run, or its results were not written yet.
    """
    tables, asked = [], {}
    for folder in outputs:
        results = folder / "results.csv"
        if not (folder / "run.json").is_file():
            raise no_run(folder)
        if not results.is_file():
            raise UsageError(
                f"The run {folder.name!r} has no results yet; finish it with radlib run --study "
                f"{begun_record(folder).source} --output {folder}."
            )
        table = read_table(results, ("variant",))
        asked[folder.resolve().name] = tuple(table.columns)
        table.insert(0, "run", folder.resolve().name)
        tables.append(table)
    joined = pd.concat(tables, ignore_index=True)
    joined.attrs[ASKED] = asked
    return joined


def _asked(table: "pd.DataFrame", run: str) -> "set[str]":
    """Return what a run was asked, as the names of its own columns: outlines have a Dice and no AUROC."""
    return set(table.attrs.get(ASKED, {}).get(run, table.columns))


def kind_lines(table: "pd.DataFrame") -> list[str]:
    """Return by what each run is judged, where runs of several kinds stand in one table; else nothing.

    Args:
        table: See `compared`.
    """
    runs = {run: questions_of(dict.fromkeys(_asked(table, run))) for run in dict.fromkeys(table["run"])}
    if len({tuple(titles) for titles in runs.values()}) < 2:
        return []
    each = "; ".join(f"{run} by {_and(list(titles.values()))}" for run, titles in runs.items())
    said = f"Judged are {each}. Runs of several kinds are not compared with each other: “–” stands where a run is not asked that."
    return [plain_line(said)]


def _and(words: "list[str]") -> str:
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1])))


def not_applicable(outputs: Sequence[Path]) -> list[str]:
    """Return a line for each variant that does not apply in one of several runs, with the reason."""
    lines = []
    for folder in outputs:
        path = folder / "refusals.csv"
        for row in pd.read_csv(path).itertuples() if path.is_file() else ():
            lines.append(f"{folder.resolve().name}  {row.variant} does not apply: {row.reason}")
    return lines


def comparison_table(table: "pd.DataFrame") -> str:
    """Return the columns that matter most as text: kilobytes, scores with the interval of AUROC, milliseconds."""
    from radlib.report import wording as w  # here, as `radlib list` needs nothing of it

    shown = pd.DataFrame(index=table.index)
    for column, title in COMPARED.items():
        if column not in table.columns:
            continue
        values = table[column]
        known = [column in _asked(table, run) for run in table["run"]]
        if column == "size_bytes":
            shown[title] = [f"{v / 1000:,.1f}" for v in values]
        elif column == "auroc":
            shown[title] = [
                w.auroc_text(row["auroc"], row.get("auroc_low"), row.get("auroc_high"))
                if asked
                else w.MISSING
                for asked, (_, row) in zip(known, table.iterrows(), strict=True)
            ]
        elif column == "conclusion":
            shown[title] = [w.CONCLUSIONS.get(value, w.MISSING) for value in values]
        elif pd.api.types.is_float_dtype(values):
            digits, none = (
                (2, w.MISSING) if title == "ms" else (3, w.UNDEFINED)
            )  # a time is measured or is not
            shown[title] = [
                w.MISSING if not asked else none if pd.isna(v) else f"{v:.{digits}f}"
                for asked, v in zip(known, values, strict=True)
            ]
        else:
            shown[title] = [plain_line(value) for value in values]
    return shown.to_string(index=False)


def conclusion_lines(outputs: Sequence[Path], table: "pd.DataFrame") -> list[str]:
    """Return of each run what its chosen file is beside its original, as its report says; of a run without a choice, of each file.

    Args:
        outputs: Folders of the runs.
        table: See `compared`.
    """
    lines = []
    for folder in outputs:
        run = folder.resolve().name
        rows = table[table["run"] == run]
        rows = rows[[column for column in rows if column == "run" or column in _asked(table, run)]]
        chosen = rows[rows["winner"].astype(str) == "True"] if "winner" in rows else rows.iloc[:0]
        for row in (chosen if len(chosen) else rows).to_dict("records"):
            said = conclusion(row, *margins_in(folder))
            if not said and row.get("chain") == "original" and len(chosen):
                said = THE_ORIGINAL.removeprefix("It ")
            if said:
                line = f"{row['run']}: {row['variant']} {said.rstrip('.')}."
                lines.append(plain_line(told(line, counted_in(folder))))
    return lines


def not_learnt_lines(table: "pd.DataFrame") -> list[str]:
    """Return a sentence for every run and network whose original has not learnt, see `report.results`."""
    if "not_learnt" not in table:
        return []
    rows = table[table["not_learnt"].astype(object).fillna("").ne("")].drop_duplicates(
        ["run", "network", "seed"]
    )
    return [
        f"{row['run']}: the original {row['network']}, seed {row['seed']}, has NOT LEARNT ({row['not_learnt']}); nothing made from "
        "it can be trusted."
        for _, row in rows.iterrows()
    ]
