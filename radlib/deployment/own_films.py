"""Films of one's own through a variant of a run, or through one that was exported: an answer to each.

Files are found, decoded and prepared exactly as the variant's record says; a file that cannot be read has a reason
in its row. Films stream: while workers decode the next, this process asks the model, and what was answered goes on,
so that memory does not grow with the folder. With a site's own answers to some films the threshold can be chosen
anew, see `site_threshold`.
"""

import contextlib
import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from radlib.deployment.described_variants import folder_of, intact_model, read_described
from radlib.deployment.folder_shift import Look, looker, reference_of
from radlib.evaluation.deciding import Answer, Decider
from radlib.evaluation.inference import opened_model
from radlib.evaluation.typical_films import Typical, embedder, read_typical, typical_path, warnings_of
from radlib.foundation.errors import DataError
from radlib.foundation.extras import pandas as pd
from radlib.foundation.plain_text import say_line
from radlib.imaging.array_rows import row_reference, split_reference
from radlib.imaging.decoding.decode import Result, decode_files
from radlib.imaging.decoding.lone_films import lone_film
from radlib.imaging.film_walk import left_out_sentence, walk
from radlib.imaging.images import Preprocessing, image_id, numbered_ids
from radlib.imaging.resemblance import DIGEST_BYTES
from radlib.runs.tasks import task_of
from radlib.runs.variants import Variant

TYPICAL = "typical_films.npz"  # beside an exported model
FILMS_AT_ONCE = 64
UNKNOWN_ID = "0" * 12

Warn = Callable[[np.ndarray], list[str]]


@dataclass(frozen=True)
class Reading:
    """Films that are about to be read by a variant.

    Attributes:
        variant: Who reads.
        record: See `read_described`.
        films: How many files there are.
        warned: Whether films are compared with those that the variant was trained on.
        answers: One per file in the order of names; files are decoded as this is gone through.
        reference: What is kept of the test films, to compare the folder with as a whole; None for nothing.
        looks: What films of the folder look like, (n, features) each; filled as `answers` is gone through.
    """

    variant: Variant
    record: dict[str, Any]
    films: int
    warned: bool
    answers: Iterator[Answer]
    reference: dict[str, np.ndarray] | None = None
    looks: list[np.ndarray] = field(default_factory=list)


@dataclass(frozen=True)
class _File:
    name: str
    path: Path
    reference: str  # as a decoder takes it; empty for a link that leads out of the folder


def predict_folder(variant: Path, films: Path, *, compared: bool = True) -> "pd.DataFrame":
    """Predict unlabelled films with a variant of a run or an exported one.

    Args:
        variant: Its folder, or the `variant.json` in it.
        films: A folder of films (DICOM, PNG, JPEG), looked through with its folders; one film; or a row of an
            array file as `array_rows.row_reference` names it.
        compared: Whether films are compared with those that the variant was trained on, which takes longer.

    Returns:
        One row per film in the order of names, whatever its file is called: `file` (below `films`), `image_id`, per label
        `<label>_probability`, `<label>_decision` and `<label>_threshold` (of exclusive classes one
        `class_decision`), `reason`: empty, or why the file could not be read, without probability then, or why there
        is no decision; and where the variant knows what its training films look like, `warning`: empty, or in what a
        film is unlike them.

    Raises:
        DataError: When there is no film, or none can be read.
    """
    reading = read_films(variant, films, compared=compared)
    decider = Decider(task_of(reading.variant), reading.record["thresholds"])
    rows = [decider.row(answer) for answer in reading.answers]
    table = pd.DataFrame(rows, columns=decider.columns(reading.warned))
    return table.astype({name: np.float32 for name in table if name.endswith("_probability")})


def read_films(variant: Path, films: Path, *, compared: bool = True) -> Reading:
    """Find films, and return their reading by a variant; arguments as in `predict_folder`.

    Raises:
        DataError: When there is no film; while the answers are gone through, when none can be read.
    """
    source = folder_of(variant)
    described, record = read_described(source)
    preparation = Preprocessing.from_dict(record["preparation"])
    films, row = split_reference(films)
    files = _files(films, row)
    typical = _typical(source, described) if compared else None
    reference, looks = reference_of(source, described) if compared else None, list[np.ndarray]()
    look = looker(looks, len(files)) if reference is not None else None
    answers = _some_read(_answers(source, described, typical, preparation, files, look), films.name)
    return Reading(described, record, len(files), typical is not None, answers, reference, looks)


