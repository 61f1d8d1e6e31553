"""The commands about a study of one's own, before it is run: `radlib new` writes one, `radlib check` doubts it."""

import sys
from pathlib import Path
from typing import Any

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
    and touches no run. The exit code is that with which the run would end, 0 where it would go through.

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
    and, where nothing says what is on the films, a table FOLDER/labels.csv with a row for each, to be filled in. Nothing that
    is there is written over; what is known of the files is remembered in outputs/.cache.
    """
    from radlib.cli.new_study import write_study

    require(folder, "folder", "give the folder that holds the films")
    for line in write_study(folder, study):
        say_line(line)


@click.command(cls=PairedParameters)
@click.argument("study")
@click.option("--data", help="Folder or file with the films; left out, as the study says.")
@click.option(
    "--max-kb",
    default=0.0,
    type=click.FloatRange(min=0),
    help="Largest file, KB of 1,000 bytes.  [default: any]",
)
@click.option("--max-ms", default=0.0, type=click.FloatRange(min=0),
              help="Longest time of one film on the device, milliseconds.  [default: any]")  # fmt: skip
@click.option("--device", nargs=2, type=click.Path(path_type=Path), metavar="RESULT BUNDLE",
              help="What radlib bench wrote on the device, and the bundle that it measured.  [default: this machine]")  # fmt: skip
@click.option("--max-arena-kb", default=0.0, type=click.FloatRange(min=0),
              help="Most memory of a microcontroller, KB.  [default: any]")  # fmt: skip
@click.option("--hours", default=2.0, show_default=True, type=click.FloatRange(min=0, min_open=True),
              help="What the search may take, as reckoned for two cores.")  # fmt: skip
@click.option(
    "--networks",
    default=0,
    type=click.IntRange(min=0),
    help="Try so many at most.  [default: as many as the hours allow]",
)
@click.option("--seed", default=0, show_default=True, type=click.IntRange(min=0), help="Of the search.")
@click.option(
    "--output",
    default="",
    help="Folder of the search and the run, with endings of their own.  [default: outputs/STUDY]",
)
@click.option(
    "-p", "--parameter", "parameters", nargs=2, multiple=True, metavar="NAME VALUE",
    help="Override one setting, as with radlib run; may be repeated.",
)  # fmt: skip
def fit(study: str, data: str | None, parameters: tuple, **given: Any) -> None:
    """Find the best file for a budget, prove it, and export it.

    Tries networks, sizes of films and compressions on validation films alone: every network is begun, few are finished, and
    the best are compressed. What is found is then run as a study of its own: its test films are scored once, and the report
    says whether it is as good as its original. A search that was stopped goes on with the same command, and the same seed
    tries the same networks. Outlines and boxes are sought likewise, by Dice or box score.

    STUDY is the name of a study, or a YAML file such as `radlib new` writes: its films, its epochs and its margin hold.
    """
    from radlib.cli.fit import Asked, fit as fit_study
    from radlib.cli.fit_device import arena_of
    from radlib.evaluation.search.budgets import Budget

    slower = 1.0
    if given["device"]:
        from radlib.cli.device_speed import times_slower

        for place, what in zip(given["device"], ("file of results", "bundle"), strict=True):
            require(
                place, what, "give what radlib bench wrote on the device, and the bundle that it measured"
            )
        slower = times_slower(*given["device"])
        say_line(f"One film takes {slower:.1f} times as long on the device as here.", err=True)
    arena_kb = given["max_arena_kb"]
    budget = Budget(given["max_kb"], given["max_ms"], slower, arena_kb, arena_of if arena_kb else None)
    values = {**dict(parameters), **({} if data is None else {"data": data})}
    how = {name: given[name] for name in ("hours", "networks", "seed", "output")}
    say(fit_study(Asked(study, budget, **how, given=values), lambda line: say_line(line, err=True)))


COMMANDS = (new, check, fit)
