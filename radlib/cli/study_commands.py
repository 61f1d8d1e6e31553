"""The commands about a study of one's own, before it is run: `radlib new` writes one, `radlib check` doubts it."""

import sys
from pathlib import Path

import click

from radlib.cli.command_words import PairedParameters
from radlib.cli.commands import require
from radlib.foundation.plain_text import say, say_line


@click.command(cls=PairedParameters)
@click.argument("study")
@click.option("--data", help="Folder or file with the films; left out, as the study says.")
@click.option(
    "-p", "--parameter", "parameters", nargs=2, multiple=True, metavar="NAME VALUE",
    help="Override one setting, as with radlib run; may be repeated.",
)  # fmt: skip
def check(study: str, data: str | None, parameters: tuple) -> None:
    """Say all that would stop or weaken a run of STUDY, before it.

    Reads the study, the tables and the films' headers, decodes some films, splits them, and counts patients; trains nothing
    and writes nothing. The exit code is that with which the run would end, 0 where it would go through.

    STUDY is the name of a study, or a YAML file such as `radlib new` writes.
    """
    from radlib.cli.series.study_check import check_study

    found = check_study(study, data=data, given=dict(parameters))
    say("\n".join(found.lines()))
    if found.stops:
        sys.exit(found.stops[0].exit_code)


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--to", "study", default="study.yaml", show_default=True, type=click.Path(path_type=Path),
              help="The study file to write.")  # fmt: skip
def new(folder: Path, study: Path) -> None:
    """Look at a folder of films, and write a study for them.

    Says what lies there: kinds of films, classes or tables, patients, views, and what is odd. Writes a commented study file
    and, where nothing says what is on the films, a table FOLDER/labels.csv with a row for each, to be filled in. Nothing else
    is touched, and nothing that is there is written over.
    """
    from radlib.cli.new_study import write_study

    require(folder, "folder", "give the folder that holds the films")
    for line in write_study(folder, study):
        say_line(line)


STUDY_COMMANDS = (new, check)
