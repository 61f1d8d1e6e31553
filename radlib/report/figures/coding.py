"""Figures of 14_miracle: what a code says about a weight, and what a block may cost while it is trained."""

from typing import Any

import numpy as np

from radlib.report.figures.style import ACCENT, KINDS, MUTED, new_axes, styled


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
    axes = new_axes((9.6, 3.0), 1, 3, sharex=True) if axes is None else axes
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
        ax.set(
            title=f"{max(bits[weight], 0):.1f} bits",
            xlabel="weight, in σ of the prior",
            ylim=(-0.2 * top, 1.1 * top),
        )
        ax.set_yticks([])
    handles, names = axes[0].get_legend_handles_labels()
    axes[0].figure.legend(handles, names, loc="outside upper right", ncols=4)
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
    ax = new_axes((7.4, 3.0)) if ax is None else ax
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
