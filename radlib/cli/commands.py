"""The commands about models that are there already: films through one, an export, what may be published.

Each is a thin layer over a function that notebooks use as well; `cli` makes the program of them.
"""

import functools
from pathlib import Path
from typing import Any

import click

from radlib.cli.import_options import mapped_labels, numbers
from radlib.foundation.plain_text import say, say_line
from radlib.imaging.resampling import FILTERS


def require(path: Path | None, what: str, remedy: str) -> None:
    """Stop with a sentence when something that was named is not there; None is what nobody named."""
    from radlib.foundation.errors import UsageError
    from radlib.foundation.names import nearest

    if path is not None and not path.exists():
        beside = [each.name for each in path.parent.iterdir()] if path.parent.is_dir() else []
        raise UsageError(f"There is no {what} at {str(path)!r}{nearest(path.name, beside)}; {remedy}.")


def require_run(output: Path) -> None:
    """Stop with a sentence when a folder is not that of a run."""
    from radlib.runs.run_records import no_run

    require(output, "run", "give a folder under outputs")
    if not (output / "run.json").is_file():
        raise no_run(output)


@click.command()
@click.argument("variant", type=click.Path(path_type=Path))
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--csv", "csv", type=click.Path(path_type=Path), help="Write here instead of the terminal.")
@click.option("--with-files", is_flag=True, help="Add a column with the file names (they may name patients).")
@click.option("--recalibrate", "labels", type=click.Path(path_type=Path), metavar="LABELS",
              help="Choose thresholds anew on these films: a CSV with file, a column per finding, best patient_id.")  # fmt: skip
@click.option("--keep-thresholds", "keep_at", type=click.Path(path_type=Path), metavar="FILE",
              help="Where --recalibrate writes them.  [default: LABELS.thresholds.json beside LABELS]")  # fmt: skip
@click.option("--thresholds", type=click.Path(path_type=Path), metavar="FILE",
              help="Decide at the thresholds that --recalibrate wrote for this very variant.")  # fmt: skip
@click.option("--threshold", "chosen", nargs=2, multiple=True, metavar="FINDING VALUE",
              help="Decide on a finding at this threshold; may be repeated.")  # fmt: skip
@click.option("--masks", type=click.Path(path_type=Path), metavar="FOLDER",
              help="Of a variant that outlines: write the mask of each film there as PNG, as large as the film.")  # fmt: skip
@click.option("--dicom-seg", "segmentations", type=click.Path(path_type=Path), metavar="FOLDER",
              help="Of a variant that outlines: write a DICOM Segmentation per film, for the archive that it came from.")  # fmt: skip
@click.option("--boxes", type=click.Path(path_type=Path), metavar="FILE.csv",
              help="Of a variant that finds boxes: write a row per box, in pixels of the film.")  # fmt: skip
@click.option("--fast", is_flag=True,
              help="Do not compare films with those that the variant was trained and tested on: no column warning.")  # fmt: skip
def predict(variant: Path, folder: Path, csv: Path | None, chosen: tuple, fast: bool, **given: Any) -> None:
    """Score unlabelled films into a CSV.

    One row per film: probability per label, decision, threshold (of outlines the share outlined, of boxes how many), why there is no
    decision, and a warning where a film is unlike those of the training. Of twenty films or more it is said whether they are of
    the kind that the variant was tested on, and whether it is as sure of them; with --csv in full in NAME.shift.json.
    Numbers are written in full.

    VARIANT is the folder of a variant in a run, its variant.json, or what `radlib export` wrote. FOLDER holds
    the films (DICOM, PNG, JPEG), or is one film.
    """
    from radlib.deployment.answer_tables import Choices, answer_films
    from radlib.deployment.box_files import reading_with_boxes
    from radlib.deployment.outline_files import reading_with_outlines

    require(variant, "variant", "give a folder under outputs/RUN/variants, or one that radlib export wrote")
    require(folder, "film or folder", "give the films to score")
    require(given["labels"], "table of labels", "give a CSV file with columns file and one per finding")
    require(given["thresholds"], "file of thresholds", "give one that radlib predict --recalibrate wrote")
    warn = functools.partial(say_line, err=True)
    read = reading_with_outlines(variant, folder, given.pop("masks"), given.pop("segmentations"), warn)
    if boxes := given.pop("boxes"):
        read = reading_with_boxes(variant, boxes, given["with_files"], read)
    films = answer_films(
        variant, folder, Choices(stated=chosen, compared=not fast, **given), to=csv, show=lambda rows: say(rows, end=""),
        say=warn, read=read,
    )  # fmt: skip
    if csv:
        say(f"{films:,} film{'' if films == 1 else 's'}: {csv}")


