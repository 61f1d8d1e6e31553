"""How often had these test films been looked at before? Counted from the logs of all studies, before this choice is scored.

A study that is planned after a look at the test films knows something of them, however well it keeps them from its own
choices; scores on films that were looked at often are too good (Dwork et al., 2015, "The reusable holdout"). Each scoring
leaves a line in a log that names the set of films by a digest (`scoring_log`), so that other studies on the same films are
counted whatever size they prepared them to. Looks that left no line, and sets that overlap without being the same, are not.

Only counts are kept, so that nothing of another study is told.
"""

import contextlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from radlib.datasets.films import FilmSplits
from radlib.evaluation.choices import read_selection, selection_digest
from radlib.evaluation.scoring_log import FILE as LOG, films_digest, published_results, read_log
from radlib.foundation.record_files import remembered
from radlib.foundation.storage import spec_digest, write_json
from radlib.runs.runs import Run, outputs_root

FILE = "earlier_looks.json"
Row = Mapping[str, str]


def count_earlier_looks(run: Run, films: FilmSplits) -> dict[str, Any]:
    """Count the logged scorings of the run's test films before those of its choice, and write them to `earlier_looks.json`.

    Args:
        run: The run, with its `selection.json`. What was counted for this choice and these films is not counted again.
        films: Its films.

    Returns:
        What the file holds: `test_films` (their digest), `choice` (digests of what was chosen), `scorings`, `models`,
        `networks` and `studies` that were counted, `unnamed` (scorings of as many films, logged before it was noted of
        which), and `torn` (logs that could not be read in full).
    """
    named, choice = films_digest(films.test.image_ids), _choice(read_selection(run))
    stored = remembered(run.path(FILE))
    if stored.get("test_films") == named and set(choice) <= set(stored.get("choice") or ()):
        return stored
    found = {"test_films": named, "choice": choice, **_counted(run, named, len(films.test))}
    write_json(run.path(FILE), found)
    return found


def _choice(selection: Mapping[str, Any]) -> list[str]:
    """Return digests of what was chosen, without variants that came later; they were chosen by the rule that stood."""
    rule = [selection.get("rule"), selection.get("selection_loss"), selection.get("gate", {}).get("demand")]
    late = selection.get("added_after_test", ())
    return sorted(
        spec_digest({"rule": rule, "model": entry.get("model_sha256"), "threshold": entry.get("threshold")})
        for name, entry in selection["variants"].items()
        if name not in late
    )


def _counted(run: Run, named: str, films: int) -> dict[str, int]:
    logs = {path: read_log(path) for path in _logs(run)}
    current = selection_digest(run)
    own = {_key(row): row["date"] for row in logs.get(run.path(LOG).resolve(), ([], True))[0]
           if row["selection"] == current}  # fmt: skip  # of a run that was scored before looks were counted
    opened = min(own.values(), default="")
    lines = {_key(row): row for rows, _ in logs.values() for row in rows}
    before = [row for key, row in lines.items() if key not in own and not (opened and row["date"] > opened)]
    same = [row for row in before if row["test_films"] == named]
    return {
        "scorings": len(same),
        "models": len({row["model"] for row in same}),
        "networks": len({row["variant"].partition("/")[0] for row in same}),
        "studies": len({row["study"] for row in same}),
        "unnamed": sum(not row["test_films"] and row["films"] == str(films) for row in before),
        "torn": sum(not whole for _, whole in logs.values()),
    }


def _key(row: Row) -> tuple[str, ...]:
    """Return what makes two lines one scoring: a log is copied where results are published."""
    return tuple(row[name] for name in ("date", "study", "variant", "model", "test_films"))


def _logs(run: Run) -> list[Path]:
    """Return the logs of all runs beside this one and of the usual folder of outputs, and those that are published."""
    found: set[Path] = set()
    for folder, pattern in (
        (run.folder.parent, f"*/{LOG}"),
        (outputs_root(), f"*/{LOG}"),
        (published_results(), f"**/{LOG}"),
    ):
        with contextlib.suppress(OSError):  # a folder that cannot be listed tells of no look
            found |= {path.resolve() for path in folder.glob(pattern)}
    return sorted(found)
