"""The sentences that a hurried reader reads: what was chosen, how it did, and what these films could have shown at all."""

from collections.abc import Mapping
from statistics import NormalDist
from typing import Any

import pandas as pd

from radlib.evaluation.conclusions import FIRST_WORDS, TONES, chance_words, conclusion
from radlib.report import wording as w
from radlib.report.blocks import Text
from radlib.report.readings import Readings
from radlib.runs.settings import Settings

OF_LABELS = {"auroc": "AUROC", "accuracy": "accuracy"}  # what is told of how well a variant reads
FROM = 0.96  # the AUROC from which a loss on the probit scale is told, as few know that scale
# Of places, by the column that verdicts rest on: what is told of how well a variant answers.
OF_PLACES = {
    "dice": {"dice": "Dice", "failing_dice": "on one film in twenty at most"},
    "box_score": {"box_score": "box score", "boxes_found": "finds this share of the boxes by hand:"},
}


def allowed_loss(results: pd.DataFrame, settings: Settings) -> tuple[float, str]:
    """Return how much a winner may lose on validation films, as a number and in words."""
    for measure, titles in OF_PLACES.items():
        if measure in results:
            return settings.margin, f"{settings.margin:g} of {titles[measure]}"
    loss, normal = settings.selection_loss, NormalDist()
    to = normal.cdf(normal.inv_cdf(FROM) - loss)
    return loss, f"{loss:g} on the probit scale of AUROC (as from {FROM:.3f} to {to:.3f})"


def headline(results: pd.DataFrame, selection: Mapping[str, Any], settings: Settings) -> list[str]:
    """Return what was chosen and how it did on the test films, a sentence or two each.

    Args:
        results: See `tables.results`.
        selection: What `selection.json` holds.
        settings: Of the run: margins and the limit of the choice.
    """
    if not selection.get("winner") or not results.get("winner", pd.Series(dtype=bool)).any():
        return ["No variant has been chosen yet: thresholds and the winner come from validation films first."]
    row = results[results["winner"]].iloc[0]
    if row.get("not_learnt"):
        return [f"No verdict: the original has not learnt, as {row['not_learnt']}."]
    return [_choice_sentence(results, row, selection, settings), _test_sentence(row, selection, settings)]


def answer(results: pd.DataFrame, selection: Mapping[str, Any], settings: Settings) -> tuple[str, str]:
    """Return the one sentence that a report begins with, and how it is set off (`blocks.Cell`).

    Args:
        results: See `tables.results`.
        selection: What `selection.json` holds.
        settings: Of the run.
    """
    first = headline(results, selection, settings)[0]
    chosen = results[results["winner"]] if "winner" in results else results
    row = chosen.iloc[0] if len(chosen) else pd.Series(dtype=object)
    if row.get("not_learnt"):
        return first, "bad"
    if not selection.get("winner") or row.get("conclusion") not in FIRST_WORDS:
        return first, ""
    return f"{_subject(results, row)} {FIRST_WORDS[row['conclusion']]}.", TONES.get(row["conclusion"], "")


def chosen_by(results: pd.DataFrame, selection: Mapping[str, Any], settings: Settings) -> str:
    """Return by which rule the winner was chosen, as a sentence about it; empty where `answer` says so."""
    row = results[results["winner"]].iloc[0]
    if row.get("conclusion") not in FIRST_WORDS:
        return ""
    return _choice_sentence(results, row, selection, settings).replace(_subject(results, row), "It", 1)


def _subject(results: pd.DataFrame, row: pd.Series) -> str:
    """Return what a variant is called, what it weighs, and how much smaller than its original that is."""
    name = w.title_of(row, results["network"].nunique() > 1, results["seed"].nunique() > 1)
    ratio = row["compression"] if row["chain"] != "original" else float("nan")
    smaller = f", {w.smaller(ratio)} than the original’s weights" if w.known(ratio) else ""
    return f"{name} ({w.human_bytes(row['size_bytes'])}{smaller})"


def _choice_sentence(
    results: pd.DataFrame, row: pd.Series, selection: Mapping[str, Any], settings: Settings
) -> str:
    """Return what was chosen, and by which of the rules it was."""
    several = results["network"].nunique() > 1
    allowed = allowed_loss(results, settings)[1]
    if selection.get("gate", {}).get("winner"):
        how = "is the smallest file that meets the study’s demands on validation films"
    elif row["chain"] != "original":
        how = (
            f"is the smallest that cannot lose more than {allowed} by its upper 90 % bound, on validation films as they "
            "are and perturbed"
        )
    elif selection.get("nearest"):
        name = w.title_of(row, several, results["seed"].nunique() > 1)
        return f"{_why_original(results, selection, settings)} The original, {name}, weighs {w.human_bytes(row['size_bytes'])}."
    elif several:
        how = f"is the smallest network that cannot lose more than {allowed} beside the best"
    else:
        none = "was chosen" if (results["chain"] != "original").any() else "is there to choose"
        how = f"is an original; no compressed variant {none}"
    return f"{_subject(results, row)} {how}."


