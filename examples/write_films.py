"""Write a study's training and validation films as arrays, for a network that is trained elsewhere.

    python examples/write_films.py --study breast_ultrasound --data FOLDER films.npz

The test films are left out, so that nothing trained on the file can have seen them. `films.npz` holds
`training_films` and `validation_films`, uint8 (n, side, side), and `training_labels` and `validation_labels`, the class
of each film as the study orders them. It holds films of patients: it belongs where the films belong.
"""

from pathlib import Path

import click
import numpy as np

from radlib import open_films, open_run
from radlib.foundation.errors import RadlibError


@click.command()
@click.option("--study", default="demo", show_default=True)
@click.option("--data", default=None, help="Folder with the films; left out, as the study says.")
@click.option("--output", default="", help="Folder of the run.")
@click.argument("target", type=click.Path(path_type=Path))
def main(study: str, data: str | None, output: str, target: Path) -> None:
    """Write the films of STUDY to TARGET, an .npz file."""
    films = open_films(open_run(output, study=study, data=data))
    arrays = {}
    for name in ("training", "validation"):
        split = films.split(name)
        arrays[f"{name}_films"] = split.pixels
        arrays[f"{name}_labels"] = split.task.targets(split.labels).argmax(axis=1)
    np.savez(target, **arrays)
    click.echo(f"{len(films.training)} training and {len(films.validation)} validation films: {target}")
    click.echo(f"outputs, in order: {', '.join(films.training.task.outputs)}")


if __name__ == "__main__":
    try:
        main()
    except RadlibError as error:
        raise SystemExit(str(error)) from None
