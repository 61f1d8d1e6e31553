"""The commands of a device: what a bundle costs there. They run in an install without extras.

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


COMMANDS = (bench,)
