"""Whether the study's gate was met: the winner of the validation films, confirmed by the test films or not."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from radlib.evaluation.conclusions import conclusion
from radlib.evaluation.gate import gate_of
from radlib.evaluation.learnt import alarm
from radlib.foundation.errors import QualityGateError
from radlib.report import wording as w
from radlib.report.boxes.box_judgements import judge_boxes, judge_boxes_beside
from radlib.report.judgements import ALL_COLUMNS, conclude, judge_pairs, judge_variants
from radlib.report.outlines.outline_judgements import judge_outlines, judge_outlines_beside
from radlib.report.readings import Readings, read, record_of
from radlib.runs.counted import told
from radlib.runs.runs import Run
from radlib.runs.tasks import Task, task_of
from radlib.runs.variants import Variant


@dataclass(frozen=True)
class Outcome:
    """What became of a gate.

    Attributes:
        passed: True and False; None while the winner has no answers to the test films.
        sentence: The same in words.
    """

    passed: bool | None
    sentence: str


def _measure_word(readings: Readings) -> str:
    return next((task_of(variant).measure_word for variant in readings.variants), Task.measure_word)


def gate_outcome(readings: Readings) -> Outcome | None:
    """Return whether the gate was met; None where the study has none, or nothing was chosen yet."""
    found = _outcome(readings)
    return found and Outcome(found.passed, told(found.sentence, readings.counted))


def _outcome(readings: Readings) -> Outcome | None:
    gate = readings.selection.get("gate")
    demanded = gate["demand"] if gate else str(gate_of(readings.run.settings, _measure_word(readings)) or "")
    if readings.not_learnt and demanded:  # which can be known before anything was chosen
        return Outcome(False, f"{alarm(readings.not_learnt)} The gate ({demanded}) is not met.")
    if not gate:
        return None
    titles = {v.name: v.label for v in readings.variants}
    if len(set(titles.values())) < len(titles):
        titles = {name: name for name in titles}
    if gate["winner"] is None:
        nearest = gate["nearest"]
        text = f"No variant meets the gate ({gate['demand']}) on validation films"
        if nearest is None:
            return Outcome(False, text + ".")
        fails = " and ".join(gate["variants"][nearest]["fails"])
        return Outcome(False, f"{text}; nearest is {titles.get(nearest, nearest)}, which fails by: {fails}.")
    name, entry = titles.get(gate["winner"], gate["winner"]), gate["variants"][gate["winner"]]
    chosen = (
        f"{name}, {w.human_bytes(entry['size_bytes'])}, meets the gate ({gate['demand']}) on validation films"
    )
    if gate["winner"] not in readings.test:
        return Outcome(None, f"{chosen}; the test films have not been scored yet.")
    if not gate["noninferior"] or entry["verdict"] == "original":
        return Outcome(True, f"{chosen}; the test films have no say in it.")
    judged = _judged(readings, gate["winner"], entry.get("reference", ""))
    if judged is None:
        return Outcome(False, f"{chosen}, but its original is missing.")
    settings = readings.run.settings
    points = readings.thresholds(next(v for v in readings.variants if v.name == gate["winner"]))
    judged |= {"threshold": points[0] if len(points) == 1 else float("nan")}  # as in a table of results
    said = conclusion(judged, settings.margin, settings.rate_margin)
    if judged["conclusion"] == "as good":
        return Outcome(True, f"{chosen}, and the test films confirm it: it {said}.")
    return Outcome(False, f"{chosen}, but the test films do not confirm it: it {said}.")


def _judged(readings: Readings, winner: str, reference: str) -> dict | None:
    """Return the test films' verdict on the winner, against what it was judged against on validation films."""
    judge, beside = JUDGES[record_of(readings)]
    rows = judge(readings)
    if not reference:
        return rows.get(winner)
    named = {variant.name: variant for variant in readings.variants}
    if reference not in named or winner not in named:
        return None
    return beside(readings, rows, named[reference], named[winner])


def _labels_beside(readings: Readings, rows: dict, reference: Variant, winner: Variant) -> dict:
    """Return the verdicts on a winner: its AUROC beside another network's original, beside its own what becomes of patients."""
    beside_it = judge_pairs(readings, [(reference, winner)]).to_dict("records")[0]
    row = rows.get(winner.name, dict.fromkeys(ALL_COLUMNS, "")) | beside_it
    own = ("verdict_sensitivity", "verdict_specificity") if winner.name in rows else ()
    row |= {"verdict_sensitivity": row["verdict"], "verdict_specificity": ""} if not own else {}
    return row | {"conclusion": conclude(row)}


def _outlines_beside(readings: Readings, rows: dict, reference: Variant, winner: Variant) -> dict:
    """Return the verdict on a winner's outlines beside those of another network's original."""
    return judge_outlines_beside(readings, reference, winner)


def _boxes_beside(readings: Readings, rows: dict, reference: Variant, winner: Variant) -> dict:
    """Return the verdict on a winner's boxes beside those of another network's original."""
    return judge_boxes_beside(readings, reference, winner)


def check_gate(run: Run) -> str:
    """Return what became of the study's gate in one sentence; empty where there is none.

    Raises:
        QualityGateError: When an original has not learnt, no variant qualified, or the test films did not confirm the
            winner; the message names the nearest.
    """
    outcome = gate_outcome(read(run))
    if outcome is None:
        return ""
    if outcome.passed is False:
        raise QualityGateError(outcome.sentence)
    return outcome.sentence


JUDGES: Mapping[str, tuple[Callable[[Readings], dict], Callable[..., dict]]] = {
    "probabilities": (judge_variants, _labels_beside),
    "masks": (judge_outlines, _outlines_beside),
    "boxes": (judge_boxes, _boxes_beside),
}
