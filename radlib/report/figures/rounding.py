"""Figures of 04_quantize, 16_round, 17_sensitivity: ranges of weights, the slope of a staircase, which layers may be coarse."""

from typing import Any

import numpy as np

from radlib.report.figures.style import ACCENT, KINDS, MUTED, new_axes, styled

NAMED = 5  # layers whose number stands beside their point


@styled
def clip_balance(curves: Any, found: Any = None, *, axes: Any = None) -> np.ndarray:
    """Draw what a range of the weights costs by rounding and by cutting off, as shares of their sum of squares, by bits.

    Args:
        curves: Mapping from the number of bits to a DataFrame as `techniques.rounding.clip_curve` returns it.
        found: Mapping from the number of bits to the error with a range of its own for each channel; None draws none.
        axes: One Axes per number of bits; None for a new figure.

    Example:
        >>> import pandas as pd
        >>> rows = {"range_share": [0.5, 1.0], "rounding": [0.01, 0.04], "clipping": [0.02, 0.0], "both": [0.03, 0.04]}
        >>> axes = clip_balance({4: pd.DataFrame(rows)}, {4: 0.02})
    """
    axes = new_axes((6.4, 0.8 + 2.0 * len(curves)), len(curves), 1, sharex=True) if axes is None else axes
    axes = np.atleast_1d(axes)
    for ax, (bits, curve) in zip(axes, curves.items(), strict=True):
        x = curve["range_share"]
        ax.plot(x, curve["rounding"], color=KINDS["quantized"], lw=1.2, label="rounded within")
        ax.plot(
            x, curve["clipping"].where(curve["clipping"] > 0), color=KINDS["pruned"], lw=1.2, label="cut off"
        )
        ax.plot(x, curve["both"], color="black", lw=1.8, label="both")
        best = curve.loc[curve["both"].idxmin()]
        ax.plot(best["range_share"], best["both"], "o", color="black", ms=6)
        if found is not None:
            colour = KINDS["pruned and quantized"]
            ax.axhline(found[bits], color=colour, lw=1.4, ls=(0, (4, 3)), label="OCTAV, a range per channel")
        ax.set(title=f"{bits} bits", yscale="log", xlim=(0, 1.02), ylabel="share of squared weights")
        ax.xaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    lowest = min(float(curve["both"].min()) for curve in curves.values())
    for ax in axes:
        ax.set_ylim(lowest / 8, 2)
    axes[-1].set_xlabel("range, share of the largest weight")
    handles, names = axes[0].get_legend_handles_labels()
    axes[0].figure.legend(handles, names, loc="outside upper left", ncols=2)
    return axes


@styled
def straight_through(clip: float = 1.0, bits: int = 3, *, axes: Any = None) -> np.ndarray:
    """Draw a weight against what the network computes with, and the slope that training is told.

    Args:
        clip: End of the grid, greater than 0.
        bits: Of a code; few, so that steps can be seen.
        axes: Two Axes; None for a new figure.

    Example:
        >>> axes = straight_through(bits=3)
    """
    axes = new_axes((9.0, 2.8), 1, 2) if axes is None else axes
    steps = 2 ** (bits - 1) - 1
    weight = np.linspace(-1.5 * clip, 1.5 * clip, 1201)
    rounded = np.clip(np.round(weight / clip * steps), -steps, steps) * clip / steps
    axes[0].plot(
        weight, weight.clip(-clip, clip), color=MUTED, lw=1.2, ls=(0, (4, 3)), label="as if not rounded"
    )
    axes[0].plot(weight, rounded, color=KINDS["quantized"], lw=1.8, label="rounded")
    axes[0].set(xlabel="weight that is kept", ylabel="weight that computes", title="forward")
    axes[0].legend(loc="upper left")
    axes[1].axhline(0, color=KINDS["quantized"], lw=1.8, label="true slope: 0, and jumps")
    axes[1].plot(weight, np.abs(weight) <= clip, color=ACCENT, lw=1.8, label="slope that is used")
    axes[1].set(xlabel="weight that is kept", ylabel="slope", title="backward", ylim=(-0.1, 1.5))
    axes[1].legend(loc="upper left")
    return axes


@styled
def layer_sensitivity(
    layers: Any, together: Any, largest_noise: float | None = None, *, worse: Any = None, axes: Any = None
) -> np.ndarray:
    """Draw by how much the answers move when one layer is coarse, and when ever more layers are.

    Args:
        layers: DataFrame with `weights` and `noise` of each layer, in the order of the network; the noisiest are numbered.
        together: DataFrame with `share` of int8's bytes and `noise`, as more and more layers become coarse.
        largest_noise: How far the answers may move; None draws no line.
        worse: As `together`, in another order of the layers; None draws none.
        axes: Two Axes; None for a new figure.

    Example:
        >>> import pandas as pd
        >>> layers = pd.DataFrame({"weights": [90, 4000, 9000], "noise": [0.4, 0.02, 0.03]})
        >>> axes = layer_sensitivity(layers, pd.DataFrame({"share": [1.0, 0.8, 0.5], "noise": [0.0, 0.02, 0.04]}), 0.1)
    """
    axes = new_axes((9.2, 3.2), 1, 2) if axes is None else axes
    axes[0].plot(layers["weights"], layers["noise"], "o", ms=5, color=KINDS["quantized"])
    for number in layers["noise"].reset_index(drop=True).nlargest(NAMED).index:
        point = layers["weights"].iloc[number], layers["noise"].iloc[number]
        axes[0].annotate(number + 1, point, (6, 0), textcoords="offset points", va="center", color=MUTED)
    axes[0].set(
        xscale="log", yscale="log", xlabel="weights of the layer", ylabel="noise with 4 bits in it alone"
    )
    axes[0].set_title("one layer at a time")
    if worse is not None:
        axes[1].plot(
            worse["share"], worse["noise"], "s:", ms=4, color=MUTED, label="the most sensitive first"
        )
    axes[1].plot(
        together["share"],
        together["noise"],
        "o-",
        ms=4,
        color=KINDS["quantized"],
        label="the least sensitive first",
    )
    if largest_noise is not None:
        axes[1].axhline(largest_noise, color=MUTED, lw=1.2, ls=(0, (4, 3)), label="as far as allowed")
    axes[1].legend(loc="best")
    axes[1].set(xlabel="weights' bytes, share of int8's", ylabel="noise of all coarse layers")
    axes[1].set_title("ever more layers")
    axes[1].xaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    return axes
