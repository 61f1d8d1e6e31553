"""What a study's margins allow, in films and not in rates: how many more would be missed or called before anybody is warned.

A margin is a promise about people, and 0.05 says little. Of 1,000 films at a prevalence π, a sensitivity that is lower by m
misses up to 1000 · π · m more, a specificity that is lower by m calls up to 1000 · (1 − π) · m more for nothing, and both
together lower the net benefit by π · m + (1 − π) · m · w, where a needless call weighs w of a finding (Vickers and Elkin,
2006). An AUROC is the share of pairs, one film with and one without the finding, that are put in the right order, so its
margin counts pairs (Hanley and McNeil, 1982). Who finds that too much states smaller margins, before the test films are
opened; who finds it less than a reader differs from himself need not.

References:
    Vickers, Elkin (2006). Decision curve analysis: a novel method for evaluating prediction models. Medical Decision
    Making 26. Hanley, McNeil (1982). The meaning and use of the area under a ROC curve. Radiology 143. Piaggio et al.
    (2012). Reporting of noninferiority and equivalence randomized trials: extension of CONSORT 2010. JAMA 308, item 6.
"""

import numpy as np

from radlib.report import wording as w
from radlib.report.blocks import Text
from radlib.report.readings import Readings, label_names
from radlib.report.usefulness import stated_prevalence
from radlib.runs.settings import Settings
from radlib.runs.tasks import Task, task_of


def margin_sentences(readings: Readings) -> tuple[str, ...]:
    """Return what the study's margins allow, in films; none of outlines and boxes, whose margin is of their own measure.

    Args:
        readings: The files of the run; the prevalence is the study's, or that of the validation films.
    """
    variant = next((v for v in readings.variants if v.name in readings.validation), None)
    if variant is None or task_of(variant).record != Task.record:
        return ()
    settings = readings.run.settings
    stated = stated_prevalence(readings, variant)
    known = readings.validation[variant.name].y_true
    if len(label_names(variant)) > 1:
        return (_pairs(settings), *_of_findings(settings))
    return (_pairs(settings), *_of_one_finding(settings, stated or float(np.nanmean(known)), bool(stated)))


def margin_blocks(readings: Readings) -> tuple[Text, ...]:
    """Return the same as blocks of the report."""
    lines = margin_sentences(readings)
    return (
        (Text(("What the study’s margins allow a file that is called as good:",)), Text(lines, listed=True))
        if lines
        else ()
    )


def _pairs(settings: Settings) -> str:
    return (
        f"A loss of AUROC at its margin of {settings.margin:.3f}: of 1,000 pairs of a film with and one without the finding, "
        f"{w.decimals(1000 * settings.margin, 0)} more are put in the wrong order."
    )


def _of_findings(settings: Settings) -> tuple[str, str]:
    count = w.decimals(1000 * settings.rate_margin, 0)
    rate = f"{settings.rate_margin:.3f}"
    return (
        f"A loss of sensitivity at its margin of {rate}: of 1,000 films with a finding {count} more are missed.",
        f"A specificity that is lower by {rate}: of 1,000 films without the finding {count} more are called back for nothing. {_SPECIFICITY}",
    )


def _of_one_finding(settings: Settings, prevalence: float, stated: bool) -> tuple[str, str, str]:
    rate, margin = settings.rate_margin, f"{settings.rate_margin:.3f}"
    missed, needless = prevalence * rate, (1 - prevalence) * rate
    whose = "which the study states" if stated else "that of the validation films"
    both = missed + needless / settings.missed_cost
    return (
        f"A loss of sensitivity at its margin of {margin}: of 1,000 films at a prevalence of {100 * prevalence:.1f} %, {whose}, "
        f"{w.decimals(1000 * missed, 1)} more are missed.",
        f"A specificity that is lower by {margin}: {w.decimals(1000 * needless, 1)} more of them are called back for nothing. {_SPECIFICITY}",
        f"Both at once: a net benefit that is lower by {both:.4f} findings a film, of {prevalence:.4f} that the best reader could "
        f"have, where a missed finding weighs {settings.missed_cost:g} needless calls.",
    )


_SPECIFICITY = "Green does not exclude that: it asks that such a loss is not shown."
