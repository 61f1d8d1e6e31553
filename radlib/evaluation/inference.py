"""Thousands of films through one model: several processes, one interpreter thread each, one film per call.

Batches do not help a LiteRT file, and its own threads lose whenever a neighbour wants the processor; whole
processes side by side do help. The pixels never pass between processes: every worker reads its films from
the file of decoded films, a few megabytes at a time, so that memory does not grow with the number of films.
"""

import contextlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from radlib.formats.predictors import Predictor, open_model
from radlib.foundation.plain_text import plain_line
from radlib.foundation.registry import FORMATS
from radlib.imaging.decoding.pixels import StoredFilms, stored_films

if TYPE_CHECKING:  # a single film needs neither workers nor a progress bar
    from tqdm import tqdm

    from radlib.evaluation.workers import Workers

CHUNK_SECONDS = 0.25  # work sent at a time: long against a message, short against the last worker's wait
TRIAL_FILMS = 4  # predicted in this process, to learn whether workers are worth their start
WORTH_STARTING_SECONDS = 1.5  # work that outweighs the start of two workers
WORTH_SENDING_SECONDS = 0.1  # work that outweighs messages to running ones


def predict_files(
    path: Path,
    format: str,
    films: StoredFilms | np.ndarray,
    *,
    processes: int = 2,
    threads: int = 1,
    name: str = "",
    workers: "Workers | None" = None,
    predictor: Predictor | None = None,
) -> np.ndarray:
    """Predict many films with one model file.

    A few films are predicted here first; what that costs decides whether workers are worth their start. The
    answers are the same bits either way. Formats that no device runs (Keras) stay in this process, where
    their runtime has threads of its own.

    Args:
        path: The model file.
        format: Its format.
        films: uint8 (n, h, w), best memory-mapped, or `StoredFilms`.
        processes: Workers side by side; 1 does everything here.
        threads: Threads of each interpreter.
        name: What messages and the progress bar call the model.
        workers: Those to use and keep; None starts own ones if need be, and ends them.
        predictor: The same model, opened before and left open; None opens the file and closes it.

    Returns:
        float32 (n, outputs), or (n, h, w, outputs), in the order of the films.

    Raises:
        SetupError: When the model cannot be run, or a worker process ends.
    """
    from tqdm import tqdm

    from radlib.evaluation.workers import Workers

    if isinstance(films, np.ndarray):
        with stored_films(films) as stored:
            return predict_files(
                path, format, stored, processes=processes, threads=threads, name=name, workers=workers,
                predictor=predictor,
            )  # fmt: skip
    name = name or Path(path).name
    opened = contextlib.nullcontext(predictor) if predictor else open_model(path, format, threads=threads)
    with (
        opened as predictor,
        tqdm(
            total=len(films), desc=plain_line(name), unit="film", leave=False, disable=None, delay=1
        ) as progress,
    ):
        outputs = np.empty((len(films), *predictor.answer_shape), np.float32)
        done = min(TRIAL_FILMS, len(films))
        seconds = _predict_here(predictor, films.part(0, done), outputs[:done], progress) / max(done, 1)
        rest, work_seconds = films.part(done, len(films)), seconds * (len(films) - done)
        worth = WORTH_SENDING_SECONDS if workers and workers.running else WORTH_STARTING_SECONDS
        if processes < 2 or work_seconds < worth or not FORMATS[format].facts["device"]:
            _predict_here(predictor, rest, outputs[done:], progress)
            return outputs
    with contextlib.nullcontext(workers) if workers else Workers(processes) as team:
        chunk = min(films.chunk, max(1, round(CHUNK_SECONDS / seconds)))
        team.predict(Path(path), format, threads, rest, outputs[done:], chunk=chunk, name=name)
    return outputs


def _predict_here(predictor: Predictor, films: StoredFilms, outputs: np.ndarray, progress: "tqdm") -> float:
    """Fill `outputs` chunk by chunk; return the seconds it took."""
    begun = time.perf_counter()
    for start in range(0, len(films), films.chunk):
        part = films.part(start, start + films.chunk)
        outputs[start : start + films.chunk] = predictor.predict(part.read())
        progress.update(len(part))
    return time.perf_counter() - begun


@contextlib.contextmanager
def opened_model(path: Path, format: str, *, name: str = "") -> Iterator[Callable[[np.ndarray], np.ndarray]]:
    """Open a model for films that come a few at a time, and keep it open, with its workers if it needs any.

    Args:
        path: The model file.
        format: Its format.
        name: What messages call the model.

    Yields:
        A function from films, uint8 (n, h, w), to float32 (n, outputs).
    """
    with open_model(path, format) as predictor, contextlib.ExitStack() as stack:
        team: list[Workers] = []

        def ask(films: np.ndarray) -> np.ndarray:
            if len(films) <= TRIAL_FILMS:
                return predictor.predict(films)
            if not team:
                from radlib.evaluation.workers import Workers

                team.append(stack.enter_context(Workers()))
            return predict_files(path, format, films, name=name, workers=team[0], predictor=predictor)

        yield ask