def _files(films: Path, row: int | None) -> list[_File]:
    root = films.parent if films.is_file() else films
    paths = [films] if films.is_file() else _film_files(films)
    if not paths:
        raise DataError(
            f"{films.name} holds no film; give a folder with DICOM, PNG or JPEG files, or one file."
        )
    found, inside = [], root.resolve()
    for path in paths:
        followed = path == films or path.resolve().is_relative_to(inside)
        reference = str(path) if row is None else row_reference(path, row)
        found.append(_File(path.relative_to(root).as_posix(), path, reference if followed else ""))
    return found


def _film_files(folder: Path) -> list[Path]:
    """Return the films below a folder, and say what else lies there."""
    if not folder.is_dir():
        raise DataError(f"{folder.name} is neither a file nor a folder; give a folder of films, or one film.")
    found = walk(folder)
    if found.left_out:
        say_line(left_out_sentence(found.left_out), err=True)
    return list(found.films)


def _typical(source: Path, variant: Variant) -> Typical | None:
    """Return what the variant's training films look like; None where nothing is kept of them."""
    found = read_typical(source / TYPICAL) or read_typical(
        typical_path(source.resolve().parent.parent, variant.key)
    )
    return found if found is not None and found.sha256 == variant.sha256 else None


def _answers(
    source: Path,
    variant: Variant,
    typical: Typical | None,
    preparation: Preprocessing,
    files: Sequence[_File],
    look: Look | None,
) -> Iterator[Answer]:
    """Yield an answer per file; decoding has begun before the model is opened."""
    with _decoding([file.reference for file in files], preparation) as results:
        model = intact_model(source / Path(variant.file).name, variant)
        with opened_model(model, variant.format, name=variant.name) as ask:
            warn = _warner(typical, model, variant.format) if typical is not None else None
            ids = numbered_ids(_content_id(file) for file in files)
            decoded = zip(files, ids, _with_bar(results, len(files)), strict=True)
            while batch := list(itertools.islice(decoded, FILMS_AT_ONCE)):
                yield from _answer_batch(batch, preparation.image_size, ask, warn, look)


@contextlib.contextmanager
def _decoding(references: Sequence[str], preparation: Preprocessing) -> Iterator[Iterator[Result]]:
    if len(references) == 1:
        with lone_film(references[0], preparation) as result:
            yield (result() for _ in references)
        return
    decoding: Any = decode_files(references, preparation)
    with contextlib.closing(decoding) as results:
        yield results


def _with_bar(results: Iterator[Result], films: int) -> Iterator[Result]:
    if films <= FILMS_AT_ONCE:
        return results
    from tqdm import tqdm

    return iter(tqdm(results, "Reading films", films, leave=False, disable=None, delay=1, unit=" films"))


def _content_id(file: _File) -> str:
    if not file.reference:
        return UNKNOWN_ID
    try:
        return image_id(file.path)
    except OSError:  # gone meanwhile, or not to be read by this account; the decoder says which
        return UNKNOWN_ID


def _warner(typical: Typical, model: Path, format: str) -> Warn:
    embed = embedder(model, format)
    return lambda films: warnings_of(typical, films, embed)


def _answer_batch(
    batch: Sequence[tuple[_File, str, Result]],
    size: int,
    ask: Callable,
    warn: Warn | None,
    look: Look | None,
) -> Iterator[Answer]:
    """Yield the answers to some films, those that could not be read among them."""
    read = [result for _, _, result in batch if not result[0]]
    films = np.frombuffer(b"".join(result[3] for result in read), np.uint8).reshape(-1, size, size)
    outputs = iter(ask(films) if read else ())
    warnings = iter(warn(films) if warn and read else ())
    if look is not None:
        look(films)
    for file, image, (reason, _, _, _, mark) in batch:
        unlike = None if warn is None else next(warnings) if not reason else ""
        yield Answer(
            file=file.name,
            image_id=image,
            outputs=None if reason else next(outputs),
            reason=reason,
            warning=unlike,
            pixels=mark[:DIGEST_BYTES],
        )


def _some_read(answers: Iterator[Answer], name: str) -> Iterator[Answer]:
    """Yield answers from the first film that could be read on, those before it included.

    Raises:
        DataError: When none could be read.
    """
    unread: list[Answer] = []
    for answer in answers:
        unread.append(answer)
        if answer.outputs is not None:
            break
    else:
        which = "The only file" if len(unread) == 1 else f"None of the {len(unread)} files"
        raise DataError(f"{which} of {name} can{'not' if len(unread) == 1 else ''} be read as a film.")
    yield from unread
    yield from answers
