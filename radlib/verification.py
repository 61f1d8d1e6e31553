"""Is a run still what it says it is? Every hash checked, and a sample of its films asked again.

Files rot, are copied half, or are exchanged by hand. What a run stores says what it should be: each variant the digest
of its model, of its preparation and of its specification; each prediction file the model and the films it came from;
the choices the model that they were made for. Answers asked again may differ in the last bits on another processor,
and by a step of the output grid where an integer rounds the other way; more than that is another network.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from radlib import metrics
from radlib.errors import RadlibError
from radlib.evaluation.choices import FILE as SELECTION
from radlib.evaluation.predictions import (
    Predictions,
    films_of,
    load_predictions,
    predictions_path,
    run_of,
    split_fingerprint,
    task_of,
)
from radlib.films import Films, FilmSplits, open_films
from radlib.formats import open_model
from radlib.images import Preprocessing
from radlib.runs import Run
from radlib.storage import file_sha256, spec_digest
from radlib.variants import Variant

TOLERANCE = 0.01  # of a probability: two and a half steps of an int8 output
SPLITS = ("validation", "perturbed", "test")
ASKED_AGAIN = ("validation", "test")


@dataclass(frozen=True)
class Check:
    """One thing that was checked.

    Attributes:
        what: Its name, for counting.
        failure: One sentence when it failed, else empty.
    """

    what: str
    failure: str = ""


def verify(run: Run, *, films: int = 16, seed: int = 0) -> list[Check]:
    """Check a run's files, and ask every variant again about some films.

    Args:
        run: The run.
        films: How many films of each split to ask about; 0 asks none and needs no film.
        seed: Of the draw of films.

    Returns:
        One `Check` each, failed or not.
    """
    variants = run.variants()
    checks = [Check("variants", "" if variants else f"{run.folder.name} holds no variant to check.")]
    for variant in variants:
        checks += _files(run, variant)
        checks += _stored_answers(run, variant)
    checks += _choices(run, variants)
    checks += _table(run, variants)
    return checks + (list(_asked_again(run, variants, films, seed)) if films else [])


def _files(run: Run, variant: Variant) -> Iterator[Check]:
    model, folder = run.model_path(variant), run.path("variants", variant.key)
    failure = ""
    if not model.is_file():
        failure = f"The model file of {variant.name} is missing; build it again."
    elif model.stat().st_size != variant.size_bytes or file_sha256(model) != variant.sha256:
        failure = f"The model file of {variant.name} is not the one that was stored; build it again."
    yield Check("model file", failure)
    record, failure = folder / "preprocessing.json", ""
    try:
        same = (
            Preprocessing.from_dict(json.loads(record.read_text(encoding="utf-8"))).digest()
            == variant.preprocessing
        )
        failure = (
            ""
            if same
            else f"The record of how films are prepared for {variant.name} was changed; build it again."
        )
    except (OSError, ValueError, TypeError, KeyError, RadlibError):
        failure = (
            f"The record of how films are prepared for {variant.name} is missing or damaged; build it again."
        )
    yield Check("preparation", failure)
    try:
        same = spec_digest(json.loads((folder / "spec.json").read_text(encoding="utf-8"))) == variant.spec
        failure = (
            ""
            if same
            else f"The specification of {variant.name} was changed after it was built; build it again."
        )
    except (OSError, ValueError):
        failure = f"The specification of {variant.name} is missing or damaged; build it again."
    yield Check("specification", failure)


def _stored_answers(run: Run, variant: Variant) -> Iterator[Check]:
    for split in SPLITS:
        if not predictions_path(run, variant, split).is_file():
            continue
        failure = ""
        try:
            stored = load_predictions(run, variant, split)
            if stored is None:
                failure = f"The answers of {variant.name} to the {split} films came from another model file; predict again."
            elif not np.allclose(task_of(variant).probabilities(stored.outputs), stored.y_prob, atol=1e-6):
                failure = f"The probabilities of {variant.name} on the {split} films do not follow from its outputs; predict again."
        except (OSError, ValueError, KeyError, EOFError):
            failure = f"The answers of {variant.name} to the {split} films are damaged; predict again."
        yield Check("stored answers", failure)


def _choices(run: Run, variants: list[Variant]) -> Iterator[Check]:
    if not run.path(SELECTION).is_file():
        return
    chosen = json.loads(run.path(SELECTION).read_text(encoding="utf-8"))["variants"]
    for variant in variants:
        entry = chosen.get(variant.name)
        if entry is not None:
            same = entry.get("model_sha256", variant.sha256) == variant.sha256
            failure = f"The threshold of {variant.name} was chosen for another model file; choose again with --fresh."
            yield Check("choice", "" if same else failure)


def _table(run: Run, variants: list[Variant]) -> Iterator[Check]:
    """Check that the AUROC in the table of results is that of the stored answers."""
    path = run.path("results.csv")
    if not path.is_file():
        return
    table = pd.read_csv(path, dtype={"variant": str}).set_index("variant")
    for variant in variants:
        try:
            stored = load_predictions(run, variant, "test")
        except (OSError, ValueError, KeyError, EOFError):
            continue  # said above
        if stored is None or variant.name not in table.index or "auroc" not in table:
            continue
        written, found = float(table.loc[variant.name, "auroc"]), _mean_auroc(stored)
        same = (np.isnan(written) and np.isnan(found)) or abs(written - found) < 1e-9
        failure = (
            f"results.csv gives {variant.name} AUROC {written:.4f}, its stored answers give {found:.4f}; write the report "
            "again."
        )
        yield Check("table of results", "" if same else failure)


def _mean_auroc(stored: Predictions) -> float:
    values = []
    for truth, prob in zip(stored.y_true.T, stored.y_prob.T, strict=True):
        known = ~np.isnan(truth)
        values.append(metrics.auroc(truth[known], prob[known]))
    defined = [value for value in values if not np.isnan(value)]
    return float(np.mean(defined)) if defined else float("nan")


def _asked_again(run: Run, variants: list[Variant], count: int, seed: int) -> Iterator[Check]:
    try:
        films = open_films(run)
    except RadlibError as error:
        yield Check("films", f"No film could be asked about again: {error}")
        return
    for variant in variants:
        if not run.model_path(variant).is_file() or file_sha256(run.model_path(variant)) != variant.sha256:
            continue  # said above
        network = run_of(run, variant)
        try:
            prepared = films_of(network, films, variant)
        except RadlibError as error:
            yield Check("answers", str(error))
            continue
        for split in ASKED_AGAIN:
            try:
                stored = load_predictions(run, variant, split)
            except (OSError, ValueError, KeyError, EOFError):
                continue  # said above
            if stored is not None:
                yield Check("answers", _differing(run, variant, split, stored, prepared, (count, seed)))


def _differing(
    run: Run, variant: Variant, split: str, stored: Predictions, films: FilmSplits, draw: tuple[int, int]
) -> str:
    """Return a sentence when a variant no longer answers as it did, else nothing."""
    chosen: Films = films.split(split)
    places = {str(image): place for place, image in enumerate(chosen.image_ids)}
    if missing := sum(str(image) not in places for image in stored.image_id):
        return f"{missing:,} {split} films that {variant.name} answered to are not among the films now; give the same films."
    rows = np.sort(np.random.default_rng(draw[1]).permutation(len(stored.image_id))[: draw[0]])
    images = chosen.images([places[str(stored.image_id[row])] for row in rows])
    with open_model(run.model_path(variant), variant.format) as model:
        change = np.abs(model.predict(images) - stored.outputs[rows])
    if change.size and not change.max() <= TOLERANCE:
        worst = stored.image_id[rows[int(np.nanargmax(change.max(axis=1)))]]
        return (
            f"{variant.name} answers {int((change.max(axis=1) > TOLERANCE).sum())} of {len(rows)} {split} films otherwise than "
            f"stored, film {worst} by {change.max():.3f}; its films or its runtime changed."
        )
    if stored.fingerprint != split_fingerprint(run_of(run, variant), films, split):
        return (
            f"{variant.name} still answers the {split} films as stored, but the set of films, labels or splits has changed "
            "since; run the study again."
        )
    return ""


def summary(checks: list[Check], folder: Path) -> str:
    """Return what was checked in one sentence.

    Example:
        >>> summary([Check("model file"), Check("model file", "It is missing.")], Path("outputs/demo"))
        'demo: 1 of 2 checks failed (model file 1 of 2).'
    """
    kinds = list(dict.fromkeys(check.what for check in checks))
    failed = {kind: [c for c in checks if c.what == kind and c.failure] for kind in kinds}
    total = sum(map(len, failed.values()))
    if not total:
        counted = ", ".join(f"{kind} {sum(c.what == kind for c in checks)}" for kind in kinds)
        return f"{folder.name}: all {len(checks)} checks passed ({counted})."
    parts = ", ".join(
        f"{kind} {len(f)} of {sum(c.what == kind for c in checks)}" for kind, f in failed.items() if f
    )
    return f"{folder.name}: {total} of {len(checks)} checks failed ({parts})."
