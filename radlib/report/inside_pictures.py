"""The pictures of agreement and of the insides; what networks are shown in them is drawn, never a patient's film."""

from collections.abc import Callable, Iterable, Sequence

import numpy as np
import pandas as pd

from radlib.foundation.registry import DATASETS
from radlib.report import figures
from radlib.report.inside_tables import Insides
from radlib.report.readings import Readings, label_names
from radlib.runs.settings import Settings
from radlib.runs.variants import Variant

CLOUDS = 8
LAYERS_SHOWN = 4
LEAST_LAYERS = 3  # with a counterpart in the original, for a picture from input to output
LINES = 6  # variants in the picture of noise
ROWS = 3  # variants beside the original in pictures of weights and maps


def compressed_beside(readings: Readings, known: Iterable[str]) -> list[Variant]:
    """Return the variants to show beside their original: those of the winner's network and seed, winner first."""
    names = set(known)
    leader = next((v for v in readings.variants if v.name == readings.selection.get("winner")), None)
    leader = leader or next((v for v in readings.variants if v.chain), None)
    if leader is None:
        return []
    same = [v for v in readings.variants if (v.network, v.seed) == (leader.network, leader.seed) and v.chain]
    return sorted((v for v in same if v.name in names), key=lambda v: v.name != leader.name)


def shows_chests(settings: Settings) -> bool:
    """Tell whether the films of a study are chest films, as those are that are drawn for pictures."""
    entry = DATASETS[settings.dataset]
    return entry.facts.get("chests", True) and settings.dataset_options.get("collection") != "breastmnist"


def draw_agreement(readings: Readings, agreement: pd.DataFrame, add: Callable) -> None:
    """Draw the confidence clouds of one label, with their statistics."""
    usable = agreement[agreement["reason"] == ""]
    chosen = compressed_beside(readings, usable["variant"])[:CLOUDS]
    if not chosen:
        return
    first = readings.test[readings.original(chosen[0]).name]
    names = label_names(chosen[0])
    column = int(np.nanargmax(np.nansum(first.y_true, axis=0)))
    rows = usable[usable["label"] == names[column]].set_index("variant")
    chosen = [v for v in chosen if v.name in rows.index]
    if not chosen:
        return
    known = ~np.isnan(first.y_true[:, column])
    clouds = {v.label: readings.test[v.name].y_prob[known, column] for v in chosen}
    found = {v.label: rows.loc[v.name].to_dict() for v in chosen}
    words = "; ".join(f"{v.label}: concordance {rows.loc[v.name, 'concordance']:.3f}" for v in chosen)
    add(
        "confidence_clouds",
        lambda: figures.confidence_clouds(first.y_prob[known, column], clouds, first.y_true[known, column],
                                          statistics=found),
        f"Probability of {names[column]} by each variant against the original. {words}.",
        f"One point per test film of {chosen[0].network}: orange with {names[column]}, blue without. Dashed: limits "
        "that hold 95 % of the changes.",
    )  # fmt: skip