@click.command()
@click.argument("variant", type=click.Path(path_type=Path))
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--thresholds", type=click.Path(path_type=Path), metavar="FILE",
              help="Take the thresholds that radlib predict --recalibrate wrote for this very variant.")  # fmt: skip
@click.option("--wheels", default="", metavar="PLATFORMS",
              help="Lay the libraries beside it, to be set up without network: linux-aarch64,linux-x86_64.")  # fmt: skip
@click.option("--unfinished", is_flag=True,
              help="Export a variant without threshold, test films or verdict; the export says so first.")  # fmt: skip
@click.option("--original", is_flag=True,
              help="Lay the float32 original beside it: ./bench times the two in turns.")  # fmt: skip
@click.option("--micro", is_flag=True,
              help="Also write what a microcontroller takes: a C array, the operators, a main.c; or say why not.")  # fmt: skip
def export(variant: Path, folder: Path, **given: Any) -> None:
    """Write what a device needs into FOLDER.

    The model, its labels, threshold and preprocessing, its verdict, and examples with the answers expected.

    VARIANT is the folder of a variant in a run, e.g. outputs/demo/variants/student_small--int8--seed0.
    """
    from radlib.deployment.export import export_variant

    require(variant, "variant", "give a folder under outputs/RUN/variants")
    record = variant if variant.is_file() else variant / "variant.json"
    require(record, "variant", "give a folder under outputs/RUN/variants")
    place = record.resolve().parent
    if given["thresholds"]:
        require(given["thresholds"], "file of thresholds", "give one that radlib predict --recalibrate wrote")
    say(export_variant(place.parent.parent, place.name, folder, **given) or folder)


@click.command()
@click.argument("output", type=click.Path(path_type=Path))
@click.argument("folder", type=click.Path(path_type=Path))
def publish(output: Path, folder: Path) -> None:
    """Copy what may be shown to anyone from a run into FOLDER.

    The report as Markdown, the tables and the pictures; no film, no image of one, no path.

    OUTPUT is the folder of a finished run, e.g. outputs/demo.
    """
    require_run(output)
    from radlib.report.writing import publish as publish_run
    from radlib.runs.runs import reopen_run

    say(f"{len(publish_run(reopen_run(output), folder))} files: {folder}")


@click.command()
@click.argument("output", type=click.Path(path_type=Path))
@click.option("--films", default=16, show_default=True, type=click.IntRange(min=0),
              help="Films of each split to ask about again; 0 needs no film.")  # fmt: skip
def verify(output: Path, films: int) -> None:
    """Check that a run is what it says it is.

    Every digest of models, preparation, answers and choices, the table of results, and a sample of films asked again.
    Says in one sentence each what fails, the exit code is 3 then, and what cannot be opened without the extra `train`.

    OUTPUT is the folder of a run, e.g. outputs/demo.
    """
    require_run(output)
    from radlib.deployment.verification.verify import summary, verify as verify_run
    from radlib.foundation.errors import DataError
    from radlib.runs.runs import reopen_run

    checks = verify_run(reopen_run(output), films=films)
    for said in dict.fromkeys(check.failure or check.left_out for check in checks):
        if said:
            say_line(said, err=True)
    if any(check.failure for check in checks):
        raise DataError(summary(checks, output))
    say(summary(checks, output))


@click.command(name="import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--study", default="demo", show_default=True, help="Whose films it is to read: a study, or a YAML file."
)
@click.option("--output", default="", help="Folder of the run.  [default: outputs/STUDY]")
@click.option("--data", help="Folder or file with the films; left out, as the study says.")
@click.option("--name", default="", help="What to call the network.  [default: the file's name]")
@click.option("--labels", required=True, metavar="A,B", help="What each output means, in the file's order.")
@click.option(
    "--map", "mapped", multiple=True, callback=mapped_labels, metavar="OLD=NEW",
    help="An output that the study calls otherwise; several may become one (summed, of sigmoids: one of them holds).",
)  # fmt: skip
@click.option("--answers", type=click.Choice(("probabilities", "logits")), default="probabilities", show_default=True,
              help="What it gives; logits where the last layer has no activation.")  # fmt: skip
