"""The commands of a device: films through a bundle, and what it costs there. They run in an install without extras.

Each is a thin layer over a function that notebooks use as well; `cli` makes the program of them.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from radlib.cli.commands import require, require_run
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
@click.option("--masks", type=click.Path(path_type=Path), metavar="FOLDER",
              help="Of a variant that outlines: write the mask of each film there as PNG, as large as the film.")  # fmt: skip
@click.option("--boxes", type=click.Path(path_type=Path), metavar="FILE.csv",
              help="Of a variant that finds boxes: write a row per box, in pixels of the film.")  # fmt: skip
@click.option("--dicom-sr", "reports", type=click.Path(path_type=Path), metavar="FOLDER",
              help="Write a DICOM Structured Report per film, for the archive that it came from.")  # fmt: skip
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

    The answers are those of `radlib predict`, of a LiteRT file the same bits. One process decodes and one answers, so that
    memory stays small and the same for any number of films.

    BUNDLE is what `radlib export` wrote. FILMS are DICOM, PNG or JPEG files, or folders of them.
    """
    require(bundle, "bundle", "give the folder that radlib export wrote")
    require(given["thresholds"], "file of thresholds", "give one that radlib predict --recalibrate wrote")
    for each in (*films, *([watch] if watch else [])):
        require(each, "film or folder", "give the films to read")
    if bool(films) == bool(watch) or (once and not watch):
        raise UsageError("Give films, or a folder with --watch; --once goes with --watch.")
    from radlib.deployment.answer_tables import Choices

    named = ("heat_maps", "reports", "masks", "boxes")
    csv, places = given.pop("csv"), {name: given.pop(name) for name in named}
    choices = Choices(compared=not fast, **given)
    spoken = {
        "to": csv,
        "as_json": as_json,
        **places,
        "show": lambda text: say(text, end=""),
        "say": lambda line: say_line(line, err=True),
    }
    if watch:
        from radlib.deployment.reading.watched_bundle import watch_folder

        watch_folder(bundle, watch, choices, once=once, **spoken)
        return
    from radlib.deployment.reading.read import read_bundle

    count = read_bundle(bundle, films, choices, **spoken)
    if csv:
        say(f"{count:,} film{'' if count == 1 else 's'}: {csv}", err=True)


@click.command()
@click.argument("bundle", type=click.Path(path_type=Path))
@click.option("--against", type=click.Path(path_type=Path), metavar="BUNDLE",
              help="Time in turns with this bundle.  [default: the original in BUNDLE, if it is there]")  # fmt: skip
@click.option("--calls", default=200, show_default=True, type=click.IntRange(min=200),
              help="Openings, and steady calls of each kind.")  # fmt: skip
@click.option("--device-name", default="", metavar="NAME",
              help="What this machine is to be called.  [default: what it calls itself]")  # fmt: skip
@click.option("--meter", type=click.Path(path_type=Path), metavar="CSV",
              help="A table that a power meter wrote meanwhile: columns time and watts.")  # fmt: skip
@click.option("--benchmark-model", "output", type=click.Path(path_type=Path), metavar="FILE",
              help="Measure nothing; take what LiteRT's benchmark_model printed on a phone.")  # fmt: skip
@click.option("--json", "json", type=click.Path(path_type=Path), metavar="FILE",
              help="Where to write the results.  [default: a name of variant and device]")  # fmt: skip
def bench(bundle: Path, json: Path | None, output: Path | None, **given: Any) -> None:
    """Measure what a bundle costs on this machine.

    Opening, first and steady answers (p50, p95, p99), threads, XNNPACK on and off, memory, warmth, clock and energy,
    from a meter or as an estimate. `radlib compare RUN --measurements FILE` takes the results into the run.

    BUNDLE is a folder that `radlib export` wrote, or a variant's in a run; with --meter also a file of results whose
    meter was read elsewhere.
    """
    from radlib.deployment.bench.bench import bench_bundle
    from radlib.deployment.bench.benchmark_model import bench_output
    from radlib.deployment.bench.energy import with_meter_table
    from radlib.deployment.bench.result_files import read_result, result_lines, result_name, write_result

    require(bundle, "bundle", "give a folder that radlib export wrote")
    for name in ("against", "meter"):
        if given[name]:
            require(given[name], "bundle" if name == "against" else "table", "give the one to use")
    if output is not None:
        require(output, "output of benchmark_model", "give the file that it was written to")
        record = bench_output(bundle, output, device_name=given["device_name"])
    elif bundle.suffix == ".json" and bundle.name != "variant.json":
        if not given["meter"]:
            raise UsageError(f"{bundle.name} is a file of results; --meter names the table to add to it.")
        record, json = with_meter_table(read_result(bundle), given["meter"]), json or bundle
    else:
        record = bench_bundle(bundle, say=lambda line: say(line, err=True), **given)
    place = json or Path(result_name(record))
    write_result(place, record)
    say("\n".join([*result_lines(record), f"{place}"]))


def take_home(outputs: Sequence[Path], files: Sequence[Path]) -> None:
    """Put files of results into a run, and write its report anew where it has one.

    Raises:
        UsageError: For several runs, or a file that is not there.
        DataError: When a file is damaged, or was measured with another model file.
    """
    if len(outputs) != 1:
        raise UsageError("--measurements goes into one run; name one folder of a run.")
    require_run(outputs[0])
    for path in files:
        require(path, "file of results", "give what radlib bench wrote")
    from radlib.deployment.bench.into_run import take_measurements
    from radlib.report.writing import write_report
    from radlib.runs.run_locks import only_start
    from radlib.runs.runs import reopen_run

    run = reopen_run(outputs[0])
    with only_start(run.folder):
        for line in take_measurements(run, files):
            say_line(line, err=True)
        if run.path("report.html").is_file():
            write_report(run)


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
    """Write a page that reads films in any browser.

    The page is a folder of files: put it on any server, or show it here with --serve. No film leaves the
    machine, and after the first visit no network is needed.

    BUNDLE is what `radlib export` wrote; of several, one can be compared with another. FOLDER is made, or an earlier page in
    it is replaced.
    """
    from radlib.deployment.page.serving import shown_page

    for line in shown_page(bundles, serve=serve, port=port):
        say(line)


COMMANDS = (read, bench, page)
