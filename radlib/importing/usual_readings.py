"""How an imported network would read validation films if it had been fed otherwise: usual ranges, usual filters.

Nothing in a file says what black and white were, or by which filter films were made smaller, and a wrong answer is no
error: the network only reads worse, or decides some films otherwise. But labelled films tell. So each of the usual
answers is tried on films of the validation part, paired with the answer that was given, and put side by side. Nothing
is chosen: films of another hospital may well be read better by a wrong range, by chance or for a bad reason. It is
said when another answer reads better beyond chance.
"""

import contextlib
import dataclasses
import io
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from radlib import metrics
from radlib.datasets.dataset import load_dataset
from radlib.datasets.films import Films, open_films
from radlib.evaluation.inference import predict_files
from radlib.formats.predictors import save_model
from radlib.foundation.errors import RadlibError
from radlib.foundation.extras import pandas as pd
from radlib.foundation.plain_text import table_text
from radlib.foundation.storage import write_text
from radlib.imaging.decoding.decode import decode_files
from radlib.imaging.images import Preprocessing
from radlib.imaging.resampling import FILTERS
from radlib.importing.answers import Answers
from radlib.importing.guard import ForeignFile
from radlib.importing.layout import InputLayout
from radlib.importing.litert_graph import with_layout
from radlib.metrics.bootstrap import MINIMUM_DEFINED
from radlib.runs.runs import Run
from radlib.runs.variants import Variant

FOLDER = "imports"
MOST_FILMS = 200
DRAWS = 2000
COLUMNS = (
    "question", "answer", "given", "films", "auroc", "difference", "difference_low", "difference_high",
    "changed_decisions", "loss",
)  # fmt: skip
IMAGENET = {"mean": (0.485, 0.456, 0.406), "std": (0.229, 0.224, 0.225)}
BGR_MEANS = (103.939, 116.779, 123.68)
RANGES: Mapping[str, Mapping[str, Any]] = {
    "range 0,1": {"range": (0, 1), "mean": (0,), "std": (1,)},
    "range -1,1": {"range": (-1, 1), "mean": (0,), "std": (1,)},
    "range 0,255": {"range": (0, 255), "mean": (0,), "std": (1,)},
    "range 0,1 mean 0.485,0.456,0.406 std 0.229,0.224,0.225": {"range": (0, 1), **IMAGENET},
    "range 0,255 mean 103.939,116.779,123.68": {"range": (0, 255), "mean": BGR_MEANS, "std": (1,)},
}
GREY = {  # of networks with one channel, the means over the three
    "range 0,1 mean 0.449 std 0.226": {"range": (0, 1), "mean": (0.449,), "std": (0.226,)},
    "range 0,255 mean 114.8": {"range": (0, 255), "mean": (114.8,), "std": (1,)},
}


def usual_ranges(given: InputLayout) -> dict[str, InputLayout]:
    """Return the usual ranges for a network by the options that say them, that given among them."""
    usual = {name: how for name, how in RANGES.items() if given.channels == 3 or len(how["mean"]) == 1}
    usual |= GREY if given.channels == 1 else {}
    layouts = {name: dataclasses.replace(given, **how) for name, how in usual.items()}
    if given not in layouts.values():
        words = {
            key: ",".join(f"{value:g}" for value in getattr(given, key)) for key in ("range", "mean", "std")
        }
        layouts[" ".join(f"{key} {value}" for key, value in words.items())] = given
    return layouts


def try_readings(run: Run, original: Variant, file: Path, *, seed: int = 0) -> "pd.DataFrame":
    """Score an imported network on validation films under the usual ranges and filters, and store the table.

    Args:
        run: The run, with the settings of the imported network.
        original: What `import_network` stored.
        file: The file that it was imported from; looked at again only where it is a Keras file.
        seed: Of the choice of films where there are more than `MOST_FILMS`, and of the draws of patients.

    Returns:
        A row per answer, `COLUMNS`: `question` (`range` or `resampling`), the options that say the `answer`, whether it
        was the one `given`; `auroc`, the mean over labels; its `difference` to that of the answer given, with an
        interval that allows for as many answers as were tried, over draws of patients; decisions of the given answer
        that change (at its own best threshold, or the class); `loss`, nats.
    """
    answers = {}
    with (
        contextlib.redirect_stdout(io.StringIO()),  # where films are read from was said at the import
        tempfile.TemporaryDirectory(prefix="radlib-") as scratch,
    ):
        films = _some(open_films(run).validation, seed)
        for question, answer, given, outputs in _answers(run, original, file, films, Path(scratch)):
            answers[question, answer] = given, films.task.probabilities(outputs)
    table = _table(films, answers, seed)
    write_text(run.path(FOLDER, f"{run.settings.tag}.csv"), table_text(table))
    return table


def sentences(table: "pd.DataFrame") -> list[str]:
    """Return a line for each question whose answer another one beats beyond chance; see `try_readings`."""
    said = []
    for question, rows in table.groupby("question", sort=False):
        better = rows[(rows["difference_low"] > 0) & ~rows["given"]]
        if len(better):
            best, given = better.loc[better["auroc"].idxmax()], rows[rows["given"]].iloc[0]
            said.append(
                f"{best['films']} validation films are read better with {best['answer']} than with {given['answer']}: AUROC "
                f"{best['auroc']:.3f} and not {given['auroc']:.3f} (difference {best['difference']:.3f}, "
                f"{best['difference_low']:.3f} to {best['difference_high']:.3f}); look up by which {question} the network was trained."
            )
    return said


