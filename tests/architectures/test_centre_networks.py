"""Networks that find centres: a quarter of the film's side, five maps for one label, and a start that fears no empty cell."""

import numpy as np
import pytest

from radlib.architectures import centre_networks
from radlib.architectures.counting import parameters
from radlib.architectures.heads import with_head
from radlib.architectures.networks import build_network
from radlib.formats.predictors import open_model, save_model
from radlib.foundation import backend
from radlib.foundation.errors import UsageError
from radlib.runs.tasks import boxes

TASK = boxes(["opacity", "nodule"])
NETWORKS = {"centre_mobilenet_v2": 32, "centre_student": 16}


@pytest.mark.parametrize("name", NETWORKS)
def test_a_film_in_gives_maps_at_a_quarter_of_its_side(name, tmp_path):
    side = NETWORKS[name] * 2
    backend.keras().utils.set_random_seed(0)
    model = with_head(getattr(centre_networks, name)((side, 2 * side, 1)), TASK, dropout=0.1)
    films = np.random.default_rng(0).random((2, side, 2 * side, 1), dtype=np.float32)
    answers = model.predict_on_batch(films)
    assert answers.shape == (2, side // 4, side // 2, 6) and (answers > 0).all() and (answers < 1).all()
    start = 1 / (1 + np.exp(-model.get_layer("predictions").bias.numpy()))
    np.testing.assert_allclose(start, [0.1, 0.1, 0.2, 0.2, 0.5, 0.5], rtol=1e-5)
    save_model(
        model, tmp_path / "model.keras"
    )  # and opened again, as a run does: no value in it but plain ones
    with open_model(tmp_path / "model.keras", "keras") as stored:
        np.testing.assert_allclose(stored.predict(films), answers, atol=1e-5)


def test_the_student_is_as_small_as_its_docstring_says():
    model = with_head(centre_networks.centre_student((32, 32, 1)), boxes(["opacity"]))
    assert parameters(model) == pytest.approx(14_000, rel=0.05)


def test_networks_of_another_size_are_refused():
    with pytest.raises(
        UsageError,
        match="outline_student gives features of 32 × 32 for a film of 32 × 32, and boxes need one at every 4 × 4",
    ):
        build_network("outline_student", {}, TASK, (32, 32, 1))
    with pytest.raises(UsageError, match="set image_size to a multiple of 16"):
        centre_networks.centre_student((40, 32, 1))
