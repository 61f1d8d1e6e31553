"""Figures of 14_miracle: one block's candidates, what a code says about a weight, and what a block may cost in training."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from radlib.report.figures.style import ACCENT, KINDS, MUTED, new_axes, size_axis, styled


@styled
def random_codes(block: Any, *, axes: Any = None) -> np.ndarray:
    """Draw prior, posterior and candidates of three weights of a block: with most, middling and least information.

    Args:
        block: Mapping with `mean` and `deviation` (B,), `candidates` (K, B), `shares` (K,) and `index`, as
            `techniques.miracle.example_block` returns it.
        axes: Three Axes; None for a new figure.

    Example:
        >>> block = {"mean": [0.5, 0, 0], "deviation": [0.2, 0.6, 1], "candidates": np.zeros((4, 3)),
        ...          "shares": [0.25] * 4, "index": 0}
        >>> axes = random_codes(block)
    """
    axes = new_axes((6.4, 5.4), 3, 1, sharex=True) if axes is None else axes
    mean, deviation = np.asarray(block["mean"], float), np.asarray(block["deviation"], float)
    drawn, shares = np.asarray(block["candidates"], float), np.asarray(block["shares"], float)
    bits = ((mean**2 + deviation**2 - 1) / 2 - np.log(deviation)) / np.log(2)
    order = np.argsort(-bits)
    x = np.linspace(-3.5, 3.5, 701)
    likely = np.argsort(shares)[-40:]  # the other candidates have no chance
    for ax, weight in zip(axes, order[[0, len(order) // 2, -1]], strict=True):
        q = np.exp(-0.5 * ((x - mean[weight]) / deviation[weight]) ** 2) / deviation[weight]
        ax.fill_between(x, np.exp(-0.5 * x**2), color=MUTED, alpha=0.2, lw=0, label="prior")
        ax.plot(x, q, color=KINDS["clustered or coded"], label="posterior")
        top = max(q.max(), 1.0)
        size = 8 + 90 * shares[likely] / shares.max()
        ax.scatter(drawn[likely, weight], np.full(len(likely), -0.09 * top), size, color=MUTED, alpha=0.5,
                   lw=0, label="likeliest candidates", zorder=3)  # fmt: skip
        ax.axvline(drawn[block["index"], weight], color=ACCENT, lw=1.2, label="sent")
        ax.set(title=f"{max(bits[weight], 0):.1f} bits", ylim=(-0.2 * top, 1.1 * top))
        ax.set_yticks([])
    axes[-1].set_xlabel("weight, in σ of the prior")
    handles, names = axes[0].get_legend_handles_labels()
    axes[0].figure.legend(handles, names, loc="outside upper left", ncols=4)
    return axes


@styled
def block_costs(history: Any, *, ax: Any = None) -> Any:
    """Draw what the blocks cost against their budget over the epochs, and the share of them that is coded.

    Args:
        history: DataFrame with columns `epoch`, `budget_bits`, `least_bits`, `most_bits` and `coded` (in [0, 1]).
        ax: Axes to draw into; None for a new figure.

    Example:
        >>> import pandas as pd
        >>> rows = {"epoch": [1, 2], "budget_bits": [30, 12], "least_bits": [29, 12], "most_bits": [31, 12], "coded": [0, 1]}
        >>> ax = block_costs(pd.DataFrame(rows))
    """
    ax = new_axes((6.4, 3.2)) if ax is None else ax
    epochs = history["epoch"]
    ax.fill_between(epochs, history["least_bits"], history["most_bits"], color=KINDS["clustered or coded"],
                    alpha=0.35, lw=0, label="cheapest to dearest block")  # fmt: skip
    ax.plot(epochs, history["budget_bits"], color="black", ls=(0, (4, 3)), lw=1.2, label="mean budget")
    ax.set(xlabel="epoch", ylabel="KL of a block, bits")
    ax.set_ylim(bottom=0)
    ax.xaxis.get_major_locator().set_params(integer=True)
    shares = ax.twinx()
    shares.step(epochs, history["coded"], where="mid", color=ACCENT, lw=1.4, label="coded blocks")
    shares.set(ylabel="share of blocks coded", ylim=(0, 1.02))
    shares.yaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    shares.grid(visible=False)
    both = [pair for each in (ax, shares) for pair in zip(*each.get_legend_handles_labels(), strict=True)]
    ax.figure.legend(*zip(*both, strict=True), loc="outside upper right", ncols=3)
    return ax


@styled
def block_candidates(candidates: Any, chances: Any, index: int, *, mean: Any, deviation: Any) -> np.ndarray:
    """Draw the encoder at work on one block: every candidate in numbers, how likely it is sent, and the one that was.

    Args:
        candidates: Of the block, (K, B), in standard deviations of the prior.
        chances: Of each to be sent, (K,), in sum 1.
        index: Of the one that was sent.
        mean: Of the posterior, (B,).
        deviation: Likewise, (B,).

    Returns:
        The Axes of the numbers and of the chances.

    Example:
        >>> axes = block_candidates([[0.1, 1.0], [0.9, -1.0]], [0.2, 0.8], 1, mean=[1, 0], deviation=[0.4, 1])
    """
    drawn, chances = np.asarray(candidates, float), np.asarray(chances, float)
    axes = new_axes((6.4, 0.9 + 0.27 * len(drawn)), 1, 2, sharey=True, width_ratios=(drawn.shape[1], 3))
    numbers, bars = axes
    numbers.imshow(drawn, cmap="RdBu", vmin=-5.5, vmax=5.5, aspect="auto")
    for (row, column), value in np.ndenumerate(drawn):
        numbers.text(column, row, f"{value:.1f}".replace("-", "−"), ha="center", va="center", fontsize=9)
    wanted = [f"wanted\n{m:.1f} ± {s:.1f}".replace("-", "−") for m, s in zip(mean, deviation, strict=True)]
    numbers.set_xticks(range(drawn.shape[1]), wanted)
    numbers.xaxis.tick_top()
    numbers.set_yticks(range(len(drawn)), [str(number) for number in range(len(drawn))])
    numbers.set_ylabel("number of the candidate")
    numbers.grid(visible=False)
    colours = [ACCENT if number == index else MUTED for number in range(len(drawn))]
    bars.barh(range(len(drawn)), chances, 0.7, color=colours)
    bars.annotate(
        f"sent: {index}",
        (chances[index], index),
        (5, 0),
        textcoords="offset points",
        va="center",
        color=ACCENT,
    )
    bars.set(xlabel="chance to be sent", xlim=(0, 1.35 * chances.max()))
    bars.xaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    bars.tick_params(axis="y", length=0)
    return axes


@styled
def index_bits(table: Any, *, cost_bits: float, ax: Any = None) -> Any:
    """Draw how far from its posterior a block arrives, over the bits of its index.

    Args:
        table: DataFrame with `bits` and `distance`, as `techniques.miracle.miracle_views.index_sweep` returns it.
        cost_bits: KL of the block, bits.
        ax: Axes to draw into; None for a new figure.

    Example:
        >>> import pandas as pd
        >>> ax = index_bits(pd.DataFrame({"bits": [0, 8], "distance": [40.0, 1.2]}), cost_bits=6.0)
    """
    ax = new_axes((6.4, 3.2)) if ax is None else ax
    ax.plot(table["bits"], table["distance"], "o-", ms=4, color=KINDS["clustered or coded"])
    ax.axvline(cost_bits, color="black", lw=0.9, ls=(0, (4, 3)))
    ax.annotate("cost of the block", (cost_bits, 1), (-5, -2), xycoords=("data", "axes fraction"),
                textcoords="offset points", ha="right", va="top")  # fmt: skip
    ax.axhline(1, color=MUTED, lw=0.9)
    ax.set_yscale("log")
    ax.yaxis.get_major_locator().set_params(subs=(1, 2, 5))
    ax.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
    ax.yaxis.set_minor_formatter(lambda value, _: "")
    ax.set(xlabel="bits of the index", ylabel="distance of what arrives,\nin posterior variances")
    return ax


@styled
def rate_curves(curves: Mapping[str, Any], *, ax: Any = None) -> Any:
    """Draw what methods read with for the bytes of their files, a curve for each.

    Args:
        curves: {name: DataFrame with `size_bytes` and `auroc` with `_low` and `_high`}; the first is drawn in colour,
            the last, the original, in black.
        ax: Axes to draw into; None for a new figure.

    Example:
        >>> import pandas as pd
        >>> rows = pd.DataFrame([{"size_bytes": 3000, "auroc": 0.93, "auroc_low": 0.87, "auroc_high": 0.96}])
        >>> ax = rate_curves({"MIRACLE": rows, "original": rows})
    """
    ax = new_axes((6.4, 3.8)) if ax is None else ax
    looks = (KINDS["clustered or coded"], KINDS["pruned"], KINDS["quantized"], MUTED)
    for number, (name, table) in enumerate(curves.items()):
        colour = "black" if number and number == len(curves) - 1 else looks[number % len(looks)]
        table = table.sort_values("size_bytes")
        spans = np.abs(table[["auroc_low", "auroc_high"]].to_numpy().T - table["auroc"].to_numpy())
        ax.errorbar(table["size_bytes"], table["auroc"], yerr=spans, color=colour, fmt="vDso"[number % 4] + "-",
                    ms=6, capsize=3, label=name)  # fmt: skip
    size_axis(ax.xaxis, np.concatenate([table["size_bytes"].to_numpy(float) for table in curves.values()]))
    ax.set(xlabel="size of the file", ylabel="AUROC, validation films, 95 %")
    ax.figure.legend(*ax.get_legend_handles_labels(), loc="outside upper center", ncols=4)
    return ax