@click.option("--layout", type=click.Choice(("NHWC", "NCHW")), default="NHWC", show_default=True,
              help="Channels last, or first as PyTorch has them.")  # fmt: skip
@click.option(
    "--channels", type=click.IntRange(1, 3), default=1, show_default=True, help="1, or 3 equal ones."
)
@click.option("--range", "range_", callback=numbers, metavar="A,B",
              help="What black and white are, before mean and std.  [default: 0,1; what a file of integers says itself]")  # fmt: skip
@click.option("--mean", callback=numbers, metavar="M[,M,M]", help="Subtracted.  [default: 0]")
@click.option("--std", callback=numbers, metavar="S[,S,S]", help="Divided by.  [default: 1]")
@click.option("--resampling", type=click.Choice(FILTERS),
              help="The filter by which films were made smaller for it.  [default: the study's, bilinear]")  # fmt: skip
@click.option("--no-tries", is_flag=True,
              help="Do not score the usual ranges and filters on validation films.")  # fmt: skip
@click.option("--architecture", default="", help="Of a file of weights alone: the network they belong to.")
@click.option(
    "--chains", help="Techniques to apply, e.g. '[int8]'.  [default: the study's, or what takes the file]"
)
@click.option("--beside", is_flag=True, help="Train the study's own networks as well.")
@click.option("--fresh", is_flag=True, help="Replace another network of that name.")
def import_command(
    file: Path,
    labels: str,
    layout: str,
    channels: int,
    range_: tuple | None,
    mean: tuple | None,
    std: tuple | None,
    chains: str | None,
    no_tries: bool,
    **given: Any,
) -> None:
    """Bring a trained network of your own into a run.

    LiteRT, Keras, exported PyTorch (.pt2) and ONNX files, told by their content; nothing in them is executed. How the
    network takes a film becomes part of it. The same `radlib run` then makes variants of it and writes the report.
    LiteRT files of integers are taken as they are. Of a SavedModel or a TF.js model, convert to LiteRT first.
    Where another usual range or filter reads the validation films better beyond chance, that is said, and not chosen.

    \b
    radlib import mine.tflite --study kermany --data FILMS --labels normal,pneumonia
    radlib import covid.tflite --labels covid,normal,viral --map covid=pneumonia --map viral=pneumonia \\
        --study kermany --channels 3 --resampling nearest
    radlib import mine.pt2 --study kermany --labels normal,pneumonia --answers logits \\
        --layout NCHW --channels 3 --mean 0.485,0.456,0.406 --std 0.229,0.224,0.225
    """  # noqa: D301 (the \b is click's mark for "keep these lines")
    require(file, "file", "give the network's own")
    from radlib.runs.runs import check_output, run_folder

    folder = run_folder(given["output"], given["study"])
    check_output(folder)
    outputs = [label.strip() for label in labels.split(",") if label.strip()]
    from radlib.cli.series.parameters import parse_values
    from radlib.foundation.places import made_or_removed
    from radlib.importing.layout import PLAIN_RANGE, InputLayout
    from radlib.importing.originals import import_network
    from radlib.runs.run_locks import only_start

    said = range_ or (PLAIN_RANGE if mean or std else None)
    how = InputLayout(layout, channels, said, mean or (0.0,), std or (1.0,))
    wanted = None if chains is None else parse_values({"chains": chains}, {"chains": list})["chains"]
    with made_or_removed(folder), only_start(folder):
        run, variant = import_network(file, labels=outputs, layout=how, chains=wanted, **given)
    say(f"{variant.name}: {variant.size_bytes:,} bytes, films of {variant.input_shape[0]} pixels")
    if not no_tries:
        from radlib.importing.usual_readings import tried_lines

        for line in tried_lines(run, variant, file):
            say_line(line, err=True)
    say(f"radlib run --study {given['study']} --output {run.folder}", err=True)


COMMANDS = (predict, export, publish, verify, import_command)
