"""What a search tried: every file's size against how much worse it reads validation films than the best network."""

from typing import Any

from radlib.report.figures.style import KINDS, MUTED, VALIDATION, kind_of, new_axes, size_axis, styled
from radlib.runs.tasks import measure_word


@styled
def search_front(
    table: Any,
    *,
    size_kb: float = 0.0,
    tolerated: float = 0.0,
    taken: str = "",
    scale: str = "on the probit scale",
    ax: Any = None,
) -> Any:
    """Draw every file of a search, and the front that no file beats in both.

    Args:
        table: DataFrame with columns `network`, `chain`, `size_bytes`, `score` and `on_front`, see
            `evaluation.search.fronts.file_table`.
        size_kb: Of the budget, KB; 0 for none.
        tolerated: Loss that is none yet; shaded.
        taken: Network and chain of the file that was taken, `network chain`.
        scale: On which files are compared, see `evaluation.search.files.scale_words`.
        ax: Axes to draw into; None for a new figure.

    Returns:
        The Axes.

    Example:
        >>> ax = search_front(pd.DataFrame(file_table(trials)), size_kb=150)  # doctest: +SKIP
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
    ax.set_ylabel(f"loss on validation films ({scale.removeprefix('on the ').removeprefix('in ')})")
    ax.invert_yaxis()
    return ax


@styled
def search_curves(rows: Any, *, measure: str = "auroc", ax: Any = None) -> Any:
    """Draw how every network of a search read validation films after each epoch, and where it was stopped.

    Args:
        rows: DataFrame with columns `trial`, `network`, `state`, `epoch` and that measure, see `evaluation.search.fronts.curves`.
        measure: What the task measures.
        ax: Axes to draw into; None for a new figure.

    Returns:
        The Axes.

    Example:
        >>> ax = search_curves(pd.DataFrame(curves(trials)))  # doctest: +SKIP
    """
    ax = ax if ax is not None else new_axes((7.2, 3.6))
    for _, one in rows.groupby("trial", sort=False):
        finished = one["state"].iloc[0] == "finished"
        colour = VALIDATION if finished else MUTED
        ax.plot(one["epoch"], one[measure], color=colour, lw=1.4 if finished else 1, alpha=0.9)
        ax.plot(
            one["epoch"].iloc[-1:],
            one[measure].iloc[-1:],
            color=colour,
            marker="o" if finished else "x",
            ms=6,
            ls="",
        )
    for name, colour, marker in (("finished", VALIDATION, "o"), ("stopped", MUTED, "x")):
        ax.plot([], [], color=colour, marker=marker, ms=6, label=name)
    ax.set(xlabel="epoch", ylabel=f"{measure_word(measure)} on validation films")
    ax.xaxis.get_major_locator().set_params(integer=True)
    ax.legend(loc="lower right")
    return ax
