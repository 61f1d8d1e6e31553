"""What the films of a study can show, counted before anything is trained."""

import pandas as pd
import pytest

from drawn import drawn_settings
from noise_pictures import pictures
from radlib import metrics
from radlib.datasets.dataset import Dataset
from radlib.datasets.looking.prospects import MARGINS, answerable_margin, prospects, rarer_patients
from radlib.datasets.looking.samples import sample_of
from radlib.datasets.splits import SPLITS
from radlib.imaging.images import Preprocessing
from radlib.runs.tasks import binary


def split_films(tmp_path, ill, *, known=True):
    """A data set of 1,000 patients a part with two films each, of whom so many are ill."""
    rows = [(f"{part}{n}", part, int(n < ill)) for part in SPLITS for n in range(1000) for _ in range(2)]
    index = pd.DataFrame(rows, columns=["patient_id", "split", "opacity"])
    return Dataset(index, binary("opacity"), tmp_path, patients_known=known)


def test_patients_are_counted_not_films_and_of_the_rarer_answer(tmp_path):
    assert rarer_patients(split_films(tmp_path, 40).index, "opacity") == dict.fromkeys(SPLITS, 40)
    assert rarer_patients(split_films(tmp_path, 990).index, "opacity") == dict.fromkeys(SPLITS, 10)


def test_each_part_that_is_too_small_is_told_once_and_enough_is_silence(tmp_path):
    settings = drawn_settings(margin=0.05)
    enough = max(metrics.patients_for(0.05), 100)
    assert prospects(split_films(tmp_path, enough), settings, 3) == []
    few = prospects(split_films(tmp_path, 9), settings, 3)
    assert [line.split(" films have ")[0] for line in few[:2]] == [
        "opacity: the test",
        "opacity: the validation",
    ]
    assert "9 patients of the rarer answer are left to learn from" in few[2] and len(few) == 3
    assert "So few can answer no margin of use" in few[0]
    between = prospects(split_films(tmp_path, metrics.patients_for(0.1)), settings, 3)
    assert "They can answer a margin of 0.1" in between[0]


def test_one_training_and_unknown_patients_weaken_a_study(tmp_path):
    told = prospects(split_films(tmp_path, 500, known=False), drawn_settings(margin=0.1), 1)
    assert len(told) == 2 and "trained once" in told[0] and "which films are of one patient" in told[1]


@pytest.mark.parametrize("margin", MARGINS)
def test_a_margin_is_offered_from_the_patient_that_makes_it_answerable(margin):
    needed = metrics.patients_for(margin)
    assert answerable_margin(needed) == margin and answerable_margin(needed - 1) >= margin


def test_a_sample_says_what_cannot_be_read_and_draws_alike_by_its_seed(tmp_path):
    folder = pictures(tmp_path / "films", {"a": 130})
    films = sorted((folder / "a").iterdir())
    films[0].write_bytes(films[0].read_bytes()[:60])
    assert sample_of([], Preprocessing(16)).sentence() == ""
    found = sample_of([str(film) for film in films[:4]], Preprocessing(16))
    assert (found.films, found.lost, found.side) == (4, 1, 70)
    assert found.sentence().startswith("Of 4 films, drawn at random, 1 cannot be read: 1 ")
    paths = [str(film) for film in films]
    assert sample_of(paths, Preprocessing(16)).films == 100
    assert sample_of(paths, Preprocessing(16), seed=3) == sample_of(paths, Preprocessing(16), seed=3)
