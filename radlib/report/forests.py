"""The forests of a report: the winner's losses finding by finding, rarest first, and group by group."""

from collections.abc import Callable, Mapping

import pandas as pd

from radlib.report import figures
from radlib.report.losses import KINDS, TESTED
from radlib.report.readings import Readings
from radlib.runs.settings import Settings

LONGEST = 40  # rows that one picture can hold


def finding_rows(verdicts: pd.DataFrame, variant: str) -> pd.DataFrame:
    """Return the rows of `figures.forest` for a variant's findings, rarest first.

    Args:
        verdicts: See `judgements.verdicts`.
        variant: Its name.
    """
    rows = verdicts[verdicts["variant"] == variant].sort_values("prevalence", kind="stable")
    return rows.assign(
        name=rows["label"],
        count=[f"{p:,} of {n:,}" for p, n in zip(rows["positives"], rows["films"], strict=True)],
    )


def group_rows(harm: pd.DataFrame, variant: str) -> pd.DataFrame:
    """Return the rows of `figures.forest` for the groups of a variant's films, kind by kind.

    Args:
        harm: See `evidence.harm`.
        variant: Its name.
    """
    if harm.empty:
        return harm.assign(name=[], count=[])
    rows = harm[harm["variant"] == variant]
    several = rows["label"].nunique() > 1
    names = [
        f"{KINDS.get(kind, kind)} {group}" + (f", {label}" if several else "")
        for kind, group, label in zip(rows["by"], rows["group"], rows["label"], strict=True)
    ]
    counts = [f"{p:,} of {n:,}" for p, n in zip(rows["positives"], rows["films"], strict=True)]
    return rows.assign(name=names, count=counts)


def group_panels(settings: Settings) -> dict[str, tuple[str, float]]:
    """Return the panels of a forest of groups, with the margins of the study."""
    return {
        title: (suffix, settings.rate_margin if suffix else settings.margin)
        for suffix, title in TESTED.values()
    }


def draw_forests(readings: Readings, evidence: Mapping[str, pd.DataFrame], add: Callable) -> None:
    """Draw the forests of the winner, or of the first compressed variant where the original won."""
    verdicts, harm, settings = evidence["verdicts"], evidence["harm"], readings.run.settings
    variants = [v for v in readings.variants if v.chain and v.name in set(verdicts.get("variant", ()))]
    chosen = next(
        (v for v in variants if v.name == readings.selection.get("winner")), next(iter(variants), None)
    )
    if chosen is None:
        return
    legend = (
        f"{chosen.label} against its original, with 95 % intervals. Red: shown to lose more than the margin (dashed); "
        "green: shown to lose less; brown: cannot tell; grey: too few patients."
    )
    findings = finding_rows(verdicts, chosen.name)
    if 1 < len(findings) <= LONGEST and findings["difference"].notna().any():
        words = "; ".join(f"{r.label} {r.difference:+.3f}, {r.verdict}" for r in findings.itertuples())
        add("findings", lambda: figures.forest(findings, {"AUROC": ("", settings.margin)}),
            f"Change of AUROC by finding, rarest first. {words}.",
            f"Findings with their films, rarest first. {legend}")  # fmt: skip
    if "verdict" not in harm:
        return
    groups = group_rows(harm, chosen.name)
    harmed = groups[groups["harmed"] != ""] if len(groups) else groups
    lost = [
        f"{r['name']} in {r['harmed']}" for _, r in harmed.iterrows()
    ]  # those too that the picture has no room for
    if len(groups) > LONGEST:  # of many findings those that lost most in some group
        worst = (
            groups.groupby("label")["difference"]
            .min()
            .nsmallest(LONGEST // max(groups.groupby("label").size().max(), 1))
        )
        groups = groups[groups["label"].isin(worst.index)]
        legend += " Of all findings those that lost most in a group."
    if len(groups):
        add("groups", lambda: figures.forest(groups, group_panels(settings)),
            f"Changes within groups of films. Shown to be harmed: {'; '.join(lost) or 'none'}.",
            f"Groups with their films that have the finding. {legend}")  # fmt: skip
