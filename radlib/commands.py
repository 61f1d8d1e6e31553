"""The commands about models that are there already: films through one, an export, what may be published.

Each is a thin layer over a function that notebooks use as well; `cli` makes the program of them.
"""

from pathlib import Path
from typing import Any

import click


def require(path: Path, what: str, remedy: str) -> None:
    """Stop with a sentence when something that was named is not there."""
    from radlib.errors import UsageError

    if not path.exists():
        raise UsageError(f"There is no {what} at {str(path)!r}; {remedy}.")


@click.command()
@click.argument("variant", type=click.Path(path_type=Path))
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--csv", "csv", type=click.Path(path_type=Path), help="Write here instead of the terminal.")
@click.option("--with-files", is_flag=True, help="Add a column with the file names (they may name patients).")
@click.option(
    "--recalibrate",
    "labels",
    type=click.Path(path_type=Path),
    metavar="LABELS",
    help="Choose thresholds anew on these films: a CSV with file, a column per finding, best patient_id.",
)
@click.option("--threshold", "chosen", nargs=2, multiple=True, metavar="FINDING VALUE",
              help="Decide on a finding at this threshold; may be repeated.")  # fmt: skip
@click.option("--fast", is_flag=True, help="Do not compare films with those that the variant was trained on.")
def predict(
    variant: Path,
    folder: Path,
    csv: Path | None,
    with_files: bool,
    labels: Path | None,
    chosen: tuple,
    fast: bool,
) -> None:
    """Score unlabelled films into a CSV.

    One row per film: probability per label, decision, threshold, and a warning where a film is unlike those that the
    variant was trained on.

    VARIANT is the folder of a variant in a run, its variant.json, or what `radlib export` wrote. FOLDER holds
    the films (DICOM, PNG, JPEG), or is one film.
    """
    from radlib.own_films import predict_folder
    from radlib.private import UNDECODED
    from radlib.report.wording import plural
    from radlib.site_threshold import recalibrated, stated
    from radlib.storage import write_text

    require(variant, "variant", "give a folder under outputs/RUN/variants, or one that radlib export wrote")
    require(folder, "film or folder", "give the films to score")
    table = predict_folder(variant, folder, compared=not fast)
    if chosen:
        table = stated(variant, table, chosen)
    if labels:
        require(labels, "table of labels", "give a CSV file with the columns file and one per finding")
        table, lines = recalibrated(variant, table, labels)
        click.echo("\n".join(lines), err=True)
    if "warning" in table and (unlike := (table["warning"] != "").sum()):
        click.echo(
            f"{plural(unlike, 'film')} of {len(table)} {'is' if unlike == 1 else 'are'} unlike those that the variant was "
            "trained on (column warning); its answers to them mean little.",
            err=True,
        )
    if "reason" in table and (unread := (table["reason"] != "").sum()):
        click.echo(f"{plural(unread, 'file')} of {len(table)} could not be read (column reason).", err=True)
    if not with_files:
        table = table.drop(columns="file", errors="ignore")
    text = table.to_csv(index=False)
    if csv:
        write_text(csv, text, errors=UNDECODED)
        click.echo(f"{plural(len(table), 'film')}: {csv}")
    else:
        click.echo(text.encode(errors=UNDECODED), nl=False)


@click.command()
@click.argument("variant", type=click.Path(path_type=Path))
@click.argument("folder", type=click.Path(path_type=Path))
def export(variant: Path, folder: Path) -> None:
    """Write what a device needs into FOLDER.

    The model, its labels, threshold and preprocessing, and examples with the answers expected.

    VARIANT is the folder of a variant in a run, e.g. outputs/demo/variants/student_small--int8--seed0.
    """
    from radlib.export import export_variant

    require(variant, "variant", "give a folder under outputs/RUN/variants")
    record = variant if variant.is_file() else variant / "variant.json"
    require(record, "variant", "give a folder under outputs/RUN/variants")
    place = record.resolve().parent
    click.echo(export_variant(place.parent.parent, place.name, folder) or folder)


@click.command()
@click.argument("output", type=click.Path(path_type=Path))
@click.argument("folder", type=click.Path(path_type=Path))
def publish(output: Path, folder: Path) -> None:
    """Copy what may be shown to anyone from a run into FOLDER.

    The report as Markdown, the tables and the pictures; no film, no image of one, no path.

    OUTPUT is the folder of a finished run, e.g. outputs/demo.
    """
    from radlib.report import publish as publish_run
    from radlib.runs import reopen_run

    require(output / "run.json", "run", "give a folder under outputs")
    click.echo(f"{len(publish_run(reopen_run(output), folder))} files: {folder}")


