"""Pairs of variants that a study wants compared with each other, over all seeds of training together.

A variant is judged against its original; a question such as "does training with rounding beat rounding afterwards?"
is about two *methods*. Such a pair belongs into the study before its test films are opened. Both are scored on the same
films, and the mean difference over the seeds has an error of two parts: other patients, and other trainings
(`metrics.pooled_test`). With one seed there is no second part, so which of two *files* reads better can be seen, and which
method would the next time cannot.
"""

from typing import Any

import numpy as np
import pandas as pd

from radlib import metrics
from radlib.report import wording as w
from radlib.report.blocks import Cell, Section, Table, Text
from radlib.report.draws import draw
from radlib.report.judgements import auroc_test
from radlib.report.readings import Readings, read
from radlib.runs.chains import canonical_chain
from radlib.runs.runs import Run
from radlib.runs.variants import Variant

COLUMNS = (
    "network", "before", "after", "seeds", "before_bytes", "after_bytes", "before_auroc", "after_auroc", "difference",
    "difference_low", "difference_high", "difference_lowest", "difference_highest", "better",
)  # fmt: skip


def pairs(run: Run, *, readings: Readings | None = None) -> pd.DataFrame:
    """Return the pairs of the setting `pairs`, one row per network that has both, over the seeds that have both.

    Args:
        run: The run; only its files are read.
        readings: Those files, when they were read before.

    Returns:
        DataFrame with the columns `COLUMNS`: labels, the number of seeds, mean sizes in bytes, mean AUROCs, their
        `difference` (after − before) with its 95 % interval over patients and seeds, the lowest and highest of one seed,
        and which is `better`: `before`, `after`, or empty where the interval holds zero or there is one seed only.
    """
    readings = readings or read(run)
    found = {(v.network, canonical_chain(v.chain_text), v.seed): v for v in readings.variants}
    rows = []
    for asked in run.settings.pairs:
        before, after = map(canonical_chain, asked)
        for network in dict.fromkeys(v.network for v in readings.variants):
            seeds = [v.seed for v in readings.variants if v.network == network and v.chain_text == "original"]
            both = [(found.get((network, before, seed)), found.get((network, after, seed))) for seed in seeds]
            if complete := [(one, other) for one, other in both if one and other]:
                rows.append(_row(readings, network, complete))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def pair_section(table: pd.DataFrame) -> Section:
    """Return the report's section on the pairs; one without blocks where the study names none.

    Args:
        table: See `pairs`.
    """
    title = "Which of two"
    if table.empty:
        return Section(title, ())
    several = table["network"].nunique() > 1
    words = {"before": "the first", "after": "the second", "": "cannot tell"}
    rows = tuple(
        (
            Cell(
                f"{row['network']}: {row['before']}" if several else row["before"],
                w.human_bytes(row["before_bytes"]),
            ),
            Cell(row["after"], w.human_bytes(row["after_bytes"])),
            Cell(w.rate(row["before_auroc"])),
            Cell(w.rate(row["after_auroc"])),
            Cell(w.signed(row["difference"]), w.signed_span(row["difference_low"], row["difference_high"])),
            Cell(
                w.plural(row["seeds"], "seed"),
                w.signed_span(row["difference_lowest"], row["difference_highest"])
                if row["seeds"] > 1
                else "",
            ),
            Cell(words[row["better"]]),
        )
        for row in table.to_dict("records")
    )
    text = _explained(table)
    columns = (
        "First",
        "Second",
        "AUROC of the first",
        "of the second",
        "Second − first",
        "Seeds",
        "Reads better",
    )
    return Section(
        title, (Text((text,)), Table(columns, rows, "Test films; below each variant the size of its file"))
    )


def _explained(table: pd.DataFrame) -> str:
    """Return what the difference of a pair is, and when one of both reads better."""
    alone = "of one seed nothing is said, as another training may turn it round."
    if (table["seeds"] == 1).all():
        return f"Pairs that the study names, each of one training; which of two reads better: {alone}"
    asked = ", without an adjustment for the number of pairs" if len(table) > 1 else ""
    return (
        "Pairs that the study names. The difference is the mean over the seeds of training, with its 95 % "
        "interval over patients and seeds together; below the number of seeds, the lowest and highest of one. One of two "
        f"reads better when the interval leaves zero out{asked}"
        + (f"; {alone}" if (table["seeds"] == 1).any() else ".")
    )


def _row(readings: Readings, network: str, both: list[tuple[Variant, Variant]]) -> dict[str, Any]:
    drawn = [(draw(readings, one), draw(readings, other)) for one, other in both]
    tests = [auroc_test(readings, one, other) for one, other in both]
    each = [test.difference for test in tests]
    low, high = metrics.two_sided(metrics.pooled_test(tests))
    aurocs = [[d["values"]["auroc"] if d else np.nan for d in side] for side in zip(*drawn, strict=True)]
    sizes = [[v.size_bytes for v in side] for side in zip(*both, strict=True)]
    values = (
        network, both[0][0].label, both[0][1].label, len(both), *map(np.mean, sizes), *map(np.mean, aurocs),
        np.mean(each), low, high, min(each), max(each), "after" if low > 0 else "before" if high < 0 else "",
    )  # fmt: skip
    return dict(zip(COLUMNS, values, strict=True))
