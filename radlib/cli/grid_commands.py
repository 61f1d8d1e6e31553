"""The commands of a study that is spread over many processes or machines."""

from typing import Any

import click

from radlib.cli.command_words import PairedParameters
from radlib.foundation.plain_text import say, say_line


@click.command(cls=PairedParameters, context_settings={"ignore_unknown_options": False})
@click.argument("study")
@click.option("--data", help="Folder or file with the films; left out, as the study says.")
@click.option(
    "--output",
    default="",
    help="Folder of the run, on a disk that all machines share.  [default: outputs/STUDY]",
)
@click.option("--threads", default=1, show_default=True, type=click.IntRange(min=1), help="Of every step.")
@click.option("--shards", default=0, show_default=True, type=click.IntRange(min=0),
              help="Decode the films in so many steps; 0 for one.")  # fmt: skip
@click.option("--cores", type=click.IntRange(min=1), help="Run it now, by so many threads of this machine.")
@click.option("--profile", help="Run it now, by this profile of Snakemake (SLURM, Kubernetes, any other).")
@click.option(
    "-p", "--parameter", "parameters", nargs=2, multiple=True, metavar="NAME VALUE",
    help="Override one setting, as with radlib run; may be repeated.",
)  # fmt: skip
def grid(
    study: str, data: str | None, parameters: tuple, cores: int | None, profile: str | None, **given: Any
) -> None:
    """Spread a study over processes or machines.

    Writes a Snakefile into the run's folder: a rule for each training, each variant, its answers, and the report, whose inputs and
    outputs are the run's own files. With --cores or --profile Snakemake runs it; a step that was killed is taken again, and
    the files are those of `radlib run` with as many threads. Without either, the file alone is written.
    """
    from radlib.cli.grid.grid import run_grid, write_grid

    values = {**dict(parameters), **({} if data is None else {"data": data})}
    path = write_grid(study, given=values, **given)
    say(path)
    options = [*(["--cores", str(cores)] if cores else []), *(["--profile", profile] if profile else [])]
    if options:
        run_grid(path, options, lambda line: say_line(line, err=True))


@click.command(cls=PairedParameters, hidden=True)
@click.argument("mark")
@click.option("--study", required=True, help="Name of the study, or its YAML file.")
@click.option("--output", required=True, help="Folder of the run.")
@click.option("--data", help="Folder or file with the films.")
@click.option("-p", "--parameter", "parameters", nargs=2, multiple=True, help="A setting that was given.")
def step(mark: str, study: str, output: str, data: str | None, parameters: tuple) -> None:
    """Do the step of a grid that writes MARK; its Snakefile calls it."""
    from radlib.cli.grid.grid import step as take

    take(study, mark, output=output, given={**dict(parameters), **({} if data is None else {"data": data})})


@click.command(cls=PairedParameters)
@click.argument("study")
@click.option("--data", help="Folder or file with the films; left out, as the study says.")
@click.option("--output", default="", help="Folder of the run.  [default: outputs/STUDY]")
@click.option("--shard", default="1/1", show_default=True, metavar="3/16", help="Which part of the films.")
@click.option(
    "-p", "--parameter", "parameters", nargs=2, multiple=True, metavar="NAME VALUE",
    help="Override one setting, as with radlib run; may be repeated.",
)  # fmt: skip
def decode(study: str, data: str | None, output: str, shard: str, parameters: tuple) -> None:
    """Decode a study's films before it is run, all of them or a shard.

    Processes or machines that share the folder of outputs take --shard 1/16 to 16/16 in any order and at the same time; each fills
    places of its own in one store, and nothing is copied when they are joined. A shard that was stopped goes on with the same
    command. radlib grid --shards 16 makes steps of them.
    """
    from radlib.cli.grid.grid import decode as decode_part
    from radlib.imaging.decoding.shards import parse_shard

    part = parse_shard(shard)
    values = {**dict(parameters), **({} if data is None else {"data": data})}
    films, refused = decode_part(study, part, output=output, given=values)
    left = f"; {refused:,} cannot be decoded" if refused else ""
    say_line(f"Shard {part.number} of {part.of}: {films:,} films{left}.")


COMMANDS = (grid, decode, step)
