"""The small tables of the notebooks: films and answers per split, labels, sizes, scores on validation films.

Each is a DataFrame made from what is stored, so that a notebook shows it in one line. The table of results
with the test films is `report.results`; nothing here reads them.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from radlib.architectures import counting
from radlib.datasets.films import Films, FilmSplits
from radlib.formats.keras_archive import count_weights
from radlib.foundation.storage import deflated_bytes
from radlib.report.validation_table import (
    COMPARED as COMPARED,
    validation_table as validation_table,
    variant_columns,
)
from radlib.runs.runs import Run
from radlib.runs.variants import Variant


def count_answers(films: Films) -> pd.Series:
    """Return how many films have each answer, one row per output of the task."""
    counts = (films.task.targets(films.labels) == 1).sum(axis=0)
    return pd.Series(counts, pd.Index(films.task.answers, name="answer"), name="films")


def answer_counts(films: FilmSplits) -> pd.DataFrame:
    """Return films per answer and split: one row per output of the task, one column per split, and their sum."""
    counts = pd.DataFrame(
        {name: count_answers(films.split(name)) for name in ("training", "validation", "test")}
    )
    return counts.assign(all=counts.sum(axis=1))


def weight_table(films: Films) -> pd.DataFrame:
    """Return what a film of each answer weighs in the loss with class weights, and all of that answer together."""
    answers = [answer(films, position) for position in range(len(films))]
    weights = pd.Series(films.task.class_weights(films.labels)).groupby(answers)
    return (
        weights.agg(films="size", weight_of_each="mean", weight_of_all="sum")
        .rename_axis("answer")
        .reset_index()
    )


def representative_counts(films: Films, image_ids: Sequence[str]) -> pd.DataFrame:
    """Return films per answer: columns `training`, all of `films`, and `representative`, those named."""
    chosen = films.take(np.flatnonzero(np.isin(films.image_ids, list(image_ids))))
    return pd.DataFrame({"training": count_answers(films), "representative": count_answers(chosen)})


def label_table(films: Films) -> pd.DataFrame:
    """Return one column per output of the network: 1, 0, empty where unknown; rows named by image id."""
    targets = pd.DataFrame(films.task.targets(films.labels), films.index["image_id"], films.task.answers)
    return targets.astype("Int8")


def answer(films: Films, position: int) -> str:
    """Return the answer to a film in words, `none` when no finding is present."""
    present = films.task.targets(films.labels[position : position + 1])[0] == 1
    return ", ".join(name for name, here in zip(films.task.answers, present, strict=True) if here) or "none"


def examples(films: Films, *, per_answer: int = 4, seed: int = 0) -> np.ndarray:
    """Return positions of films to show: `per_answer` without the first label, then as many with it.

    Of classes that exclude each other, as many of each class. Each film is of another patient as far as there are
    enough.
    """
    order = np.random.default_rng(seed).permutation(len(films))
    repeated = pd.Series(films.patient_ids[order]).duplicated().to_numpy()
    order = np.concatenate([order[~repeated], order[repeated]])
    labels = films.labels[order]
    kinds = labels.T == 1 if films.task.exclusive else [labels[:, 0] == value for value in (0, 1)]
    return np.concatenate([order[kind][:per_answer] for kind in kinds])


def variant_table(variants: Sequence[Variant]) -> pd.DataFrame:
    """Return which variants there are, from what each was made, and the bytes of its file."""
    rows = [
        {**variant_columns(v), "made_from": v.parent or "films", "size_bytes": v.size_bytes} for v in variants
    ]
    return pd.DataFrame(rows)


def size_table(run: Run, variants: Sequence[Variant]) -> pd.DataFrame:
    """Return what each file weighs, as it is and deflated by zlib at level 9.

    Returns:
        One row per variant: `label`, `network`, `seed`, `chain`, `format`, `size_bytes`, `deflated_bytes`, and
        `compression`, the float32 weights of its baseline divided by the file.
    """
    rows = []
    for variant in variants:
        path = run.model_path(variant)
        baseline = run.variant(variant.original)
        rows.append(
            {
                **variant_columns(variant),
                "size_bytes": variant.size_bytes,
                "deflated_bytes": deflated_bytes(path.read_bytes()),
                "compression": weight_bytes(run.model_path(baseline)) / variant.size_bytes,
            }
        )
    return pd.DataFrame(rows)


def storage_table(run: Run, variant: Variant) -> pd.DataFrame:
    """Return what the bytes of a LiteRT file are: weights by number type, and the rest (graph, scales, names)."""
    weights = counting.tflite_weights(run.model_path(variant))
    kinds = weights.groupby("dtype").agg(
        tensors=("tensor", "size"), values=("values", "sum"), stored_bytes=("bytes", "sum")
    )
    kinds = kinds.sort_values("stored_bytes", ascending=False).rename_axis("what").reset_index()
    rest = variant.size_bytes - int(weights["bytes"].sum())
    return pd.concat(
        [kinds, pd.DataFrame([{"what": "graph, scales and names", "stored_bytes": rest}])], ignore_index=True
    )


def weight_bytes(path: Path) -> int:
    """Return what the weights of an original take as float32, without its graph; no TensorFlow is needed.

    Args:
        path: A `.keras` file, or the `.tflite` file of a network that was imported as one.
    """
    if path.suffix == ".tflite":
        return 4 * int(counting.tflite_weights(path)["values"].sum())
    return 4 * count_weights(path)


def probability_table(
    variants: Sequence[Variant], predictions: Mapping, image_ids: Sequence[str], *, label: int = 0
) -> pd.DataFrame:
    """Return what every variant says about some films: a row per variant, a column per image id, in [0, 1]."""
    rows = {}
    for variant in variants:
        answers = predictions[variant.name]
        rows[variant.name] = pd.Series(answers.y_prob[:, label], answers.image_id)[list(image_ids)]
    table = pd.DataFrame(rows).T
    return table.set_axis(pd.Index([variant.label for variant in variants], name="variant"))


def label_scores(per_label: pd.DataFrame, *names: str) -> pd.DataFrame:
    """Return metrics of each label side by side, from the long table that `report.per_label` returns.

    Args:
        per_label: One row per variant, label and metric.
        *names: Which metrics, in this order.

    Returns:
        One row per label and variant: `label`, `variant`, `films`, `positives`, and each metric with `_low` and
        `_high`.
    """
    identity = ["label", "variant", "films", "positives"]
    table = per_label[identity].drop_duplicates(identity)
    for name in names:
        chosen = per_label[per_label["metric"] == name][["label", "variant", "value", "low", "high"]]
        chosen = chosen.rename(columns={"value": name, "low": f"{name}_low", "high": f"{name}_high"})
        table = table.merge(chosen, on=["label", "variant"], how="left")
    return table


def selection_table(variants: Sequence[Variant], selection: Mapping) -> pd.DataFrame:
    """Return what was chosen: per variant its threshold and validation AUROC, and which one won."""
    rows = []
    for variant in variants:
        chosen = selection["variants"][variant.name]
        row = {**variant_columns(variant), "size_bytes": variant.size_bytes}
        row |= {name: chosen[name] for name in ("validation_auroc", "threshold")}
        rows.append({**row, "winner": variant.name == selection["winner"]})
    return pd.DataFrame(rows)


def deciding(selection: Mapping, variants: Sequence[Variant]) -> list[float] | None:
    """Return the threshold at which each variant decides on its first label; None where classes exclude each other."""
    found = [np.ravel([selection["variants"][variant.name]["threshold"]])[0] for variant in variants]
    return None if any(value is None or np.isnan(value) for value in found) else [float(v) for v in found]


def closest_pairs(films: FilmSplits, count: int) -> tuple[np.ndarray, list[str]]:
    """Return the most similar pairs that are not equal: float32 (2 k, s, s), k at most `count`, and their names."""
    pairs = films.copies[films.copies["kind"] == "near"].nlargest(count, "similarity", keep="first")
    pictures, names = [], []
    for pair in pairs.itertuples():
        for image, name in ((pair.image_id, pair.split), (pair.other_image_id, pair.other_split)):
            part = films.split(name)
            pictures.append(part.images([int(np.flatnonzero(part.image_ids == image)[0])])[0, ..., 0])
            names.append(f"{name}, {pair.similarity:.2f}")
    side = films.preprocessing.image_size
    return np.array(pictures, np.float32).reshape(-1, side, side), names


def by_label(table: pd.DataFrame, variants: Sequence[Variant]) -> pd.DataFrame:
    """Return a table of a report with labels in `variant`, where the run has one network and one seed: they are short."""
    if len({(variant.network, variant.seed) for variant in variants}) > 1 or "variant" not in table:
        return table
    labels = {variant.name: variant.label for variant in variants}
    return table.assign(variant=[labels.get(name, name) for name in table["variant"]])
