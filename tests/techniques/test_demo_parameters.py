"""The study that sets every parameter once: each of its chains makes a file that answers, and says what it was made with."""

import math

import numpy as np
import pytest

from drawn import SIDE, drawn_splits
from radlib.formats.predictors import open_model
from radlib.runs.chains import parse_chain
from radlib.runs.runs import open_run
from radlib.runs.studies import load_study
from radlib.techniques.building import compress

# The study's own films are larger, and coding by small steps takes minutes.
QUICK = {"image_size": SIDE, "epochs": 3, "learning_rate": 0.01,
         "technique_options": {"miracle": {"rounds": 2, "steps_per_round": 5}}}  # fmt: skip
ASKED = [
    pytest.param(number, chain, id=f"{settings.network}-{chain}")
    for number, settings in enumerate(load_study("demo_parameters").network_settings())
    for chain in settings.chains
]

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def networks(tmp_path_factory):
    """The networks of the study, asked of the drawn squares."""
    return open_run(str(tmp_path_factory.mktemp("run") / "out"), study="demo_parameters", **QUICK).networks()


@pytest.fixture(scope="module")
def films():
    return drawn_splits(training=192)


@pytest.mark.parametrize(("number", "chain"), ASKED)
def test_a_chain_with_other_parameters_makes_a_file_that_answers(number, chain, networks, films):
    run = networks[number]
    variant = compress(run, films, chain)
    assert [step.technique for step in variant.chain] == [link.technique for link in parse_chain(chain)]
    for step, link in zip(variant.chain, parse_chain(chain), strict=True):
        assert {name: step.parameters[name] for name in link.given} == link.given
    with open_model(run.model_path(variant), variant.format) as predictor:
        outputs = predictor.predict(films.validation.images(np.arange(len(films.validation))))
    assert outputs.shape == (len(films.validation), 2) and np.isfinite(outputs).all()
    assert ((outputs >= 0) & (outputs <= 1)).all() and math.isclose(outputs.sum(), len(outputs), rel_tol=0.02)
