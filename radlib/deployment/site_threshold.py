"""The operating point of a site: thresholds chosen anew on its own labelled films.

The rule is the one that chose on validation films; what it promises other patients of the site is measured
on patients that took no part in choosing (see `metrics.recalibrate`). Thresholds of several networks are comparable
only when each is chosen on films of the place of use. Films that the variant was trained on are left out: it knows
their answers. Whatever else does not count, rows without a film and films without an answer, is counted and said.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from radlib import metrics
from radlib.datasets.tables.site_tables import FILE, PATIENT, ROW, read_site_table
from radlib.deployment.own_films import Reading
from radlib.deployment.site_sentences import known, left_out, sentences
from radlib.deployment.threshold_files import write_thresholds
from radlib.evaluation.deciding import Answer, Decider, no_probability
from radlib.foundation.errors import DataError, RadlibError, UsageError
from radlib.foundation.extras import pandas as pd
from radlib.foundation.plain_text import plain_cell
from radlib.metrics.operating_points import ThresholdRule
from radlib.runs.counted import PATIENTS, SINGLE, told
from radlib.runs.seen_films import FILE as SEEN, SeenFilms, read_seen_films
from radlib.runs.tasks import Task

YOUDEN = ThresholdRule()
SEEN_UNKNOWN = "Nobody can say here whether the variant was trained on some of these films: its record of them is missing."
IMPORTED = "The network was trained elsewhere: whether on some of these films, nobody can say here."


@dataclass(frozen=True)
class Recalibration:
    """Thresholds of a site, and what they rest on.

    Attributes:
        found: One row per label: `label`, `threshold_before`, and what `metrics.recalibrate` returns.
        counts: What did not take part: `rows_without_film`, `films_without_row`, `films_without_number`,
            `training_films`, `rows_without_patient`; and `validation_films`, which did.
        lines: What is to be said, a sentence or two each.
        rule: By which they were chosen.
    """

    found: Sequence[Mapping[str, Any]]
    counts: Mapping[str, int] = field(default_factory=dict)
    lines: Sequence[str] = ()
    rule: ThresholdRule = YOUDEN

    @property
    def thresholds(self) -> list[float | None]:
        """One per label; the old one where none could be chosen, None where there was none, either."""
        return [float(row["threshold"]) if known(row["threshold"]) else None for row in self.found]

    @property
    def any_chosen(self) -> bool:
        """Whether a threshold was chosen for any label."""
        return any(not row["reason"] for row in self.found)

    def facts(self) -> dict[str, Any]:
        """Return all that a file of thresholds says of their origin."""
        evidence = {
            row["label"]: {k: _plain(v) for k, v in row.items() if k != "label"} for row in self.found
        }
        return {
            "chosen_on": "films of a site",
            "rule": str(self.rule),
            "evidence": evidence,
            "counts": dict(self.counts),
        }


def choose_anew(
    answers: Sequence[Answer],
    site: "pd.DataFrame",
    task: Task,
    before: Sequence[float | None],
    *,
    seen: SeenFilms | None = None,
    imported: bool = False,
    rule: ThresholdRule = YOUDEN,
) -> Recalibration:
    """Return a site's thresholds, what they promise, and what did not take part.

    Args:
        answers: Of the variant to the site's films.
        site: See `read_site_table`.
        task: Of the variant.
        before: The thresholds in use, one per label.
        seen: The films that the variant knows; None where nobody kept them.
        imported: Whether the network was trained elsewhere, on films that nobody here knows of.
        rule: By which a threshold is chosen.

    Raises:
        UsageError: When the variant decides without thresholds, or by one that is fixed.
        DataError: When no labelled film is among those that were read, or all of them are training films.
    """
    if task.exclusive:
        raise UsageError(
            "This variant names the most probable class, without a threshold; there is none to choose anew."
        )
    if task.fixed_rule:
        raise UsageError(
            f"This variant decides by a rule that is fixed ({task.fixed_rule}); there is none to choose anew."
        )
    by_file = {plain_cell(answer.file): answer for answer in answers}  # as the table of answers shows it
    site = site.assign(**{FILE: site[FILE].map(plain_cell)})
    there = site[FILE].isin(list(by_file))
    films = site[there]
    usable = films[FILE].map(lambda name: _is_usable(by_file[name], task)).astype(bool)
    splits = films[FILE].map(lambda name: _split(by_file[name], seen))
    kept = films[usable & (splits != "training")]
    _check_left(kept, films[usable])
    counts = {
        "rows_without_film": int((~there).sum()),
        "films_without_row": len(by_file) - len(films),
        "films_without_number": int((~usable).sum()),
        "training_films": int((splits == "training").sum()),
        "validation_films": int((splits[kept.index] == "validation").sum()),
        "rows_without_patient": int((kept[PATIENT] == "").sum()),
    }
    found = [_chosen(by_file, kept, task, place, before[place], rule) for place in range(len(task.labels))]
    said = left_out(counts, site.loc[~there, ROW].tolist(), len(site), len(kept))
    said += [IMPORTED] if imported else [SEEN_UNKNOWN] if seen is None else []
    alone = counts["rows_without_patient"] == len(kept)
    lines = [told(line, SINGLE if alone else PATIENTS) for line in sentences(found, len(kept))]
    return Recalibration(found, counts, [*lines, *said], rule)


def _is_usable(answer: Answer, task: Task) -> bool:
    return answer.outputs is not None and not no_probability(task.probabilities(answer.outputs[None]))


def _split(answer: Answer, seen: SeenFilms | None) -> str:
    return "" if seen is None or answer.outputs is None else seen.split_of(answer.image_id, answer.pixels)


def _check_left(kept: "pd.DataFrame", read: "pd.DataFrame") -> None:
    if read.empty:
        raise DataError(
            "None of the labelled files is among the films that could be read; 'file' must be the path below the folder, "
            "as radlib predict --with-files shows it."
        )
    if kept.empty:
        raise DataError(
            "The variant was trained on all of the labelled films; choose its threshold on others, of patients that it "
            "has not seen."
        )


def _chosen(
    by_file: Mapping[str, Answer],
    films: "pd.DataFrame",
    task: Task,
    place: int,
    before: float | None,
    rule: ThresholdRule,
) -> dict[str, Any]:
    """Return the row of one label."""
    label = task.labels[place]
    outputs = np.stack([by_file[name].outputs for name in films[FILE]])
    old = float("nan") if before is None else before
    own = films[FILE].where(films[PATIENT] == "", "")  # a film without a patient is a patient of its own
    patients = films[PATIENT].str.cat(own, sep="/")
    found = metrics.recalibrate(films[label], task.probabilities(outputs)[:, place], patients, old, rule=rule)
    return {"label": label, "threshold_before": old, **found}


def _plain(value: Any) -> Any:
    """Return a value as JSON has it, None where a number is undefined."""
    if isinstance(value, str):
        return value
    return (int(value) if isinstance(value, int | np.integer) else float(value)) if known(value) else None


def recalibrate_site(
    source: Path,
    reading: Reading,
    answers: Sequence[Answer],
    decider: Decider,
    labels: Path,
    keep_at: Path | None,
    say: Callable[[str], None],
) -> list[float | None]:
    """Choose a variant's thresholds anew, say what came of it, and keep them in a file.

    Args:
        source: Folder of the variant.
        reading: Whose answers they are.
        answers: To the site's films.
        decider: With the thresholds in use.
        labels: The site's table, see `read_site_table`.
        keep_at: The file; None for `<labels>.thresholds.json` beside the table, where that can be written.
        say: Takes a sentence for the user.

    Returns:
        The thresholds, one per label.
    """
    variant, task = reading.variant, decider.task
    found = choose_anew(
        answers,
        read_site_table(labels, task.labels),
        task,
        decider.thresholds,
        seen=read_seen_films(source / SEEN) or read_seen_films(source.resolve().parent.parent / SEEN),
        imported=variant.architecture == "imported",
        rule=ThresholdRule(**reading.record.get("threshold_rule", {})),
    )
    for line in found.lines:
        say(line)
    if found.any_chosen:
        path = keep_at or labels.with_name(f"{labels.stem}.thresholds.json")
        try:
            write_thresholds(path, variant, found.thresholds, found.facts())
            say(f"Kept in {path} for radlib predict --thresholds and radlib export --thresholds.")
        except RadlibError:
            if keep_at is not None:
                raise
            say(f"{path.name} could not be written; name a file with --keep-thresholds to keep them.")
    return found.thresholds
