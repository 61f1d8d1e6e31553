"""Who loses sensitivity or specificity when a file is exchanged and the threshold stays: one sentence for the report.

An AUROC knows only the order of films. A variant whose probabilities have all moved down reads as well by it, and sends
patients home who were called back before.
"""

from collections.abc import Mapping

import pandas as pd

from radlib.runs.settings import Settings


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
    return (
        f"Frozen, these lose more than the margin of {margin}, whatever their AUROC says (not adjusted): {'; '.join(lost)}.",
    )
