"""The best reader under each limit of size: what to take when the device has room for so many bytes.

The winner of a study is the smallest file that still reads as well as its original. A device asks the other way
round: of all files that fit, which reads best? Both are answered on validation films. Where thresholds were chosen on
validation films with other exposure and framing, those decide here too, since on the films as they are good networks
differ by less than chance.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from radlib.runs.variants import Variant


def best_within(
    limits_kb: Sequence[float],
    variants: Sequence[Variant],
    entries: Mapping[str, Mapping[str, Any]],
    measure: str = "auroc",
) -> list[dict[str, Any]]:
    """Return the best variant under each limit.

    Args:
        limits_kb: Largest files, KB of 1,000 bytes.
        variants: All of the run.
        entries: Per variant what `selection.json` holds of it; `operating_<measure>` is that on the films that its
            threshold was chosen on.
        measure: What is compared, see `runs.tasks.Task`.

    Returns:
        Per limit, largest first: `size_kb`, `winner` (the highest measure, of equals the smaller file; None when no
        file fits) and `fitting`, the number of files that fit.
    """
    key = f"operating_{measure}"
    scored = [v for v in variants if entries[v.name][key] is not None]
    rows = []
    for limit in sorted({float(limit) for limit in limits_kb}, reverse=True):
        fitting = [v for v in scored if v.size_bytes <= 1000 * limit]
        best = min(
            fitting,
            key=lambda v: (-entries[v.name][key], v.size_bytes, v.name),
            default=None,
        )
        rows.append({"size_kb": limit, "winner": best.name if best else None, "fitting": len(fitting)})
    return rows
