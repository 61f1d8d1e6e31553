"""What `radlib read --watch` does: the films of a folder through a bundle, as they come."""

import contextlib
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from radlib.deployment.answer_tables import Choices, decider_of, heading_text, row_text, warnings_before
from radlib.deployment.box_files import Find, box_columns, checked_finder, finder
from radlib.deployment.described_variants import folder_of, read_described
from radlib.deployment.reading.answering import Answering, answering, typical_beside
from radlib.deployment.reading.arrivals import Look, Pace
from radlib.deployment.reading.film_files import FilmFile
from radlib.deployment.reading.following_table import FollowingTable
from radlib.deployment.reading.read import pictures, reporter
from radlib.deployment.reading.rows import json_line
from radlib.deployment.reading.watching import Row, Watched, only_reader, watch
from radlib.deployment.threshold_files import NOTICE
from radlib.evaluation.deciding import Answer, Decider
from radlib.foundation.errors import UsageError
from radlib.imaging.decoding.lone_films import FilmReader, film_reader
from radlib.imaging.images import Preprocessing

Say = Callable[[str], None]
BOXES = "boxes"  # in a row of the journal: those of the film, a list of rows


def watch_folder(
    bundle: Path,
    folder: Path,
    choices: Choices,
    *,
    once: bool,
    to: Path | None,
    as_json: bool,
    heat_maps: Path | None,
    reports: Path | None = None,
    masks: Path | None = None,
    boxes: Path | None = None,
    show: Say,
    say: Say,
    pace: Pace | None = None,
) -> int:
    """Answer the films of a folder as they come; arguments as of `read.read_bundle`.

    Args:
        bundle: Folder of an export.
        folder: That films are exported into. What was answered is noted in `.radlib-reader` in it.
        choices: What decides, and which columns there are.
        once: Whether it ends when all that lies there is answered.
        to: A CSV file that rows are appended to; None shows the rows as they come.
        as_json: Whether a line of JSON per film is shown.
        heat_maps: A folder that gets a picture per film; None for none.
        reports: A folder outside `folder` that gets a DICOM Structured Report per film; None for none.
        masks: A folder outside `folder` that gets what is outlined in each film; None for none.
        boxes: A CSV file that what is found in the films is appended to; None for none.
        show: Takes the text of rows that are to be shown.
        say: Takes a sentence for the user.
        pace: How long is waited; None as usual.

    Returns:
        How many films were answered.
    """
    if not folder.is_dir():
        raise UsageError(f"{folder.name} is no folder; give the folder that films are exported into.")
    for what, place in (
        ("reports", reports),
        ("pictures", heat_maps),
        ("masks", masks),
    ):  # each would be read as a film
        if place is not None and place.resolve().is_relative_to(folder.resolve()):
            raise UsageError(
                f"{place.name} lies in the folder that is watched; choose one outside for the {what}."
            )
    source = folder_of(bundle)
    variant, record = read_described(source)
    decider = decider_of(variant, record, choices)
    for line in (NOTICE, *warnings_before(variant, record)):
        say(line)
    seen, find = pictures(bundle, heat_maps, masks, choices), finder(variant, record)
    report = reporter(bundle, [folder], reports, say) if reports is not None else lambda row: None
    warned = choices.compared and typical_beside(source, variant) is not None
    columns = [c for c in decider.columns(warned) if c != "file" or choices.with_files]
    tables = [] if to is None else [FollowingTable(to, columns)]
    if boxes is not None:
        checked_finder(variant, record, boxes)
        told = box_columns(choices.with_files)
        tables.append(FollowingTable(boxes, told, lambda row: row.get(BOXES, ()), "--boxes"))
    with contextlib.ExitStack() as stack:
        journal = stack.enter_context(only_reader(folder, variant.sha256[:12], say, once=once))
        reader = stack.enter_context(film_reader(Preprocessing.from_dict(record["preparation"])))
        answer = stack.enter_context(
            answering(source, variant, record, compared=choices.compared, alone=True, seen=seen)
        )
        watched = Watched(
            root=folder,
            journal=journal,
            read=lambda look, image: _row(
                _answer(look, image, reader, answer), decider, columns, report, find
            ),
            tell=_teller(columns, as_json, to, choices.with_files, show),
            tables=tables,
            say=say,
            pace=pace or Pace(),
        )
        return watch(watched, once=once)


def _answer(look: Look, image: str, reader: FilmReader, answer: Answering) -> Answer:
    reader.start(str(look.path))
    file = FilmFile(look.name, look.path, str(look.path))
    (found,) = answer([(file, image, reader.result())])
    return found


def _row(
    found: Answer,
    decider: Decider,
    columns: list[str],
    report: Callable[[Mapping[str, Any]], None],
    find: Find | None,
) -> Row:
    """Return the row of a film, as plain values that the journal can hold; its report is written before it is noted.

    Boxes are noted with it, whether a table of them is asked for or not: one that is asked for later then has those of all films.
    """
    row = decider.row(found)
    report(row)
    plain = {name: _plain(row.get(name, "")) for name in {**dict.fromkeys(columns), "reason": None}}
    if find is None:
        return plain
    boxes = [{name: box[name] for name in box_columns("file" in columns)} for box in find(found)]
    return {**plain, BOXES: [{name: _plain(value) for name, value in box.items()} for box in boxes]}


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return value
    return math.nan if math.isnan(value) else float(value)


def _teller(
    columns: list[str], as_json: bool, to: Path | None, with_files: bool, show: Say
) -> Callable[[Row], None]:
    """Return what shows a row: a line of JSON, a line of the table where no file takes it, or nothing."""
    if as_json:
        return lambda row: show(
            json_line({n: v for n, v in row.items() if n != BOXES}, with_files=with_files) + "\n"
        )
    if to is not None:
        return lambda row: None
    show(heading_text(columns))
    return lambda row: show(row_text(columns, row))
