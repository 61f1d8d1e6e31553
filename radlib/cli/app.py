"""The command line: a thin layer over the functions that the notebooks use as well.

Every error that a user can cause ends as one sentence on standard error and an exit code: 2 usage, 3 data,
4 quality gate, 5 environment, 130 interrupted, 1 anything else. Heavy libraries are imported by the command
that needs them.
"""

import os
import signal
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

import click

from radlib import __version__
from radlib.cli import commands, device_commands, grid_commands, study_commands
from radlib.cli.command_words import PairedParameters
from radlib.cli.device_commands import take_home
from radlib.foundation.errors import QualityGateError, RadlibError, UsageError
from radlib.foundation.extras import told
from radlib.foundation.plain_text import say, say_line, table_text

KINDS = ("datasets", "architectures", "techniques", "studies")


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="radlib")
def radlib() -> None:
    """Make chest-film classifiers small, and show what that costs.

    \b
    radlib run                                     the demo on drawn films, a few minutes
    radlib new FOLDER                              a study for films of your own
    radlib run --study kermany --data FOLDER       a study on real films
    radlib list techniques                         what there is
    radlib fetch kermany                           the films of a data set
    radlib compare outputs/demo outputs/kermany    several runs in one table

    Research only, not a medical device. Exit codes: 0 well, 2 usage, 3 data, 4 quality gate,
    5 environment, 130 interrupted, 143 ended by the system, 1 anything else.
    """  # noqa: D301 (the \b is click's mark for "keep these lines")


@radlib.command(cls=PairedParameters)
@click.option("--study", default="demo", show_default=True, help="Name of a study, or a YAML file.")
@click.option("--data", help="Folder or file with the films; left out, as the study says.")
@click.option("--output", default="", help="Folder of the run.  [default: outputs/STUDY]")
@click.option(
    "-p", "--parameter", "parameters", nargs=2, multiple=True, metavar="NAME VALUE",
    help="Override one setting or notebook parameter, e.g. -p epochs 8 or -p chains '[int8]', also -p epochs=8; "
    "may be repeated.",
)  # fmt: skip
@click.option("--notebooks", default="", metavar="01,02", help="Run only these of the study's notebooks.")
@click.option("--fresh", is_flag=True, help="Rebuild variants that were made to other settings.")
def run(study: str, data: str | None, output: str, parameters: tuple, notebooks: str, fresh: bool) -> None:
    """Run a study's notebooks in order and write its report.

    What is finished is found again: a run that was stopped goes on when started with the same command.
    """
    from radlib.cli.series.series import alarm_of, run_series

    wanted = [name.strip() for name in notebooks.split(",") if name.strip()]
    if twice := next((name for name, _ in parameters if [n for n, _ in parameters].count(name) > 1), ""):
        raise UsageError(f"Parameter {twice[:60]!r} is given twice; keep one.")
    done = run_series(
        study, output=output, data=data, given=dict(parameters), fresh=fresh, notebooks=wanted, say=_say
    )
    report = done.path("report.html")
    say(report if report.is_file() else done.path("reports"))
    if sentence := alarm_of(done):
        say_line(sentence, err=True, red=True)


@radlib.command(name="list")
@click.argument("kind", type=click.Choice(KINDS), required=False)
def list_command(kind: str | None) -> None:
    """List data sets, architectures, techniques, studies."""
    from radlib.cli.listing import listing

    say("\n\n".join(listing(k, parameters=kind is not None) for k in ([kind] if kind else KINDS)))


@radlib.command()
@click.argument("outputs", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--csv", "csv", type=click.Path(path_type=Path), help="Also write all columns to this CSV file."
)
@click.option("--measurements", multiple=True, type=click.Path(path_type=Path), metavar="FILE",
              help="First put what radlib bench wrote on a device into the run and its report; may be repeated.")  # fmt: skip
def compare(outputs: tuple[Path, ...], csv: Path | None, measurements: tuple[Path, ...]) -> None:
    """Show the variants of several runs in one table."""
    if measurements:
        take_home(outputs, measurements)
    from radlib.cli.listing import (
        compared,
        comparison_table,
        conclusion_lines,
        kind_lines,
        not_applicable,
        not_learnt_lines,
    )
    from radlib.foundation.storage import write_text

    table = compared(outputs)
    said = [*kind_lines(table), *conclusion_lines(outputs, table), *not_applicable(outputs)]
    say("\n".join([comparison_table(table), *said]))
    for line in not_learnt_lines(table):
        say_line(line, err=True, red=True)
    if csv:
        write_text(csv, table_text(table))


