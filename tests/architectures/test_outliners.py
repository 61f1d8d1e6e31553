"""Networks that answer at every pixel: their shapes, what they cost, and which films and extractors are refused."""

import numpy as np
import pytest

from radlib.architectures import outliners
from radlib.architectures.counting import parameters
from radlib.architectures.heads import with_head
from radlib.architectures.networks import build_network
from radlib.foundation import backend
from radlib.foundation.errors import UsageError
from radlib.runs.tasks import binary, outlines

TASK = outlines(["left_lung", "right_lung"])
NETWORKS = {
    "unet": (outliners.unet, 16, {"depth": 2, "width": 8}),
    "unet_transposed": (outliners.unet, 16, {"depth": 2, "width": 8, "doubling": "transpose"}),
    "unet_mobilenet_v2": (outliners.unet_mobilenet_v2, 32, {}),
    "w_net": (outliners.w_net, 16, {}),
    "outline_student": (outliners.outline_student, 16, {}),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_a_film_in_gives_a_probability_at_every_pixel(name):
    build, side, options = NETWORKS[name]
    model = with_head(build((side, 2 * side, 1), **options), TASK)
    films = np.random.default_rng(0).random((2, side, 2 * side, 1), dtype=np.float32)
    answers = model.predict_on_batch(films)
    assert answers.shape == (2, side, 2 * side, 2) and answers.dtype == np.float32
    assert (answers > 0).all() and (answers < 1).all()
    assert np.ptp(answers, axis=(1, 2)).min() > 0  # not one answer for all pixels


def test_the_sizes_are_those_that_the_docstrings_say():
    for build, count in ((outliners.w_net, 56_000), (outliners.outline_student, 12_000)):
        assert parameters(with_head(build((32, 32, 1)), outlines(["lung"]))) == pytest.approx(count, rel=0.03)
    levels = outliners.unet((32, 32, 1), depth=3, width=8), outliners.unet((32, 32, 1), depth=2, width=8)
    assert parameters(levels[0]) > 3.5 * parameters(levels[1])


def test_edges_of_a_u_net_come_from_the_film_itself():
    """Through the skip of the first level: a pixel of the film changes what lies beside it more than what is far."""
    backend.keras().utils.set_random_seed(0)
    model = outliners.unet((32, 32, 1), depth=2, width=8)
    film = np.full((1, 32, 32, 1), 0.5, np.float32)
    other = film.copy()
    other[0, 16, 16] = 1.0
    moved = np.abs(model.predict_on_batch(other) - model.predict_on_batch(film))[0].sum(axis=-1)
    assert moved[15:18, 15:18].mean() > 10 * moved[:4, :4].mean()


@pytest.mark.parametrize(
    ("name", "multiple"), [("unet", 4), ("w_net", 4), ("unet_mobilenet_v2", 32), ("outline_student", 8)]
)
def test_films_that_cannot_be_halved_so_often_are_refused(name, multiple):
    build, _, options = NETWORKS[name]
    with pytest.raises(UsageError, match=f"set image_size to a multiple of {multiple}"):
        build((32 + multiple // 2, 32, 1), **options)
    with pytest.raises(UsageError, match=r"\(height, width, 1\), not \(32, 32, 3\)"):
        build((32, 32, 3), **options)


def test_a_network_for_whole_films_says_that_it_draws_no_outline():
    with pytest.raises(
        UsageError, match="student_tiny gives features of 8 × 8 for a film of 32 × 32, and an outline"
    ):
        build_network("student_tiny", {}, TASK, (32, 32, 1))


def test_a_u_net_may_answer_for_whole_films_too():
    model = with_head(outliners.unet((16, 16, 1), depth=1, width=8), binary("opacity"), dropout=0.1)
    assert model.output_shape == (None, 2)
