"""The pictures of a report, drawn from its tables and stored predictions. None shows a film."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from radlib.foundation.storage import atomic_path
from radlib.report import figures, wording as w
from radlib.report.blocks import Figure
from radlib.report.devices import draw_devices
from radlib.report.figures.style import new_axes, own_settings, styled
from radlib.report.forests import draw_forests
from radlib.report.heat_map_tables import draw_heat_maps
from radlib.report.inside_pictures import draw_agreement, draw_insides
from radlib.report.inside_tables import Insides
from radlib.report.main_pictures import BARS, draw_main, listed, sizes_alt
from radlib.report.readings import Readings, label_names
from radlib.report.stress_tables import draw_stress
from radlib.report.usefulness_pictures import draw_usefulness

SHOWN = ("original", "int8", "magnitude_pruning", "magnitude_pruning+int8")  # curves of more hide each other


def draw_figures(
    readings: Readings,
    results: pd.DataFrame,
    compared: pd.DataFrame,
    labels: pd.DataFrame,
    folder: Path,
    agreement: pd.DataFrame | None = None,
    insides: Insides | None = None,
    maps: pd.DataFrame | None = None,
    evidence: Mapping[str, pd.DataFrame] | None = None,
) -> dict[str, Figure]:
    """Draw every picture that the run has numbers for, and write it to `folder`.

    Args:
        readings: The files of the run.
        results: See `tables.results`.
        compared: See `tables.comparisons`.
        labels: See `tables.per_label`.
        folder: Where the PNG files go.
        agreement: See `agreement.agreement`.
        insides: See `insides.read_insides`.
        maps: See `heat_maps.heat_maps`.
        evidence: `verdicts`, `harm` and `stress`, see `judgements`, `evidence` and `stress_tables`.

    Returns:
        The pictures by name.
    """
    margin = readings.run.settings.margin
    one_each, seeds_caption = one_per_variant(results)
    scored = one_each.dropna(subset=["auroc"]) if "auroc" in results else one_each.iloc[:0]
    timed = scored.dropna(subset=["latency_p50_ms"]) if len(scored) else scored
    drawn, add = album(folder)
    draw_main(results, scored, seeds_caption, margin, add)
    if len(timed):
        alt = "Median latency of one film against AUROC. " + listed(timed, _latency_words)
        add("latency_against_auroc", lambda: figures.latency_against_auroc(timed), alt)
    if len(one_each):
        add("size_bars", lambda: figures.size_bars(one_each), sizes_alt(one_each))
    pairs = compared.dropna(subset=["difference"]) if len(compared) else compared
    if len(pairs):
        several = pairs["network"].nunique() > 1, pairs["seed"].nunique() > 1
        alt = "Change of AUROC, pair by pair. " + "; ".join(
            w.comparison_sentence(r, *several) for _, r in pairs.iterrows()
        )
        add("auroc_differences", lambda: figures.auroc_differences(_named(pairs), margin=margin), alt)
    if labels["label"].nunique() > 1:
        shown = _named_labels(results, labels)
        add("auroc_by_label", lambda: figures.auroc_by_label(shown), "AUROC of each label with its interval.")
    draw_devices(readings, results, add)
    _draw_curves(readings, results, add)
    draw_usefulness(readings, _panels, add)
    if evidence is not None:
        draw_forests(readings, evidence, add)
        draw_stress(evidence["stress"], add)
    if agreement is not None:
        draw_agreement(readings, agreement, add)
    if insides is not None:
        draw_insides(readings, insides, add)
    if maps is not None:
        draw_heat_maps(readings, maps, add)
    return drawn


def album(folder: Path) -> tuple[dict[str, Figure], Callable[..., None]]:
    """Return pictures by name, none yet, and what draws one, writes it to a folder and keeps it among them.

    Args:
        folder: Where the PNG files go.
    """
    drawn: dict[str, Figure] = {}

    def add(
        name: str,
        draw: Callable[[], Any],
        alt: str,
        caption: str = "",
        narrow: bool = False,
        phone: Callable[[], Any] | None = None,
    ) -> None:
        _save(draw(), folder / f"{name}.png")
        if phone:
            _save(phone(), folder / f"{name}_phone.png")
        drawn[name] = Figure(f"{name}.png", alt, caption, narrow, f"{name}_phone.png" if phone else "")

    return drawn, add


def one_per_variant(results: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """Return one row per network and chain that may stand in one picture, and a sentence on the seeds.

    Means over seeds where all chains of a network have the same seeds. Otherwise one seed per network, that
    with most variants: a mean beside a single training would show the luck of the seed as an effect.
    """
    if not len(results) or results["seed"].nunique() < 2:
        return results, ""
    made = results.groupby(["network", "chain"])["seed"].agg(frozenset)
    if (made.groupby("network").nunique() == 1).all():
        each = {str(network): len(next(iter(seeds))) for network, seeds in made.groupby("network")}
        counts = sorted(set(each.values()))
        several = f"{counts[-1]} seeds" if len(counts) == 1 else f"up to {counts[-1]} seeds"
        sentence = f"Means over {several}; bars from the lowest to the highest interval of a seed."
        return _over_seeds(results), sentence
    counts = results.groupby(["network", "seed"]).size()
    fullest = {network: counts[network].idxmax() for network in results["network"].unique()}
    seeds = sorted(set(fullest.values()))
    which = f"Seed {seeds[0]}" if len(seeds) == 1 else f"Seeds {', '.join(map(str, seeds))}"
    return (
        results[results["seed"] == results["network"].map(fullest)],
        f"{which}, of each network the one with most variants. {BARS}",
    )


def _over_seeds(results: pd.DataFrame) -> pd.DataFrame:
    """Return one row per network and chain: means over the seeds, intervals from the lowest to the highest."""
    how = dict.fromkeys(results.select_dtypes("number"), "mean")
    how |= dict.fromkeys(("label", "format"), "first") | {
        "seed": "first",
        **{f"{name}_{end}": how for name in ("auroc", "dice", "box_score") if f"{name}_low" in results
           for end, how in (("low", "min"), ("high", "max"))},
    }  # fmt: skip
    return results.groupby(["network", "chain"], sort=False).agg(how).reset_index()


def _draw_curves(readings: Readings, results: pd.DataFrame, add: Callable) -> None:
    """Draw ROC and calibration of the main variants of the winner's network, one panel per label."""
    chosen = _main_variants(readings)
    if not chosen:
        return
    first = readings.test[chosen[0].name]
    names = label_names(chosen[0])
    thresholds = np.broadcast_to(readings.thresholds(chosen[0]), (len(names),))
    panels = [
        c for c in range(len(names)) if len(np.unique(first.y_true[~np.isnan(first.y_true[:, c]), c])) == 2
    ]
    if not panels:
        return

    def curves(draw: Callable) -> Any:
        axes = _panels(len(panels))
        for ax, column in zip(axes, panels, strict=False):
            known = ~np.isnan(first.y_true[:, column])
            scores = {v.label: readings.test[v.name].y_prob[known, column] for v in chosen}
            draw(ax, column, first.y_true[known, column], scores, first.patient_id[known])
        return axes

    def roc(ax: Any, column: int, truth: Any, scores: dict, patients: Any) -> None:
        at, draws = float(thresholds[column]), readings.run.settings.bootstrap_draws
        figures.roc(truth, scores, patients, threshold=at, draws=draws, title=names[column], ax=ax)

    def calibration(ax: Any, column: int, truth: Any, scores: dict, patients: Any) -> None:
        figures.calibration(truth, scores, title=names[column], ax=ax)

    listed = ", ".join(v.label for v in chosen)
    network, narrow = chosen[0].network, len(panels) == 1
    point = "" if np.isnan(thresholds).all() else "; point: its threshold"
    add("roc", lambda: curves(roc), f"ROC curves on test films of {network}: {listed}.",
        f"ROC curves of {network}. Shaded: 95 % band of {chosen[0].label}{point}.", narrow)  # fmt: skip
    add("calibration", lambda: curves(calibration), f"Reliability on test films of {network}: {listed}.",
        "On the diagonal a probability means what it says. Bars: Wilson’s 95 % interval.", narrow)  # fmt: skip


