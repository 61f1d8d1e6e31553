"""What a search tried: every file's size against how much worse it reads validation films than the best network."""

from typing import Any

from radlib.report.figures.style import KINDS, MUTED, kind_of, new_axes, size_axis, styled


@styled
def search_front(
    table: Any, *, size_kb: float = 0.0, tolerated: float = 0.0, taken: str = "", ax: Any = None
) -> Any:
    """Draw every file of a search, and the front that no file beats in both.

    Args:
        table: DataFrame with columns `network`, `chain`, `size_bytes`, `score` (probit scale) and `on_front`, see
            `evaluation.search.fronts.table`.
        size_kb: Of the budget, KB; 0 for none.
        tolerated: Loss on the probit scale that is none yet; shaded.
        taken: Network and chain of the file that was taken, `network chain`.
        ax: Axes to draw into; None for a new figure.

    Returns:
        The Axes.
    """
    ax = ax if ax is not None else new_axes((7.2, 4.4))
    best = table.loc[table["chain"] == "float32", "score"].max()
    loss = best - table["score"]
    for chain, rows in table.groupby("chain", sort=False):
        ax.scatter(rows["size_bytes"], loss[rows.index], s=22, color=KINDS[kind_of(chain)], alpha=0.75, lw=0)
    front = table[table["on_front"]].sort_values("size_bytes")
    ax.plot(front["size_bytes"], loss[front.index], color=MUTED, lw=1, drawstyle="steps-post", zorder=1)
    if tolerated:
        ax.axhspan(min(0.0, float(loss.min())), tolerated, color=MUTED, alpha=0.1, lw=0)
    if size_kb:
        ax.axvline(1000 * size_kb, color=MUTED, ls=(0, (4, 2)), lw=1)
    chosen = table[table["network"] + " " + table["chain"] == taken]
    ax.scatter(chosen["size_bytes"], loss[chosen.index], s=120, facecolors="none", edgecolors="black", lw=1.4)
    size_axis(ax.xaxis, table["size_bytes"])
    ax.set_xlabel("size of the model file")
    ax.set_ylabel("loss on validation films (probit scale)")
    ax.invert_yaxis()
    return ax