def _why_original(results: pd.DataFrame, selection: Mapping[str, Any], settings: Settings) -> str:
    """Return why an original won although there are compressed variants: none was safe, or none that is safe is smaller."""
    bounds = [
        bound
        for chains in selection.get("upper_losses", {}).values()
        for chain, bound in chains.items()
        if chain != "original" and bound is not None
    ]
    limit, allowed = allowed_loss(results, settings)
    if any(bound <= limit for bound in bounds):
        return "No compressed variant that was safe to choose on validation films is smaller."
    nearest = results[results["variant"] == selection["nearest"]]
    several = results["network"].nunique() > 1
    other = w.title_of(nearest.iloc[0], several, False) if len(nearest) else selection["nearest"]
    return (
        "No compressed variant was safe to choose: on validation films, as they are or perturbed, each may lose more "
        f"than {allowed}; {other} is nearest."
    )


def _test_sentence(row: pd.Series, selection: Mapping[str, Any], settings: Settings) -> str:
    if not w.known(row.get("films")):
        return " ".join(["It has not been scored on test films yet.", *forecast_sentences(selection)])
    films = f"On {w.plural(row['films'], 'test film')} of {w.plural(row['patients'], 'patient')}"
    told = next((titles for measure, titles in OF_PLACES.items() if measure in row), OF_LABELS)
    (name, title), (other, its_title) = told.items()
    area = f"{title} {w.rate(row[name])}{_bracket(row, name)}"
    if row["chain"] == "original" or not row.get("conclusion"):
        share = f"{its_title} {w.rate(row[other])}{_bracket(row, other)}"
        return f"{films} it reaches {area} and {share}."
    said = conclusion(row, settings.margin, settings.rate_margin)
    return f"{films} it reaches {area}. It {said}."


def _bracket(row: pd.Series, name: str) -> str:
    text = w.span(row[f"{name}_low"], row[f"{name}_high"])
    return f" [{text}]" if text else ""


def forecast_sentences(
    selection: Mapping[str, Any], who: str = " of the rarer answer", claim: str = "AUROC"
) -> list[str]:
    """Return what was said before the test films were opened about what they could show, a sentence per network.

    Args:
        selection: What `selection.json` holds.
        who: Which patients were counted; empty for all.
        claim: In what a variant without loss would be shown to have none, where the forecast does not say it.
    """
    lines = []
    for network, row in selection.get("before_test", {}).items():
        known = {name: float("nan") if value is None else value for name, value in row.items()}
        if not w.known(known["patients"]):
            continue
        chance = chance_words(known, row.get("claim", claim))
        lines.append(
            f"{network}, {known['chain']}: the test films hold {w.plural(known['patients'], 'patient')}{who}, "
            f"which cannot exclude losses concentrated in up to {100 * known['not_excluded']:.1f} % of patients; the margin "
            f"is {known['margin']:.3f}.{f' {chance}.' if chance else ''}"
        )
    return lines


def forecast_blocks(
    selection: Mapping[str, Any], who: str = " of the rarer answer", claim: str = "AUROC"
) -> tuple[Text, ...]:
    """Return the same as blocks of the report; none where nothing was said."""
    lines = forecast_sentences(selection, who, claim)
    when = "" if selection.get("added_after_test") else " before the test films were opened"
    said = (
        f"Said{when}, from validation films as they are and the number of test patients alone: where test films are harder, "
        "less can be shown."
    )
    return (Text((said,)), Text(tuple(lines), listed=True)) if lines else ()


def reading_legend(results: pd.DataFrame, readings: Readings) -> Text:
    """Return what the colours and words of the table of results mean."""
    margin, rate_margin = readings.run.settings.margin, readings.run.settings.rate_margin
    lines = [
        f"Beside its original: green, “as good”, where the loss of AUROC is shown to be less than {margin:.3f} and that of "
        f"sensitivity at the original’s threshold less than {rate_margin:.3f}, the study’s margins, and specificity is not "
        "shown to lose. Red, “loses”, where the 95 % interval of one of them lies wholly beyond its margin; no alarm is "
        "adjusted. The claims are put in an order, at 5 % for each network by itself, as its files are compared with its own original: "
        "first its winner, AUROC, then sensitivity, then specificity, each only where the one before was shown; then, only where the "
        "winner’s AUROC and sensitivity were shown, the network’s other chains by Holm’s rule. Nothing is claimed across networks; seeds "
        "of a chain are pooled. A claim counts one patient more than "
        "were seen, lost entirely, so that nothing is shown because nobody in the sample happened to be harmed.",
        "Smaller: the original’s weights in float32 over the bytes of the file.",
    ]
    chosen_with = readings.selection.get("margin", margin)
    if chosen_with != margin:
        lines.append(
            f"When the choice was made the margin of AUROC was {chosen_with:.3f}; it was changed since."
        )
    late = [v for v in readings.selection.get("added_after_test", []) if v in set(results.get("variant", ()))]
    if late:
        lines.append("Built after test films had been scored, by the same rule: " + ", ".join(late) + ".")
    return Text(tuple(lines))