@radlib.command()
def doctor() -> None:
    """Check what this machine has and lacks.

    Python, libraries, codecs, disk, memory, and where data is found; exit code 5 when a need is not met.
    """
    from radlib.cli.doctor import diagnose, passed

    findings = diagnose()
    say("\n".join(str(f) for f in findings))
    if not passed(findings):
        sys.exit(5)


@radlib.command()
@click.argument("name")
@click.option("--to", "folder", type=click.Path(path_type=Path), help="Folder to make.  [default: data/NAME]")
def fetch(name: str, folder: Path | None) -> None:
    """Fetch the films of a data set, and check them.

    Goes on where an earlier start broke off. Where an account or accepted rules are needed, says what to do by hand.

    NAME is a data set: `radlib list datasets` shows them and where each comes from.
    """
    from radlib.datasets.fetching.fetch import fetch as fetch_dataset

    say(fetch_dataset(name, folder, say=_say))


@radlib.command()
@click.argument("notebook")
@click.option(
    "--output", default="kaggle", show_default=True, type=click.Path(path_type=Path), help="Folder to write."
)
@click.option(
    "--user", envvar="KAGGLE_USERNAME", default="", help="Your Kaggle name.  [env: KAGGLE_USERNAME]"
)
@click.option(
    "--data", multiple=True, metavar="OWNER/NAME", help="A Kaggle data set to attach; may be repeated."
)
@click.option("--competition", multiple=True, help="A Kaggle competition to attach; may be repeated.")
def kaggle(notebook: str, output: Path, user: str, data: tuple, competition: tuple) -> None:
    """Write what to push to Kaggle.

    The notebook with its metadata, and radlib's wheel as a data set.

    NOTEBOOK is a number (04), a name (04_quantize) or a file.
    """
    from radlib.cli.kaggle import write_kaggle

    for line in write_kaggle(notebook, output, user=user, data=data, competitions=competition):
        say(line)


for group in (commands, study_commands, device_commands, grid_commands):
    for command in group.COMMANDS:
        radlib.add_command(command)


def _say(line: str) -> None:
    say(line, err=True)


STOPPED = "Stopped; what is finished is kept, and the same command goes on from there."
SIGNALS = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name))


@dataclass
class Stop:
    """Takes the system's signals to end for Ctrl-C, so that all that cleans up after one cleans up after the others.

    Attributes:
        received: The signal; libraries between may raise another KeyboardInterrupt in place of the one raised here.
    """

    received: int = signal.SIGINT

    def watch(self) -> None:
        """Ask for the signals, but for those that are ignored, as `nohup` has it."""
        for each in SIGNALS:
            if signal.getsignal(each) is signal.SIG_DFL:
                signal.signal(each, self.take)

    def take(self, number: int, frame: object) -> None:
        """Note a signal and interrupt what is going on; a second one must not cut off the cleaning up."""
        self.received = number
        for each in SIGNALS:
            signal.signal(each, signal.SIG_IGN)
        raise KeyboardInterrupt


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and leave with its exit code; the entry point of the `radlib` command."""
    stop = Stop()
    if threading.current_thread() is threading.main_thread():
        stop.watch()
    os.environ["MPLBACKEND"] = "agg"  # nothing is shown here, whatever a user's sessions show figures with
    try:
        with told():
            code = radlib.main(arguments, prog_name="radlib", standalone_mode=False)
    except QualityGateError as error:
        code = _end(str(error), error.exit_code, red=True)
    except RadlibError as error:
        code = _end(str(error), error.exit_code)
    except click.exceptions.NoArgsIsHelpError as error:
        code = _end(error.format_message(), 2)
    except click.ClickException as error:
        code = _end(" ".join(error.format_message().split()), 2)
    except (KeyboardInterrupt, click.Abort):
        code = _end(STOPPED, 128 + stop.received)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # so that the last flush is silent
        code = 0
    except Exception as error:
        if os.environ.get("RADLIB_TRACEBACK"):
            raise
        code = _unforeseen(error)
    sys.exit(code if isinstance(code, int) else 0)


def _unforeseen(error: Exception) -> int:
    """End with one sentence: a disk that refuses, or what nobody thought of; a path is cut to the name of its file."""
    if isinstance(error, OSError):
        from radlib.foundation.storage import disk_sentence

        name = Path(os.fsdecode(error.filename)).name if error.filename else "a file"
        if sentence := disk_sentence(error, name):
            return _end(sentence, 5)
        text = f"{error.strerror or type(error).__name__}: {name}"
    else:
        text = " ".join(str(error).split())[:300]
    return _end(
        f"radlib failed with {type(error).__name__}: {text} (RADLIB_TRACEBACK=1 shows the traceback).", 1
    )


def _end(sentence: str, code: int, *, red: bool = False) -> int:
    say_line(sentence, err=True, red=red)
    return code


if __name__ == "__main__":
    main()
