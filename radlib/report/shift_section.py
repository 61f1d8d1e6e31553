"""Whether the test films are of the kind that everything was chosen on, as people read it: over the winner, and in full."""

from radlib import metrics
from radlib.evaluation.answers import Predictions
from radlib.evaluation.film_shift import is_shifted, shift_banner, told_apart_words
from radlib.evaluation.mean_confidence import film_confidence
from radlib.report import wording as w
from radlib.report.blocks import Cell, Section, Table, Text
from radlib.report.readings import Readings, record_of
from radlib.runs.tasks import Task, task_of
from radlib.runs.variants import Variant

TITLE = "Are the test films of the kind that was chosen on"
SHOWN = 6  # features; shift.json has all
METHOD = (
    "Asked before a test film was scored, and without any label: a classifier that knows grey levels, contrast, sharpness and "
    "framing of each film tries to tell test from validation films of patients that it was not trained on (Lopez-Paz and "
    "Oquab, 2017); the p-value is from dealing the two names anew among patients. It tells a difference, not a harm."
)


def caution(readings: Readings) -> str:
    """Return the sentence over the winner when validation scores do not carry over; empty when they may."""
    return shift_banner(readings.shift)


def shift_section(readings: Readings) -> Section:
    """Return what was found before the test films were opened, and how sure the networks were of them afterwards."""
    found = readings.shift
    if not found:
        return Section(TITLE, ())
    if found["reason"]:
        return Section(TITLE, (Text((shift_sentence(readings),)),))
    return Section(
        TITLE,
        (Text((shift_sentence(readings), METHOD)), _feature_table(readings), *_confidence_tables(readings)),
    )


def shift_sentence(readings: Readings) -> str:
    """Return whether test and validation films are of one kind, as far as anybody can tell; empty before anybody asked."""
    found = readings.shift
    if not found:
        return ""
    sizes = " and ".join(
        f"{w.plural(films, name)} of {w.plural(patients, 'patient')}"
        for films, patients, name in zip(
            found["films"], found["patients"], ("validation film", "test film"), strict=True
        )
    )
    if found["reason"]:
        return f"Nobody can tell from {sizes}: {found['reason']}."
    return (
        f"The test films are of another kind: {sizes} are {told_apart_words(found)}. What was chosen on the first need not hold for the second."
        if is_shifted(found)
        else f"No difference that matters was found: {sizes} are {told_apart_words(found)}."
    )


def _feature_table(readings: Readings) -> Table:
    rows = tuple(
        (
            Cell(each["meaning"], each["aspect"]),
            Cell(f"{each['first']:.3f}".replace("-", "−")),
            Cell(f"{each['second']:.3f}".replace("-", "−")),
            Cell(f"{100 * each['auroc']:.0f} of 100", "", "bad" if each["p"] <= 0.05 else ""),
            Cell("< 0.01" if each["p"] < 0.01 else f"{each['p']:.2f}"),
        )
        for each in readings.shift["features"][:SHOWN]
    )
    columns = ("What differs most", "Validation, median", "Test, median", "Larger in the test film", "p")
    return Table(columns, rows, "In pairs of a validation and a test film; p adjusted over all features")


def _confidence_tables(readings: Readings) -> tuple[Table, ...]:
    """Return how sure the winner and its original were of both sets; a network that is less sure may have lost its footing."""
    winner = next((v for v in readings.variants if v.name == readings.selection.get("winner")), None)
    original = readings.original(winner) if winner is not None else None
    rows = []
    with_confidence = record_of(readings) == Task.record  # an outline has none of its own
    for variant in {v.name: v for v in (original, winner) if v is not None and with_confidence}.values():
        pair = readings.validation.get(variant.name), readings.test.get(variant.name)
        if pair[0] is not None and pair[1] is not None:
            rows.append(_confidence_row(variant, *pair))
    if not rows:
        return ()
    columns = ("Mean confidence", "Validation", "Test", "Change")
    return (
        Table(columns, tuple(rows), "Probability of the likelier answer, with a 95 % interval over patients"),
    )


def _confidence_row(variant: Variant, validation: Predictions, test: Predictions) -> tuple[Cell, ...]:
    before, after = (film_confidence(task_of(variant), answers.y_prob) for answers in (validation, test))
    change, low, high = metrics.mean_difference(before, after, validation.patient_id, test.patient_id)
    return (
        Cell(variant.label),
        Cell(w.rate(before.mean())),
        Cell(w.rate(after.mean())),
        Cell(w.signed(change), w.signed_span(low, high), "bad" if high < 0 else ""),
    )