@click.command()
@click.argument("output", type=click.Path(path_type=Path))
@click.option("--films", default=16, show_default=True, type=click.IntRange(min=0),
              help="Films of each split to ask about again; 0 needs no film.")  # fmt: skip
def verify(output: Path, films: int) -> None:
    """Check that a run is what it says it is.

    Every digest of models, preparation, answers and choices, the table of results, and a sample of films asked again.
    Says in one sentence each what fails; the exit code is 3 then.

    OUTPUT is the folder of a run, e.g. outputs/demo.
    """
    from radlib.errors import DataError
    from radlib.runs import reopen_run
    from radlib.verification import summary
    from radlib.verification import verify as verify_run

    require(output / "run.json", "run", "give a folder under outputs")
    checks = verify_run(reopen_run(output), films=films)
    for failure in dict.fromkeys(check.failure for check in checks if check.failure):
        click.echo(failure, err=True)
    if any(check.failure for check in checks):
        raise DataError(summary(checks, output))
    click.echo(summary(checks, output))


def _numbers(context: click.Context, option: click.Parameter, text: str) -> tuple[float, ...]:
    """Return comma-separated numbers as typed."""
    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError:
        raise click.BadParameter(
            "takes numbers with commas between them, such as 0.485,0.456,0.406."
        ) from None


@click.command(name="import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--study", default="demo", show_default=True, help="Whose films it is to read: a study, or a YAML file."
)
@click.option("--output", default="", help="Folder of the run.  [default: outputs/STUDY]")
@click.option("--data", help="Folder or file with the films; left out, as the study says.")
@click.option("--name", default="", help="What to call the network.  [default: the file's name]")
@click.option("--labels", required=True, metavar="A,B", help="What each output means, in order.")
@click.option("--answers", type=click.Choice(("probabilities", "logits")), default="probabilities", show_default=True,
              help="What it gives; logits where the last layer has no activation.")  # fmt: skip
@click.option("--layout", type=click.Choice(("NHWC", "NCHW")), default="NHWC", show_default=True,
              help="Channels last, or first as PyTorch has them.")  # fmt: skip
@click.option(
    "--channels", type=click.IntRange(1, 3), default=1, show_default=True, help="1, or 3 equal ones."
)
@click.option("--range", "range_", default="0,1", show_default=True, callback=_numbers, metavar="A,B",
              help="What black and white are, before mean and std.")  # fmt: skip
@click.option(
    "--mean", default="0", show_default=True, callback=_numbers, metavar="M[,M,M]", help="Subtracted."
)
@click.option(
    "--std", default="1", show_default=True, callback=_numbers, metavar="S[,S,S]", help="Divided by."
)
@click.option("--architecture", default="", help="Of a file of weights alone: the network they belong to.")
@click.option(
    "--chains", help="Techniques to apply, e.g. '[aeq_int8]'.  [default: the study's, or what takes the file]"
)
@click.option("--beside", is_flag=True, help="Train the study's own networks as well.")
@click.option("--fresh", is_flag=True, help="Replace another network of that name.")
def import_command(
    file: Path,
    labels: str,
    layout: str,
    channels: int,
    range_: tuple,
    mean: tuple,
    std: tuple,
    chains: str | None,
    **given: Any,
) -> None:
    """Bring a trained network of your own into a run.

    LiteRT, Keras, exported PyTorch (.pt2) and ONNX files, told by their content; nothing in them is executed. How the
    network takes a film becomes part of it. The same `radlib run` then makes variants of it and writes the report.

    \b
    radlib import mine.tflite --study kermany --data FILMS --labels normal,pneumonia
    radlib import mine.pt2 --study kermany --labels normal,pneumonia --answers logits \\
        --layout NCHW --channels 3 --mean 0.485,0.456,0.406 --std 0.229,0.224,0.225
    """  # noqa: D301 (the \b is click's mark for "keep these lines")
    from radlib.importing.layout import InputLayout
    from radlib.importing.originals import import_network
    from radlib.parameters import parse_values

    how = InputLayout(layout, channels, range_, mean, std)
    outputs = [label.strip() for label in labels.split(",") if label.strip()]
    wanted = None if chains is None else parse_values({"chains": chains}, {"chains": list})["chains"]
    run, variant = import_network(file, labels=outputs, layout=how, chains=wanted, **given)
    click.echo(f"{variant.name}: {variant.size_bytes:,} bytes, films of {variant.input_shape[0]} pixels")
    click.echo(f"radlib run --study {given['study']} --output {run.folder}", err=True)


COMMANDS = (predict, export, publish, verify, import_command)