def draw_insides(readings: Readings, insides: Insides, add: Callable) -> None:
    """Draw noise by layer, stored weights, feature maps and filters, as far as variants were looked into."""
    chosen = compressed_beside(readings, insides.layers["variant"])
    if not chosen:
        return
    original = readings.original(chosen[0])
    watched = _comparable(readings, insides, chosen)
    lines = {v.name: v.label for v in watched}
    if lines:
        add(
            "layer_noise",
            lambda: figures.layer_noise(insides.layers, names=lines),
            "Signal-to-noise ratio and CKA of every layer against the original: "
            + _noise_words(insides.layers, lines),
            f"Layers of {watched[0].network} from input to output, on validation films{_gaps(insides.layers, lines)}.",
        )
    beside = _beside(chosen)
    spreads = {
        v.label: insides.histograms[v.name] for v in [original, *beside] if v.name in insides.histograms
    }
    layers = _spread_layers(insides.weights[insides.weights["variant"] == beside[0].name])
    if len(spreads) > 1 and layers:
        caption = (
            f"Black: float kernels of the original. Blue: numbers as they lie in the file{_codes(beside)}. Logarithmic counts; the scales "
            "differ where normalisation was folded in."
        )
        add("stored_weights", lambda: figures.stored_weights(spreads, layers=layers),
            f"Histograms of the stored weights of {', '.join(layers)}.", caption)  # fmt: skip
    kinds = [("maps", "Feature maps"), ("filters", "Filters")]
    for kind, words in kinds if shows_chests(readings.run.settings) else kinds[1:]:
        rows = {
            f"{v.label},\n{place}": insides.pictures[v.name][f"{place}_{kind}"]
            for place in ("first", "last")
            for v in [original, *beside[:1]]
            if f"{place}_{kind}" in insides.pictures.get(v.name, {})
        }
        if len({name.split(",\n")[0] for name in rows}) > 1:  # the same channels of two networks
            film = insides.pictures[beside[0].name].get("film") if kind == "maps" else None
            name = "feature_maps" if kind == "maps" else "filters"
            add(name, lambda rows=rows, film=film: figures.channel_rows(rows, film=film),
                f"{words} of the first and the last convolution of the original and of {beside[0].label}.",
                f"{words} of the first and the last convolution, the same channels of both networks on one grey "
                + ("scale; the film is drawn." if kind == "maps" else "scale; a 1 × 1 filter is a column."))  # fmt: skip


def _gaps(layers: pd.DataFrame, names: dict[str, str]) -> str:
    """Return what a thin line means, where a layer of a shown variant could not be compared."""
    missing = layers.loc[layers["variant"].isin(names), "signal_to_noise_db"].isna().any()
    return "; a thin line leads over layers that could not be compared" if missing else ""


def _codes(beside: Sequence[Variant]) -> str:
    """Return what the numbers of an int8 file are, where one is shown."""
    int8 = any(v.chain_text.split("+")[-1] == "int8" for v in beside)
    return ", of int8 the codes from −127 to 127" if int8 else ""


def _comparable(readings: Readings, insides: Insides, chosen: Sequence[Variant]) -> list[Variant]:
    """Return the variants whose layers make a picture: the chosen ones, else those of the network with most layers.

    A student of other layers has nothing to compare but its answers, and its picture would be two dots.
    """
    counts = insides.layers.dropna(subset="signal_to_noise_db")["variant"].value_counts()
    found = [v for v in chosen if counts.get(v.name, 0) >= LEAST_LAYERS]
    others = [v for v in readings.variants if v.chain and counts.get(v.name, 0) >= LEAST_LAYERS]
    if not found and others:
        most = max(others, key=lambda v: counts[v.name])
        found = [v for v in others if (v.network, v.seed) == (most.network, most.seed)]
    return found[:LINES]


def _beside(chosen: Sequence[Variant]) -> list[Variant]:
    """Return the variants whose weights are worth a picture: int8 before others, the winner among them."""
    int8 = [v for v in chosen if v.chain_text.split("+")[-1] == "int8"]
    wanted = {v.name: v for v in [*int8[:1], chosen[0], *int8[1:], *chosen[1:]]}
    return list(wanted.values())[:ROWS]


def _spread_layers(weights: pd.DataFrame) -> list[str]:
    """Return the first layer, the largest two in between, and the last, in the network's order."""
    names = weights.loc[weights["weights"].notna(), "layer"].tolist()
    middle = (
        weights.iloc[1:-1].nlargest(LAYERS_SHOWN - 2, "weights")["layer"].tolist() if len(names) > 2 else []
    )
    wanted = {*names[:1], *middle, *names[-1:]}
    return [name for name in names if name in wanted]


def _noise_words(layers: pd.DataFrame, names: dict[str, str]) -> str:
    lowest = layers.groupby("variant")["signal_to_noise_db"].min()
    words = [
        f"{name} {round(lowest[v]) + 0} dB" for v, name in names.items() if np.isfinite(lowest.get(v, np.nan))
    ]
    return "lowest of any layer: " + "; ".join(words) + "." if words else "no layer could be compared."
