"""What is counted in class folders: patients where names tell them, groups where films are alike, else films."""

import json

import numpy as np
import pytest
from PIL import Image

from radlib.datasets.films import open_films
from radlib.runs.counted import ALIKE, PATIENTS, SINGLE, counted_in
from radlib.runs.runs import open_run


def opened(folder, *, alike, pattern):
    """Open drawn films of two classes in folders, and return what the run counts and what is noted."""
    generator = np.random.default_rng(0)
    for kind in ("normal", "opacity"):
        (folder / "films" / kind).mkdir(parents=True)
        for number in range(30):
            film = Image.fromarray(generator.integers(0, 256, (64, 64), dtype=np.uint8))
            film.save(folder / "films" / kind / f"person{number}_a.png")
            if alike and number == 0:  # the same pixels in another file
                film.save(folder / "films" / kind / "person0_b.png", compress_level=0)
    options = {"patient_pattern": r"person(\d+)_"} if pattern else {}
    run = open_run(
        str(folder / "run"),
        study="folders",
        data=str(folder / "films"),
        dataset_options=options,
        image_size=32,
    )
    open_films(run)
    record = json.loads(run.path("films.json").read_text())
    assert record["official_parts"] == []  # all was drawn
    notes = record["dataset"]["notes"]
    return counted_in(run.folder), " ".join(notes)


@pytest.mark.parametrize(
    ("alike", "pattern", "expected", "words"),
    [
        (False, False, SINGLE, "every film stands for itself"),
        (True, False, ALIKE, "2 groups of near-duplicates, 2 films in the largest, stand in for patients"),
        (True, True, PATIENTS, ""),
    ],
)
def test_what_a_folder_counts_follows_from_its_films(tmp_path, alike, pattern, expected, words):
    counted, notes = opened(tmp_path, alike=alike, pattern=pattern)
    assert counted == expected and words in notes
    assert (
        ("No patient numbers are known" in notes) == ("patient_pattern was given" in notes) == (not pattern)
    )
