"""A variant opened to answer films: from decoded films to what the network gives, and in what they are unlike its own.

Whoever reads films, `radlib predict` in its batches or a device one by one, comes through here; so the answers are the same bits.
"""

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from radlib.deployment.described_variants import intact_model
from radlib.deployment.folder_shift import Look
from radlib.deployment.reading.film_files import FilmFile
from radlib.evaluation.deciding import Answer
from radlib.evaluation.inference import opened_model
from radlib.evaluation.typical_films import Typical, embedder, read_typical, typical_path, warnings_of
from radlib.formats.predictors import open_model
from radlib.imaging.decoding.decode import Result
from radlib.imaging.images import Preprocessing
from radlib.imaging.resemblance import DIGEST_BYTES
from radlib.runs.variants import Variant

TYPICAL = "typical_films.npz"  # beside an exported model

Warn = Callable[[np.ndarray], list[str]]
Batch = Sequence[tuple[FilmFile, str, Result]]  # with the film's id
Answering = Callable[[Batch], Iterator[Answer]]
Seen = Callable[[Answer, np.ndarray], None]


@contextlib.contextmanager
def answering(
    source: Path,
    variant: Variant,
    record: Mapping[str, Any],
    *,
    compared: bool = True,
    alone: bool = False,
    look: Look | None = None,
    seen: Seen | None = None,
) -> Iterator[Answering]:
    """Open a variant; yield what turns decoded films into answers.

    Args:
        source: Folder of the variant.
        variant: What is described there.
        record: See `read_described`.
        compared: Whether films are compared with those that the variant was trained on.
        alone: Whether this process alone asks the model, by LiteRT, however many films there are.
        look: Is shown films, uint8 (k, s, s).
        seen: Is told each film that was answered, with its levels.
    """
    size = Preprocessing.from_dict(record["preparation"]).image_size
    typical = typical_beside(source, variant) if compared else None
    format = "tflite" if alone else variant.format
    model = (
        litert_file(source, variant, record)
        if alone
        else intact_model(source / Path(variant.file).name, variant)
    )
    with contextlib.ExitStack() as stack:
        if alone:
            ask: Callable = stack.enter_context(open_model(model, format)).predict
        else:
            ask = stack.enter_context(opened_model(model, format, name=variant.name))
        warn = _warner(typical, model, format) if typical is not None else None
        yield lambda batch: _answer_batch(batch, size, ask, warn, look, seen)


def litert_file(source: Path, variant: Variant, record: Mapping[str, Any]) -> Path:
    """Return the LiteRT file of a bundle; of what is none, see `deployed.runnable`."""
    if variant.format == "tflite":
        return intact_model(source / Path(variant.file).name, variant)
    from radlib.deployment.bundle.deployed import runnable  # here: it brings what decodes coded files

    return runnable(source, variant, record)


def typical_beside(source: Path, variant: Variant) -> Typical | None:
    """Return what the variant's training films look like; None where nothing is kept of them."""
    found = read_typical(source / TYPICAL) or read_typical(
        typical_path(source.resolve().parent.parent, variant.key)
    )
    return found if found is not None and found.sha256 == variant.sha256 else None


def _warner(typical: Typical, model: Path, format: str) -> Warn:
    embed = embedder(model, format)
    return lambda films: warnings_of(typical, films, embed)


def _answer_batch(
    batch: Batch, size: int, ask: Callable, warn: Warn | None, look: Look | None, seen: Seen | None
) -> Iterator[Answer]:
    """Yield the answers to some films, those that could not be read among them."""
    read = [result for _, _, result in batch if not result[0]]
    films = np.frombuffer(b"".join(result[3] for result in read), np.uint8).reshape(-1, size, size)
    outputs = iter(ask(films) if read else ())
    warnings = iter(warn(films) if warn and read else ())
    if look is not None:
        look(films)
    shown = iter(films)
    for file, image, (reason, height, width, _, mark) in batch:
        unlike = None if warn is None else next(warnings) if not reason else ""
        answer = Answer(
            file=file.name,
            image_id=image,
            outputs=None if reason else next(outputs),
            reason=reason,
            warning=unlike,
            pixels=mark[:DIGEST_BYTES],
            size=(height, width),
        )
        if not reason and seen is not None:
            seen(answer, next(shown))
        yield answer
