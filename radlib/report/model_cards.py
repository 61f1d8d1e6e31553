"""A card for every variant: what somebody who is handed the file alone must know before using it.

Plain Markdown, in the order of Mitchell et al. (2019): what it is, what it was made from, how well it does and for
whom, and what it is not. Every number stands in the report's tables; nothing is worked out here.

References:
    Mitchell et al. (2019). Model cards for model reporting. FAT*, arXiv 1810.03993.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from radlib import __version__
from radlib.evaluation.conclusions import THE_ORIGINAL, conclusion
from radlib.evaluation.learnt import alarm
from radlib.foundation.record_files import read_object
from radlib.report import wording as w
from radlib.report.blocks import Cell, Command, Page, Section, Table, Text, told_page
from radlib.report.cells import LABEL_METRICS
from radlib.report.devices import device_facts
from radlib.report.looks import looks_caution
from radlib.report.losses import harm_sentence, nobody_knows, unharmed_sentence
from radlib.report.methods import caveats, methods
from radlib.report.readings import Readings
from radlib.report.shift_section import caution
from radlib.report.split_words import split_table
from radlib.report.threshold_words import decided_at
from radlib.report.usefulness import card_lines
from radlib.runs.imported_networks import ARCHITECTURE as IMPORTED
from radlib.runs.variants import REBUILT, Variant

FOLDER = "cards"
USE = (
    "Meant for research on how compression changes a network. Not a medical device: no decision about a patient may "
    "rest on it, and what it does on films of the place where you are is for that place to find out first."
)


def card_path(run_folder: Path, variant: Variant) -> Path:
    """Return where the card of a variant lies."""
    return run_folder / FOLDER / f"{variant.key}.md"


def model_card(
    readings: Readings,
    variant: Variant,
    results: pd.DataFrame,
    labels: pd.DataFrame,
    evidence: Mapping[str, pd.DataFrame],
) -> Page:
    """Return the card of one variant.

    Args:
        readings: The files of the run.
        variant: Which.
        results: See `tables.results`.
        labels: See `tables.per_label`.
        evidence: The tables behind the verdicts, by name.
    """
    row = results.set_index("variant").loc[variant.name]
    own = {
        name: table[table["variant"] == variant.name]
        for name, table in evidence.items()
        if "variant" in table
    }
    return card(
        readings,
        variant,
        row,
        _scores(readings, row, labels[labels["variant"] == variant.name], own),
        _against(readings, row, own),
        methods(readings, results),
    )


def card(
    readings: Readings, variant: Variant, row: pd.Series, scores: tuple, against: tuple, how: tuple[str, ...]
) -> Page:
    """Return a card from what is said of one kind of question, and from what is said of all of them.

    Args:
        readings: The files of the run.
        variant: Which.
        row: Its row of results.
        scores: How well it reads, as blocks.
        against: What it lost beside its original, as blocks.
        how: The methods, a sentence or two each.
    """
    sections = [
        Section("What it is", (_identity(readings, variant, row), Text((USE,)))),
        Section("What it was made from", (*_films(readings), _steps(readings, variant))),
        Section("How films must be prepared", (_preparation(readings, variant),)),
        Section("How well it reads", scores),
        Section("Against its original", against),
        Section("Limits", (Text(caveats(readings), listed=True),)),
        Section("Methods", (Text(how, listed=True),)),
        Section("To check it by", (_hashes(variant), Command("radlib verify OUTPUT"))),
    ]
    page = Page(
        title=f"Model card: {variant.name}",
        study=readings.run.study.name,
        version=__version__,
        hero=None,
        headline=("Research only, not a medical device.",),
        notes=(readings.run.study.notes.strip(),) if readings.run.study.notes.strip() else (),
        sections=tuple(section for section in sections if section.blocks),
        alarm=_alarm(readings, variant),
        caution=caution(readings),
    )
    return told_page(page, readings.counted)


def _alarm(readings: Readings, variant: Variant) -> str:
    """Return what stands first on the card of a variant whose original has not learnt."""
    own = {variant.original}
    return alarm({name: reason for name, reason in readings.not_learnt.items() if name in own})


def _facts(rows: Mapping[str, str], caption: str = "") -> Table:
    cells = tuple((Cell(name), Cell(text)) for name, text in rows.items() if text and text != w.MISSING)
    return Table(("What", "Value"), cells, caption)


def _identity(readings: Readings, variant: Variant, row: pd.Series) -> Table:
    return _facts({
        "network": variant.network,
        "techniques": variant.chain_text,
        "question": f"{variant.task}: {', '.join(variant.labels)}",
        "input": " × ".join(map(str, variant.input_shape)) + ", grey in [0, 1], black is 0",
        "file": f"{Path(variant.file).name}, {w.human_bytes(variant.size_bytes)} ({variant.format})",
        "smaller than the original’s float32 weights": w.times(row["compression"]),
        "parameters": w.human_count(row["parameters"]),
        "latency, median of one film": f"{w.milliseconds(row['latency_p50_ms'])} ms, {row['runtime']}, "
        f"{row['device']}" if w.known(row["latency_p50_ms"]) else "",
        **device_facts(readings, variant),
        "seed of training": str(variant.seed),
    })  # fmt: skip


def _films(readings: Readings) -> tuple:
    dataset = readings.films.get("dataset", {})
    lines = [str(dataset[name]) for name in ("title", "licence", "citation") if dataset.get(name)]
    blocks: list[Any] = [Text(tuple(lines), quoted=True)] if lines else []
    if (table := split_table(readings)) is not None:
        blocks.append(table)
    return tuple(blocks)


def _steps(readings: Readings, variant: Variant) -> Table | Text:
    if not variant.chain:
        return Text((f"{_made(readings, variant)}; nothing was compressed.",))
    rows = tuple(
        (Cell(step.technique), Cell(", ".join(f"{k} = {v}" for k, v in step.parameters.items()) or "none"))
        for step in variant.chain
    )
    return Table(("Technique", "Parameters"), rows, f"Made from {variant.parent}, in this order")


def _made(readings: Readings, variant: Variant) -> str:
    """Return who trained an original: the study, unless it came with its weights and saw no film of the study."""
    if variant.architecture == IMPORTED:
        return "Trained elsewhere and brought into this run"
    own = (one.settings for one in readings.run.networks() if one.network == variant.network)
    untrained = any(settings.epochs == 0 for settings in own)
    return "Its weights are those of a file, as they were" if untrained else "Trained by the study"


def _preparation(readings: Readings, variant: Variant) -> Table | Text:
    path = readings.run.path("variants", variant.key, "preprocessing.json")
    if not path.is_file():
        return Text(
            ("The record of how films are prepared is missing: build the variant again before using it.",)
        )
    record = read_object(path, REBUILT)
    return _facts({name.replace("_", " "): str(value) for name, value in record.items()},
                  "radlib predict does this; another program must do exactly the same")  # fmt: skip


def _scores(
    readings: Readings, row: pd.Series, labels: pd.DataFrame, own: Mapping[str, pd.DataFrame]
) -> tuple:
    if labels.empty:
        return (Text(("It has not been scored on test films.",)),)
    wide = {label: table.set_index("metric") for label, table in labels.groupby("label", sort=False)}
    rows = tuple(
        (
            Cell(label, f"{table.iloc[0]['positives']:,.0f} of {w.plural(table.iloc[0]['films'], 'film')}"),
            *(Cell(w.rate(table.loc[m, "value"]), w.span(table.loc[m, "low"], table.loc[m, "high"])) for m in LABEL_METRICS),
        )
        for label, table in wide.items()
    )  # fmt: skip
    variant = next(v for v in readings.variants if v.name == row.name)
    threshold = f"{decided_at(readings, variant)} " if w.known(row["threshold"]) else ""
    useful = (Text(lines, listed=len(lines) > 1),) if (lines := card_lines(own["usefulness"])) else ()
    looks = (Text((warned,)),) if (warned := looks_caution(readings)) else ()
    caption = f"{threshold}{w.plural(row['films'], 'test film')} of {w.plural(row['patients'], 'patient')}, 95 % intervals over patients"
    return Table(("Finding", *LABEL_METRICS.values()), rows, caption), *useful, *looks


def _against(readings: Readings, row: pd.Series, own: Mapping[str, pd.DataFrame]) -> tuple:
    if row["chain"] == "original":
        return (Text((THE_ORIGINAL,)),)
    if row["not_learnt"]:
        return (Text((f"No verdict: the original has not learnt, as {row['not_learnt']}.",)),)
    said = conclusion(row, readings.run.settings.margin, readings.run.settings.rate_margin)
    lines = (
        [f"It {said}."]
        if said
        else [f"Not compared with its original. {row['verdict_reason'] or ''}".strip()]
    )
    for found in own["agreement"].itertuples():
        if not found.reason:
            lines.append(
                f"{found.label}: concordance of probabilities {w.rate(found.concordance)} "
                f"[{w.span(found.concordance_low, found.concordance_high)}]; 95 % of films change by "
                f"{w.signed_span(found.limit_low, found.limit_high)}."
            )
    frozen = own["decisions"]
    for found in (
        frozen[frozen["rule"].eq("frozen") & frozen["reason"].eq("")].itertuples() if len(frozen) else ()
    ):
        lines.append(
            f"{found.label}, at the original’s threshold: sensitivity differs by {w.signed(found.difference_sensitivity)}, specificity by "
            f"{w.signed(found.difference_specificity)}; {w.plural(found.films_to_positive, 'film')} "
            f"{'becomes' if found.films_to_positive == 1 else 'become'} positive, {w.plural(found.films_to_negative, 'film')} negative."
        )
    harmed = own["harm"]
    if len(harmed) and "verdict" in harmed:
        lost = harmed[harmed["harmed"] != ""]
        lines += [harm_sentence(r, row["label"]) for _, r in lost.iterrows()]
        lines += [] if len(lost) else [unharmed_sentence(harmed, readings.run.settings)]
    else:
        lines.append(nobody_knows(len(readings.groups) > 0))
    return (Text(tuple(lines), listed=True),)


def _hashes(variant: Variant) -> Table:
    return _facts({
        "sha256 of the model file": variant.sha256,
        "preprocessing record": variant.preprocessing,
        "specification": variant.spec,
        "name": variant.name,
    })  # fmt: skip
