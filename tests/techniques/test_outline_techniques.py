"""The contract of techniques over a network that outlines: whatever can apply does, through skips, and keeps the outline."""

import numpy as np
import pytest

from drawn import drawn_outlines, drawn_settings
from radlib import metrics
from radlib.architectures.heads import with_head
from radlib.architectures.outliners import outline_student, unet
from radlib.formats.predictors import open_model, save_model
from radlib.foundation import backend
from radlib.foundation.errors import UsageError
from radlib.foundation.registry import FORMATS, TECHNIQUES
from radlib.techniques.building import kinds_taken
from radlib.techniques.data import TechniqueData
from radlib.techniques.distillation import _learner, distillation_loss, logits_of
from radlib.techniques.pruning.surgery.structure import read_structure
from radlib.training.recipe import recipe_from
from radlib.training.training import fit

FEW = {
    "channel_pruning": {"pruning_epochs": 1, "sampled_positions": 500},
    "clustering": {"clustering_epochs": 1},
    "magnitude_pruning": {"pruning_epochs": 1},
    "miracle": {"posterior_epochs": 4, "rounds": 3, "steps_per_round": 15, "size_kb": 4.0},
    "qat": {"qat_epochs": 1},
    "svd": {"low_rank_epochs": 1},
    "tucker": {"low_rank_epochs": 1},
    "unified_pruning": {"byte_budget": 0.35, "pruning_epochs": 1},  # half of so small a file are names
    "xnor_net": {"binary_epochs": 6},
}
REFUSED = {"distillation": "choose a network that draws outlines"}  # its student answers for whole films
NAMES = [entry.name for entry in TECHNIQUES if "keras" in kinds_taken(entry)]
LEAST_DICE = {"xnor_net": 0.5, "miracle": 0.5}


@pytest.fixture(scope="module")
def films():
    return drawn_outlines()


@pytest.fixture(scope="module")
def trained(films, tmp_path_factory):
    backend.keras().utils.set_random_seed(0)
    model = with_head(unet((16, 16, 1), depth=1, width=8), films.training.task)
    recipe = recipe_from(drawn_settings(epochs=5, learning_rate=0.01))
    fit(model, films, recipe, seed=0, folder=tmp_path_factory.mktemp("trained"))
    return model


@pytest.mark.parametrize("name", NAMES)
def test_every_technique_keeps_the_outline_or_says_why_not(name, films, trained, tmp_path):
    entry = TECHNIQUES[name]
    data = TechniqueData(films, drawn_settings(), tmp_path / "checkpoints")
    if name in REFUSED:
        with pytest.raises(UsageError, match=REFUSED[name]):
            entry.function(trained, data, **entry.complete({}))
        assert not (tmp_path / "checkpoints").exists()  # nothing was trained
        return
    product = entry.function(trained, data, **entry.complete(FEW.get(name, {})))
    path = tmp_path / f"model{FORMATS[entry.facts['produces']].facts['suffix']}"
    save_model(product.payload, path)
    with open_model(path, entry.facts["produces"]) as predictor:
        answers = predictor.predict(films.validation.images())
    assert answers.shape == films.validation.truth.shape and answers.dtype == np.float32
    assert (answers >= 0).all() and (answers <= 1).all()
    dice = metrics.dice(films.validation.truth[..., 0], answers[..., 0] >= 0.5).mean()
    assert dice > LEAST_DICE.get(name, 0.8)


def test_distillation_makes_a_tiny_student_that_outlines(films, trained, tmp_path):
    entry = TECHNIQUES["distillation"]
    data = TechniqueData(films, drawn_settings(), tmp_path / "checkpoints")
    how = {"student": "outline_student", "student_options": {"width": 4}, "epochs": 12, "temperature": 2.0}
    product = entry.function(trained, data, **entry.complete(how))
    counts = product.details["parameters"]
    assert counts["student"] < counts["teacher"] and product.architecture == "outline_student"
    assert data.score(product.payload) > 0.6


@pytest.mark.parametrize("doubling", ["resize", "transpose"])
def test_channels_are_followed_through_skips(doubling):
    structure = read_structure(unet((16, 16, 1), depth=2, width=8, doubling=doubling))
    groups = {group.name: group for group in structure.groups}
    skipped = groups["down0_second_conv"]
    readers = {
        s.layer for s in structure.slots if s.role == "input" and np.isin(s.units, skipped.units).any()
    }
    assert readers == {"down1_first_conv", "up0_first_conv"}  # downwards, and across
    assert ("up0_narrow_conv" if doubling == "resize" else "up0_double") in groups


def test_sums_in_place_of_skips_tie_the_channels():
    structure = read_structure(outline_student((16, 16, 1)))
    tied = next(group for group in structure.groups if group.name == "stem_conv")
    assert set(tied.layers) == {"stem_conv", "up0_narrow_conv"}


def test_a_student_learns_the_map_of_its_teacher(films, trained, tmp_path):
    teacher = logits_of(trained)
    images = films.validation.images()
    answers = 1 / (1 + np.exp(-teacher(images).numpy()))
    np.testing.assert_allclose(answers, trained.predict_on_batch(images), atol=1e-5)
    student = with_head(outline_student((16, 16, 1)), films.training.task)
    data = TechniqueData(films, drawn_settings(), tmp_path / "checkpoints")
    loss = distillation_loss("sigmoid", data.loss(), 2.0, 0.5)
    both = loss(films.validation.answers(), teacher(images), teacher(images))
    assert both.shape == (len(films.validation),)
    data.train(_learner(student, teacher, loss), epochs=12, learning_rate=0.01, seed=0)
    assert data.score(student) > 0.6
