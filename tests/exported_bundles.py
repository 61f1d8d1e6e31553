"""Exported variants of a small stored run, as a page is made of them."""

from collections.abc import Sequence
from pathlib import Path

import radlib
from radlib import report
from radlib.deployment.export import export_variant
from radlib.evaluation.training_films import describe_films
from radlib.formats.keras import load_model
from radlib.techniques.deep_compression.file_format import encode_model
from stored import add_variant, stored_run

CODED = "deep_compression"
EXPORTED = ("int8", "float32", "int8_io", CODED)


def exported_bundles(folder: Path, chains: Sequence[str] = EXPORTED) -> list[Path]:
    """Return the bundles of some variants, exported below `folder`; tested, and with what their training films look like."""
    (folder / "run").mkdir()
    run, films = stored_run(folder / "run")
    if CODED in chains:
        network = load_model(run.model_path(run.variant("student_small/original#0")))
        add_variant(run, films, CODED, content=encode_model(network)[0], format=CODED)
    radlib.select(run, films)
    radlib.predict(run, films, run.variants(), split="test")
    describe_films(run, films, run.variants())
    report.results(run).to_csv(run.path("results.csv"), index=False)
    return [export_variant(run.folder, f"student_small--{chain}--seed0", folder / chain) for chain in chains]
