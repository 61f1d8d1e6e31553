"""The contract of techniques over a network that finds boxes: whatever can apply does, and the boxes stay where they are."""

import numpy as np
import pytest

from drawn import drawn_boxes, drawn_settings
from radlib.architectures.centre_networks import centre_student
from radlib.architectures.heads import with_head
from radlib.formats.predictors import open_model, save_model
from radlib.foundation import backend
from radlib.foundation.errors import UsageError
from radlib.foundation.registry import FORMATS, TECHNIQUES
from radlib.techniques.building import kinds_taken
from radlib.techniques.data import TechniqueData
from radlib.training.recipe import recipe_from
from radlib.training.training import fit

FEW = {
    "channel_pruning": {"pruning_epochs": 1, "sampled_positions": 500},
    "clustering": {"clustering_epochs": 1},
    "distillation": {
        "student": "centre_student",
        "student_options": {"width": 6},
        "epochs": 14,
        "temperature": 1.0,
    },
    "filter_pruning": {"pruning_epochs": 2},
    "magnitude_pruning": {"pruning_epochs": 2},
    "miracle": {"posterior_epochs": 4, "rounds": 3, "steps_per_round": 15, "size_kb": 6.0},
    "qat": {"qat_epochs": 1},
    "svd": {"low_rank_epochs": 1},
    "tucker": {"low_rank_epochs": 1},
    "unified_pruning": {"byte_budget": 0.5, "pruning_epochs": 1},
    "xnor_net": {"binary_epochs": 6},
}
SIDE = 32
NAMES = [entry.name for entry in TECHNIQUES if "keras" in kinds_taken(entry)]
LEAST_SCORE = {
    "xnor_net": 0.4,
    "miracle": 0.4,
    "channel_pruning": 0.6,
    "filter_pruning": 0.6,
}  # marking nothing has 0.5


@pytest.fixture(scope="module")
def films():
    return drawn_boxes()


@pytest.fixture(scope="module")
def trained(films, tmp_path_factory):
    backend.keras().utils.set_random_seed(0)
    model = with_head(centre_student((SIDE, SIDE, 1)), films.training.task)
    recipe = recipe_from(drawn_settings(image_size=SIDE, epochs=14, learning_rate=0.02))
    fit(model, films, recipe, seed=0, folder=tmp_path_factory.mktemp("trained"))
    return model


@pytest.mark.parametrize("name", NAMES)
def test_every_technique_keeps_the_boxes(name, films, trained, tmp_path):
    entry = TECHNIQUES[name]
    data = TechniqueData(films, drawn_settings(image_size=SIDE), tmp_path / "checkpoints")
    product = entry.function(trained, data, **entry.complete(FEW.get(name, {})))
    path = tmp_path / f"model{FORMATS[entry.facts['produces']].facts['suffix']}"
    save_model(product.payload, path)
    with open_model(path, entry.facts["produces"]) as predictor:
        answers = predictor.predict(films.validation.images())
    assert answers.shape == (len(films.validation), 8, 8, 5) and answers.dtype == np.float32
    assert (answers >= 0).all() and (answers <= 1).all()
    assert films.validation.task.merit(films.validation.truth, answers) > LEAST_SCORE.get(name, 0.7)


def test_a_student_that_finds_no_centres_says_so_before_it_is_trained(films, trained, tmp_path):
    entry = TECHNIQUES["distillation"]
    data = TechniqueData(films, drawn_settings(image_size=SIDE), tmp_path / "checkpoints")
    with pytest.raises(UsageError, match="choose a network that finds centres"):
        entry.function(trained, data, **entry.complete({"student": "outline_student"}))
    assert not (tmp_path / "checkpoints").exists()