def tried_lines(run: Run, original: Variant, file: Path) -> Iterator[str]:
    """Yield what `radlib import` says of the usual readings; arguments as of `try_readings`."""
    try:
        yield from sentences(try_readings(run, original, file))
        yield f"the usual ranges and filters: {FOLDER}/{run.settings.tag}.csv in {run.folder.name}"
    except RadlibError as error:  # the network is brought in all the same
        yield f"The usual ranges and filters could not be tried: {error}"


def _some(films: Films, seed: int) -> Films:
    """Return at most `MOST_FILMS` films, drawn without replacement, whose labels are known."""
    known = np.flatnonzero(~np.isnan(films.labels).all(axis=1))
    drawn = np.random.default_rng([seed, 0x7A1]).permutation(known)[:MOST_FILMS]
    return films.take(np.sort(drawn))


def _answers(
    run: Run, original: Variant, file: Path, films: Films, scratch: Path
) -> Iterator[tuple[str, str, bool, np.ndarray]]:
    """Yield question, answer, whether it was given, and the outputs, (n, outputs); what cannot be tried is left out."""
    path, how = run.model_path(original), original.details["imported"]
    given = InputLayout.from_dict(how["layout"])
    asked = predict_files(path, original.format, films.pixels, name="as it was told")
    if how["kind"] != "weights":
        for name, layout in usual_ranges(given).items():
            if layout == given:
                yield "range", name, True, asked
                continue
            model = scratch / f"model.{original.format}"
            try:
                save_model(_fed_otherwise(run, original, file, layout), model)
                outputs = predict_files(model, original.format, films.pixels, name=name)
            except RadlibError:  # the network has no such form; it is no answer then
                continue
            yield "range", name, False, outputs
    preparation = films.preprocessing
    for name in FILTERS:
        if name == preparation.resampling:
            yield "resampling", f"resampling {name}", True, asked
        elif (pixels := _resized_otherwise(run, films, name)) is not None:
            outputs = predict_files(path, original.format, pixels, name=name)
            yield "resampling", f"resampling {name}", False, outputs


def _fed_otherwise(run: Run, original: Variant, file: Path, layout: InputLayout) -> Any:
    """Return the network with another layout written into it."""
    how, path = original.details["imported"], run.model_path(original)
    if original.format == "tflite":
        return with_layout(path.read_bytes(), InputLayout.from_dict(how["layout"]), layout, name=file.name)
    from radlib.importing.reading import read_network

    finish, task = Answers.from_dict(how["answers"]), load_dataset(run.settings).task
    return read_network(ForeignFile(file, how["kind"]), layout, finish, task, run.settings).model


def _resized_otherwise(run: Run, films: Films, name: str) -> np.ndarray | None:
    """Return the films resized by another filter, uint8 (n, s, s); None where one of them is not there to be read."""
    places = load_dataset(run.settings).index.set_index("image_id")["path"]
    paths = [places.get(image, "") for image in films.image_ids]
    if not all(paths):
        return None
    preparation: Preprocessing = dataclasses.replace(films.preprocessing, resampling=name)
    side, squares = preparation.image_size, []
    for reason, _, _, pixels, _ in decode_files(paths, preparation):
        if reason:
            return None
        squares.append(np.frombuffer(pixels, np.uint8).reshape(side, side))
    return np.stack(squares)


def _table(
    films: Films, answers: Mapping[tuple[str, str], tuple[bool, np.ndarray]], seed: int
) -> "pd.DataFrame":
    counts = metrics.patient_draws(films.patient_ids, DRAWS, seed)
    counts = np.concatenate([np.ones_like(counts[:1]), counts])
    drawn = {key: _mean_auroc(films.labels, p, counts) for key, (_, p) in answers.items()}
    given = {
        question: (drawn[question, name], p) for (question, name), (is_it, p) in answers.items() if is_it
    }
    tail = 2.5 / max(len(answers) - len(given), 1)  # percent; so many answers have a chance to look better
    rows = []
    for (question, name), (is_given, probabilities) in answers.items():
        own, (other, before) = drawn[question, name], given[question]
        low = high = np.nan
        defined = (own - other)[1:][~np.isnan(own - other)[1:]]
        if not is_given and len(defined) >= MINIMUM_DEFINED * (len(own) - 1) > 0:
            low, high = np.percentile(defined, [tail, 100 - tail])
        loss = films.task.cross_entropy(films.labels, probabilities)
        changed = _changed(films, before, probabilities)
        difference = np.nan if is_given else own[0] - other[0]
        rows.append((question, name, is_given, len(films), own[0], difference, low, high, changed, loss))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _mean_auroc(labels: np.ndarray, probabilities: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Return the AUROC of all films and of every draw, averaged over the labels that have both answers."""
    columns = []
    for truth, probability in zip(labels.T, probabilities.T, strict=True):
        known = ~np.isnan(truth)
        if len(np.unique(truth[known])) == 2:
            columns.append(metrics.auroc_draws(truth[known], probability[known], counts[:, known]))
    return np.mean(columns, axis=0) if columns else np.full(len(counts), np.nan)


def _changed(films: Films, before: np.ndarray, after: np.ndarray) -> int:
    """Return how many decisions of the answer given change."""
    if films.task.exclusive:
        return int((before.argmax(axis=1) != after.argmax(axis=1)).sum())
    changed = 0
    for truth, one, other in zip(films.labels.T, before.T, after.T, strict=True):
        known = ~np.isnan(truth)
        if len(np.unique(truth[known])) < 2:
            continue
        threshold = metrics.operating_point(truth[known], one[known])
        changed += int(((one >= threshold) != (other >= threshold)).sum())
    return changed