def _main_variants(readings: Readings) -> list:
    """The original, its usual compressions and the winner, of the winner's network and seed, asked of equal films."""
    scored = [v for v in readings.variants if v.name in readings.test]
    if not scored:
        return []
    leader = next((v for v in scored if v.name == readings.selection.get("winner")), scored[0])
    same = [v for v in scored if (v.network, v.seed) == (leader.network, leader.seed)]
    chosen = [v for v in same if v.chain_text in SHOWN or v.name == leader.name][:5]
    ids = readings.test[chosen[0].name].image_id
    return [v for v in chosen if np.array_equal(readings.test[v.name].image_id, ids)]


@styled
def _panels(count: int) -> np.ndarray:
    columns = min(count, 3)
    rows = -(-count // columns)
    axes = np.ravel(new_axes((4.6 * columns, 4.5 * rows), rows, columns, squeeze=False))
    for ax in axes[count:]:
        ax.set_axis_off()
    return axes


def _named(pairs: pd.DataFrame) -> pd.DataFrame:
    """Put network and seed before the pair where there are several."""
    several = pairs["network"].nunique() > 1, pairs["seed"].nunique() > 1
    before = [w.title_of(row.rename({"before": "label"}), *several) for _, row in pairs.iterrows()]
    return pairs.assign(before=before)


def _named_labels(results: pd.DataFrame, labels: pd.DataFrame) -> pd.DataFrame:
    """Return the AUROC rows of the winner and its original, with the variants' labels."""
    aurocs = labels[labels["metric"] == "auroc"]
    wanted = list(results.loc[results["winner"], "variant"]) or [aurocs["variant"].iloc[0]]
    network = results.loc[results["variant"] == wanted[0]].iloc[0]
    original = results[(results["network"] == network["network"]) & (results["seed"] == network["seed"])]
    wanted = list(dict.fromkeys([*original.loc[original["chain"] == "original", "variant"], *wanted]))
    chosen = aurocs[aurocs["variant"].isin(wanted)]
    facts = results.set_index("variant")
    return chosen.assign(name=facts.loc[chosen["variant"], "label"].to_numpy(),
                         chain=facts.loc[chosen["variant"], "chain"].to_numpy())  # fmt: skip


def _latency_words(row: pd.Series) -> str:
    return f"{w.milliseconds(row['latency_p50_ms'])} ms, {w.rate(row['auroc'])}"


def _save(axes: Any, path: Path) -> None:
    import matplotlib.pyplot as plt

    figure = np.ravel(axes)[0].figure
    with atomic_path(path) as partial, plt.rc_context(own_settings()):
        figure.savefig(partial, format="png", dpi=100, metadata={"Software": None})
    plt.close(figure)
