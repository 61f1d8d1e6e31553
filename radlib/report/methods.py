"""How the numbers of a report came about, in sentences that follow from the run's settings."""

import pandas as pd

from radlib.evaluation.threshold_rules import rule_of
from radlib.report import wording as w
from radlib.report.readings import Readings
from radlib.report.split_words import seeds_words, split_sentences, written_down
from radlib.report.threshold_words import CLASSES, chosen_on, threshold_lines
from radlib.runs.settings import Settings
from radlib.runs.tasks import task_of


def methods(readings: Readings, results: pd.DataFrame) -> tuple[str, ...]:
    """Return the methods, one sentence or two per line."""
    settings = readings.run.settings
    films = chosen_on(readings)
    decisions = (
        f"Decisions: {CLASSES}. "
        "Accuracy is the share of films given their class; AUROC, sensitivity and specificity are means over the "
        "classes, each against the rest. Choices: AUROC of validation films"
        if any(task_of(variant).exclusive for variant in readings.variants)
        else f"Choices: thresholds by {rule_of(settings).words}, on {films}"
    )
    return (
        split_sentences(readings),
        f"{decisions}; {winner_rule(readings, _smallest_safe(settings))}. {written_down(readings, 'Both were')}",
        *threshold_lines(readings),
        "Intervals: 95 %, clustered by patient. Of rates Wilson’s (1927), with the design effect of the patients’ "
        "films (Kish, 1965; Korn and Graubard, 1998) and never narrower below than the exact one; of the AUROC DeLong’s on "
        "the scale of logits (Pepe, 2003), and exact where no pair is in the wrong order. Of differences "
        "the margins that their tests do not reject. Of the Brier score, of agreement and of the change of confidence Student’s, with the "
        "patient who moves it most counted once more, on the scale of logits, on that of logarithms of the disagreement, and as it is; "
        f"of F1 the percentile bootstrap (Efron, 1979) over patients, {settings.bootstrap_draws:,} draws that all variants share.",
        f"Verdicts: one-sided tests at 5 % of the loss of AUROC (DeLong et al., 1988; Obuchowski, 1997; Sun and Xu, 2014) "
        f"against a margin of {settings.margin:.3f}, and of sensitivity and specificity at the original’s threshold against "
        f"{settings.rate_margin:.3f}, clustered by patient, with one more patient counted than were seen, lost entirely "
        f"(Gaffke, 2005; exact where patients are lost or not). {seeds_words(several_seeds(readings))} In order, each network "
        "by itself: its winner’s AUROC, sensitivity and specificity, and where the first two were shown its other chains (Holm, 1979; "
        "Bretz et al., 2009). Alarms, 95 % intervals wholly beyond the margin, "
        "are not adjusted; groups of films are asked as a whole first, adjusted over the groups, and findings behind them.",
        "AUROC: the probability that a film with the finding scores higher than one without, ties counting half "
        "(Hanley and McNeil, 1982). Calibration error: mean distance of predicted and observed share over ten bins of "
        "equal number (Naeini et al., 2015).",
        *cost_methods(settings, results),
    )


def caveats(readings: Readings) -> tuple[str, ...]:
    """Return what must not be read from a report or a card, a sentence each."""
    asked = [task_of(variant) for variant in readings.variants]
    anew = ", and choose the threshold anew on films of the place of use"
    chosen = not any(task.exclusive or task.fixed_rule for task in asked)
    seeds = " Where seeds are pooled the interval of the pooled difference covers the seed, too."
    return (
        "Research only, not a medical device: no decision about a patient may rest on these networks or numbers.",
        f"Films from other hospitals, machines and ages differ; expect other scores{anew if chosen else ''}.",
        "Intervals of a file cover the choice of test patients, not that of training patients, seed or hospital; they are not "
        f"widened for the number of variants compared.{seeds if several_seeds(readings) else ''}",
        "Latency and memory hold for the machine that they were measured on; other processors may order variants differently.",
    )


def winner_rule(readings: Readings, otherwise: str) -> str:
    """Return by which rule the winner was chosen: the study's gate where a file meets it, else that of the kind of question."""
    gate = readings.selection.get("gate", {})
    if not gate.get("winner"):
        return otherwise
    return f"the winner is the smallest file that meets the study’s gate, {gate['demand']}, on validation films as they are"


def _smallest_safe(settings: Settings) -> str:
    return (
        "the winner is the smallest chain, its seeds pooled, whose loss beside the better of its own original "
        f"and the best one has an upper 90 % bound of at most {settings.selection_loss:g} on the probit scale of AUROC "
        "(0.106: from 0.96 to 0.95), on validation films as they are and perturbed"
    )


def several_seeds(readings: Readings) -> bool:
    """Tell whether some chain was trained from several seeds, which its verdicts pool."""
    chains = [(variant.network, variant.chain_text) for variant in readings.variants]
    return len(set(chains)) < len(chains)


def cost_methods(settings: Settings, results: pd.DataFrame) -> tuple[str, ...]:
    """Return how costs came about and what films go in as, a sentence or two each: the same for all kinds of questions."""
    return (
        "Size: the length of the model file; KB = 1,000 bytes. Deflated: zlib, level 9. The baseline of every ratio is "
        "the original’s weights in float32 and nothing else.",
        *_measured(results),
        f"Input: {settings.image_size} × {settings.image_size} pixels, one grey channel in [0, 1]"
        + (f"; before it {', '.join(settings.operations)}" if settings.operations else "")
        + ".",
    )


def _measured(results: pd.DataFrame) -> tuple[str, ...]:
    """Return how times and memory were measured; nothing where nobody measured any."""
    if "latency_p50_ms" not in results or results["latency_p50_ms"].isna().all():
        return ()
    return (
        f"Latency: single films after warm-up, variants in turns{_latency(results)}. Peak memory: a fresh process that "
        "loads the runtime and the model and predicts once, less the same process without a model. Opening: from the file "
        "to a network that can be asked, decoding included. None of these is an estimate.",
    )


def _latency(results: pd.DataFrame) -> str:
    """Return on what and how the latencies were measured, as far as the table says."""
    timed = results[results["latency_p50_ms"].notna()]

    def each(column: str) -> str:
        return ", ".join(
            dict.fromkeys(str(value) for value in timed[column] if str(value) not in ("", "nan"))
        )

    threads = each("threads").replace(".0", "")
    parts = [
        w.plural(int(threads), "thread") if threads.isdecimal() else f"threads: {threads}" if threads else ""
    ]
    parts += [
        f"runtime: {each('runtime')}" if each("runtime") else "",
        f"delegate: {each('delegate')}" if each("delegate") else "",
    ]
    parts += [each("device")]
    return " (" + "; ".join(part for part in parts if part) + ")"
