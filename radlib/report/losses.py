"""Who loses when a file is exchanged and the threshold stays: which file its rates, and which group of films what, in sentences.

An AUROC knows only the order of films. A variant whose probabilities have all moved down reads as well by it, and sends
patients home who were called back before.
"""

from collections.abc import Mapping

import pandas as pd

from radlib.report import wording as w
from radlib.runs.settings import Settings

MOST_NAMED = 12  # in one sentence, or one list
KINDS = {"age_group": "age", "sex": "sex", "view": "view", "source": "image source"}
TESTED = {"auroc": ("", "AUROC"), "sensitivity": ("_sensitivity", "sensitivity"),
          "specificity": ("_specificity", "specificity")}  # fmt: skip


def lost_rates(decisions: pd.DataFrame, names: Mapping[str, str], settings: Settings) -> tuple[str, ...]:
    """Return a sentence on whose interval of sensitivity or specificity, at the original's threshold, lies beyond the margin.

    An alarm is not adjusted for the number of variants.
    """
    frozen = decisions[(decisions["rule"] == "frozen") & (decisions["reason"] == "")]
    if frozen.empty:
        return ()
    several, lost = decisions["label"].nunique() > 1, []
    for rate in ("sensitivity", "specificity"):
        rows = frozen[frozen[f"difference_{rate}_high"] < -settings.rate_margin]
        lost += [
            f"{names[row['variant']]}{', ' + row['label'] if several else ''} {-row[f'difference_{rate}']:.3f} {rate}"
            for _, row in rows.sort_values(f"difference_{rate}").iterrows()
        ]
    margin = f"{settings.rate_margin:.3f}"
    if not lost:
        return (
            f"Frozen, no variant’s interval of sensitivity or specificity lies wholly beyond the margin of {margin}.",
        )
    more = f"; and {len(lost) - MOST_NAMED:,} more" if len(lost) > MOST_NAMED else ""
    return (
        f"Frozen, these lose more than the margin of {margin}, whatever their AUROC says (not adjusted): "
        f"{'; '.join(lost[:MOST_NAMED])}{more}.",
    )


def nobody_knows(groups_known: bool) -> str:
    """Return why nobody can say who would be harmed."""
    if groups_known:
        return "The groups of the test films could not be asked: nobody can say here who would be harmed."
    return (
        "Age, sex, view and source of the test films are not known: nobody can say here who would be harmed."
    )


def unharmed_sentence(harm: pd.DataFrame, settings: Settings) -> str:
    """Return what it means that no group was shown to lose: nothing where it was not shown to lose less either.

    Args:
        harm: Rows of `evidence.harm`, none of which is harmed; of one variant its groups are named.
        settings: Of the run: its margins.
    """
    verdicts = _verdicts(harm)
    if (verdicts == "undefined").all(axis=None):
        return "No group of test films was large enough to be asked: nobody can say here who would be harmed."
    safe = verdicts == "non-inferior"
    counts = ", ".join(
        f"{title} in {count:,}" for (_, title), count in zip(TESTED.values(), safe.sum(), strict=True)
    )
    said = (
        f"No group of test films was shown to lose more than {settings.margin:.3f} AUROC or {settings.rate_margin:.3f} "
        f"sensitivity or specificity. Shown to lose less than that, of {w.plural(len(harm), 'comparison')}: {counts}."
    )
    doubtful = harm[~safe.all(axis=1) & ~(verdicts == "undefined").all(axis=1)]
    if doubtful.empty:
        return said
    whom = f" in {_named(doubtful)}" if harm["variant"].nunique() == 1 else ""
    return f"{said} Of the others nobody can tell: a loss{whom} may hide behind too few patients."


def untested_sentence(harm: pd.DataFrame) -> str:
    """Return of which groups nobody can say anything, where others could be asked; empty where there are none."""
    unasked = (_verdicts(harm) == "undefined").all(axis=1)
    if unasked.all() or not unasked.any():
        return ""
    return f"Not tested, as these groups hold too few films of an answer: {_named(harm[unasked])}."


def _verdicts(harm: pd.DataFrame) -> pd.DataFrame:
    return harm[[f"verdict{suffix}" for suffix, _ in TESTED.values()]]


def _named(harm: pd.DataFrame) -> str:
    """Return the groups of some rows, each with its finding where there are several, of many the first."""
    several = harm["label"].nunique() > 1
    names = [
        f"{KINDS.get(row['by'], row['by'])} {row['group']}" + (f" ({row['label']})" if several else "")
        for _, row in harm.iterrows()
    ]
    more = f", and {len(names) - MOST_NAMED:,} more" if len(names) > MOST_NAMED else ""
    return f"{', '.join(names[:MOST_NAMED])}{more}"


def harm_sentence(row: pd.Series, variant: str) -> str:
    """Return who lost what, e.g. "int8, pneumonia: sex F loses 0.102 sensitivity [−0.140 to −0.064]"."""
    losses = [
        f"{-row[f'difference{suffix}']:.3f} {title} "
        f"[{w.signed_span(row[f'difference{suffix}_low'], row[f'difference{suffix}_high'])}]"
        for name, (suffix, title) in TESTED.items()
        if name in row["harmed"].split(", ")
    ]
    return f"{variant}, {row['label']}: {KINDS.get(row['by'], row['by'])} {row['group']} loses {' and '.join(losses)}."
