"""Kernels changed in place: what is measured is the changed network, and the stored one is left as it is."""

import numpy as np
import pytest

from radlib.evaluation.kernel_sweep import UNCHANGED, changed_sides, kernel_sweep
from radlib.techniques import prunable_layers, pruned_kernel
from radlib.training import load_network
from stored import stored_run


@pytest.fixture(scope="module")
def run_and_films(tmp_path_factory):
    return stored_run(tmp_path_factory.mktemp("sweep"), chains=("",))


def test_the_change_reaches_inner_kernels_by_channel_and_is_taken_back(run_and_films):
    run, films = run_and_films
    (variant,) = run.variants()
    network = load_network(run, variant)
    inner = [pruned_kernel(network.get_layer(name)).numpy() for name in prunable_layers(network)]
    seen = []

    def halved(kernel):
        seen.append(kernel.copy())
        return kernel / 2

    table = kernel_sweep(run, films, variant, {"half": {1: halved}, "same": {1: lambda kernel: kernel}})
    assert table["curve"].tolist() == [UNCHANGED, "half", "same"]
    assert [kernel.shape for kernel in seen] == [(k.shape[-1], k.size // k.shape[-1]) for k in inner]
    assert np.array_equal(seen[0][0], inner[0][..., 0].ravel())
    unchanged, half, same = (row for _, row in table.iterrows())
    assert half["error"] == pytest.approx(0.25) and same["error"] == 0
    assert half["largest_change"] > 0 and same["largest_change"] == same["changed_sides"] == 0
    assert same["auroc"] == unchanged["auroc"]


def test_only_some_films_are_asked_where_there_are_many(run_and_films):
    run, films = run_and_films
    (variant,) = run.variants()
    table = kernel_sweep(run, films, variant, {"none": {0: np.zeros_like}}, most_films=2)
    assert table["changed_sides"].max() <= 2


def test_sides_are_those_of_the_first_answers_threshold_or_of_the_likeliest_class():
    truth, before = np.array([[0.0], [0.0], [1.0], [1.0]]), np.array([[0.1], [0.2], [0.7], [0.9]])
    assert changed_sides(truth, before, np.array([[0.6], [0.2], [0.3], [0.9]]), False) == 2
    classes = np.array([[0.9, 0.1], [0.4, 0.6]])
    assert changed_sides(np.eye(2), classes, classes[::-1], True) == 2
