"""Who loses sensitivity or specificity when a file is exchanged and the threshold stays: one sentence for the report.

An AUROC knows only the order of films. A variant whose probabilities have all moved down reads as well by it, and sends
patients home who were called back before.
"""

from collections.abc import Mapping

import pandas as pd

from radlib import metrics


def lost_rates(decisions: pd.DataFrame, names: Mapping[str, str]) -> tuple[str, ...]:
    """Return a sentence on who was shown to lose sensitivity or specificity at the original's threshold.

    Both rates of all variants and findings are asked together, so their p-values are adjusted together (Holm).
    """
    frozen = decisions[(decisions["rule"] == "frozen") & (decisions["reason"] == "")]
    adjusted = metrics.holm([*frozen["p_sensitivity"], *frozen["p_specificity"]]).reshape(2, -1)
    several, lost = decisions["label"].nunique() > 1, []
    for rate, p_values in zip(("sensitivity", "specificity"), adjusted, strict=True):
        rows = frozen[(p_values < metrics.ALPHA) & (frozen[f"difference_{rate}"] < 0)]
        lost += [
            f"{names[row['variant']]}{', ' + row['label'] if several else ''} {-row[f'difference_{rate}']:.3f} {rate}"
            for _, row in rows.sort_values(f"difference_{rate}").iterrows()
        ]
    if not lost:
        return (
            "Frozen, no variant was shown to lose sensitivity or specificity (adjusted over all of them).",
        )
    return (
        f"Frozen, these were shown to lose, whatever their AUROC says (adjusted over all): {'; '.join(lost)}.",
    )
