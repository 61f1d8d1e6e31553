"""What was asked for and does not suit a network, with the reason: a result that has no row of numbers."""

import pandas as pd

from radlib.report.blocks import Cell, Section, Table

CAPTION = (
    "Asked for, and not suited to the network: there is no such variant, and the others are as they would be."
)


def refusal_section(refused: pd.DataFrame) -> Section:
    """Return the chains that networks refused; an empty section where there are none.

    Args:
        refused: See `refusals.refusal_table`.
    """
    if not len(refused):
        return Section("What does not apply", ())
    rows = tuple(
        (Cell(f"{row.network} · {row.chain}", f"seed {row.seed}"), Cell(row.reason))
        for row in refused.itertuples()
    )
    return Section("What does not apply", (Table(("asked for", "reason"), rows, CAPTION),))
