"""The commands of a device: films through a bundle."""

from pathlib import Path
from typing import Any

import click

from radlib.cli.commands import require
from radlib.foundation.errors import UsageError
from radlib.foundation.plain_text import say, say_line


@click.command()
@click.argument("bundle", type=click.Path(path_type=Path))
@click.argument("films", nargs=-1, type=click.Path(path_type=Path))
@click.option("--csv", type=click.Path(path_type=Path), help="Write the table here instead of the terminal.")
@click.option("--json", "as_json", is_flag=True, help="Show a line of JSON per film.")
@click.option("--watch", type=click.Path(path_type=Path), metavar="FOLDER",
              help="Answer each film that comes to lie in this folder, once, until stopped.")  # fmt: skip
@click.option("--once", is_flag=True, help="With --watch: answer what lies there, then end.")
@click.option("--heat-map", "heat_maps", type=click.Path(path_type=Path), metavar="FOLDER",
              help="Draw where the network looked, a picture per film.")  # fmt: skip
@click.option("--with-files", is_flag=True, help="Name the files, too (they may name patients).")
@click.option("--thresholds", type=click.Path(path_type=Path), metavar="FILE",
              help="Decide at the thresholds that radlib predict --recalibrate wrote for this very variant.")  # fmt: skip
@click.option("--threshold", "stated", nargs=2, multiple=True, metavar="FINDING VALUE",
              help="Decide on a finding at this threshold; may be repeated.")  # fmt: skip
@click.option("--fast", is_flag=True, help="Do not compare films with those that the variant was trained on.")
def read(
    bundle: Path,
    films: tuple[Path, ...],
    as_json: bool,
    watch: Path | None,
    once: bool,
    fast: bool,
    **given: Any,
) -> None:
    """Read films on a device: what ./read in a bundle does.

    The answers are those of `radlib predict`, the same bits; one process decodes and one answers, so that memory stays small
    and the same for any number of films.

    BUNDLE is what `radlib export` wrote. FILMS are DICOM, PNG or JPEG files, or folders of them.
    """
    require(bundle, "bundle", "give the folder that radlib export wrote")
    if given["thresholds"]:
        require(given["thresholds"], "file of thresholds", "give one that radlib predict --recalibrate wrote")
    for each in (*films, *([watch] if watch else [])):
        require(each, "film or folder", "give the films to read")
    if bool(films) == bool(watch) or (once and not watch):
        raise UsageError("Give films, or a folder with --watch; --once goes with --watch.")
    from radlib.deployment.answer_tables import Choices

    csv, heat_maps = given.pop("csv"), given.pop("heat_maps")
    choices = Choices(compared=not fast, **given)
    spoken = {
        "to": csv,
        "as_json": as_json,
        "heat_maps": heat_maps,
        "show": lambda text: say(text, end=""),
        "say": lambda line: say_line(line, err=True),
    }
    if watch:
        from radlib.deployment.reading.watching import watch_folder

        watch_folder(bundle, watch, choices, once=once, **spoken)
        return
    from radlib.deployment.reading.read import read_bundle

    count = read_bundle(bundle, films, choices, **spoken)
    if csv:
        say(f"{count:,} film{'' if count == 1 else 's'}: {csv}", err=True)


@click.command()
@click.argument(
    "bundles", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="BUNDLE... FOLDER"
)
@click.option("--serve", is_flag=True,
              help="Show the page on this machine alone, until stopped; without FOLDER it is gone afterwards.")  # fmt: skip
@click.option(
    "--port", type=click.IntRange(0, 65535), default=0, help="With --serve: where.  [default: any free one]"
)
def page(bundles: tuple[Path, ...], serve: bool, port: int) -> None:
    """Write a page that reads films in any browser, on any machine; nothing leaves it.

    The page is a folder of files: put it on any server, or show it here with --serve. After the first visit it needs no network.

    BUNDLE is what `radlib export` wrote; of several, one can be compared with another. FOLDER is made, or an earlier page in
    it is replaced.
    """
    from radlib.deployment.page.serving import shown_page

    for line in shown_page(bundles, serve=serve, port=port):
        say(line)


COMMANDS = (read, page)
