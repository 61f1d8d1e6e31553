"""Films of one's own through a variant of a run, or through one that was exported: an answer to each.

Files are found, decoded and prepared exactly as the variant's record says; a file that cannot be read has a reason
in its row. Films stream: while workers decode the next, this process asks the model, and what was answered goes on,
so that memory does not grow with the folder. With a site's own answers to some films the threshold can be chosen
anew, see `site_threshold`.
"""

import contextlib
import functools
import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from radlib.deployment.described_variants import folder_of, read_described
from radlib.deployment.folder_shift import looker, reference_of
from radlib.deployment.reading.answering import Seen, answering, typical_beside
from radlib.deployment.reading.film_files import FilmFile, content_id, film_files
from radlib.evaluation.deciding import Answer, Decider
from radlib.foundation.errors import DataError
from radlib.foundation.extras import pandas as pd
from radlib.imaging.array_rows import split_reference
from radlib.imaging.decoding.decode import Result, decode_files
from radlib.imaging.decoding.lone_films import decode_one_by_one, lone_film
from radlib.imaging.images import Preprocessing, numbered_ids
from radlib.runs.tasks import task_of
from radlib.runs.variants import Variant

FILMS_AT_ONCE = 64


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


def read_films(
    variant: Path,
    films: Path | str | Sequence[Path],
    *,
    compared: bool = True,
    one_by_one: bool = False,
    seen: Seen | None = None,
) -> Reading:
    """Find films, and return their reading by a variant; arguments as in `predict_folder`.

    Args:
        variant: Its folder.
        films: A folder, a film, or several of both; the table calls the films of several by the paths given.
        compared: Whether films are compared with those that the variant was trained on.
        one_by_one: Whether one process decodes them and this one asks the model: least memory, for small devices.
        seen: Is told each film that was answered, with its levels, uint8 (s, s).

    Raises:
        DataError: When there is no film; while the answers are gone through, when none can be read.
    """
    source = folder_of(variant)
    described, record = read_described(source)
    given = [Path(films)] if isinstance(films, str | Path) else list(films)
    files = film_files(given)
    reference, looks = reference_of(source, described) if compared else None, list[np.ndarray]()
    look = looker(looks, len(files)) if reference is not None else None
    opened = functools.partial(
        answering, source, described, record, compared=compared, alone=one_by_one, look=look, seen=seen
    )
    answers = _answers(opened, Preprocessing.from_dict(record["preparation"]), files, one_by_one)
    name = split_reference(given[0])[0].name if len(given) == 1 else "what was given"
    warned = compared and typical_beside(source, described) is not None
    return Reading(described, record, len(files), warned, _some_read(answers, name), reference, looks)


def _answers(
    opened: Callable, preparation: Preprocessing, files: Sequence[FilmFile], one_by_one: bool
) -> Iterator[Answer]:
    """Yield an answer per file; decoding has begun before the model is opened."""
    references = [file.reference for file in files]
    with _decoding(references, preparation, one_by_one) as results, opened() as answer:
        ids = numbered_ids(content_id(file) for file in files)
        decoded = zip(files, ids, _with_bar(results, len(files)), strict=True)
        while batch := list(itertools.islice(decoded, 1 if one_by_one else FILMS_AT_ONCE)):
            yield from answer(batch)


@contextlib.contextmanager
def _decoding(
    references: Sequence[str], preparation: Preprocessing, one_by_one: bool
) -> Iterator[Iterator[Result]]:
    if len(references) == 1:
        with lone_film(references[0], preparation) as result:
            yield (result() for _ in references)
        return
    decoding: Any = (decode_one_by_one if one_by_one else decode_files)(references, preparation)
    with contextlib.closing(decoding) as results:
        yield results


def _with_bar(results: Iterator[Result], films: int) -> Iterator[Result]:
    if films <= FILMS_AT_ONCE:
        return results
    from tqdm import tqdm

    return iter(tqdm(results, "Reading films", films, leave=False, disable=None, delay=1, unit=" films"))


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
