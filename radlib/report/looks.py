"""How often the test films had been looked at before this run's choice was scored, as people read it."""

from radlib.report import wording as w
from radlib.report.blocks import Text
from radlib.report.readings import Readings

UNCOUNTED = "How often these test films had been looked at before was not counted when they were scored."


def looks_caution(readings: Readings) -> str:
    """Return the warning where these test films are known to have been looked at before; else empty."""
    found = readings.looks
    if not found.get("scorings"):
        return ""
    counts = ", ".join(
        w.plural(found[name], noun)
        for name, noun in (("models", "model file"), ("networks", "network"), ("studies", "study"))
    )
    return (
        f"These test films had been looked at before this choice was scored: {w.plural(found['scorings'], 'scoring')} "
        f"logged ({counts}). Scores flatter whatever was learnt from those looks."
    )


def looks_lines(readings: Readings) -> tuple[str, ...]:
    """Return all that is known of earlier looks, a sentence each; nothing before the test films were scored."""
    found = readings.looks
    if not found:
        return (UNCOUNTED,) if readings.test else ()
    none = (
        "No earlier scoring of these test films is logged, beside this run, in the folder of outputs or among published "
        "results. A look that left no line there is not counted."
    )
    lines = [looks_caution(readings) or none]
    if found.get("unnamed"):
        lines.append(
            f"Of {w.plural(found['unnamed'], 'earlier scoring')} of as many films it was not noted yet which films they were."
        )
    if found.get("torn"):
        lines.append(f"Not readable in full: {w.plural(found['torn'], 'log')} of scorings.")
    return tuple(lines)


def looks_blocks(readings: Readings) -> tuple[Text, ...]:
    """Return the same as blocks of the report."""
    lines = looks_lines(readings)
    return (Text(lines, listed=len(lines) > 1),) if lines else ()
