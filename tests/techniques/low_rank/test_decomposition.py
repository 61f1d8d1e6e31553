"""Decompositions: exact at full rank, the best at lower ones, and ranks that were planted."""

import numpy as np
import pytest

from radlib.techniques.low_rank.decomposition import (
    Sketch,
    energy_rank,
    evbmf_bound,
    evbmf_rank,
    range_finder,
    singular_values,
    sketch_table,
    truncated_svd,
    tucker2,
    unfold,
)


def planted(rows, columns, rank, noise, seed=0):
    generator = np.random.default_rng(seed)
    signal = (
        generator.normal(size=(rows, rank)) @ generator.normal(size=(rank, columns)) / np.sqrt(max(rank, 1))
    )
    return signal + noise * generator.normal(size=(rows, columns))


@pytest.mark.parametrize("noise", [0.02, 0.3])
@pytest.mark.parametrize(
    ("rows", "columns", "rank"), [(64, 64, 5), (576, 64, 10), (128, 1152, 30), (16, 144, 4), (20, 500, 0)]
)
def test_planted_ranks_are_found_in_noise(rows, columns, rank, noise):
    matrix = planted(rows, columns, rank, noise)
    assert evbmf_rank(singular_values(matrix), (rows, columns)) == rank


def test_a_component_below_the_noise_is_dropped_and_one_above_is_kept():
    """The largest singular value of noise is near (√L + √M) σ (Bai and Yin, 1993); signal must stand out of it."""
    generator = np.random.default_rng(0)
    noise = generator.normal(size=(100, 400))
    left, right = (generator.normal(size=n) for n in (100, 400))
    direction = np.outer(left / np.linalg.norm(left), right / np.linalg.norm(right))
    for strength, rank in ((10, 0), (60, 1)):  # the edge of the noise lies at √100 + √400 = 30
        spectrum = singular_values(noise + strength * direction)
        assert evbmf_rank(spectrum, (100, 400)) == rank


def test_ranks_without_noise_and_of_nothing():
    assert evbmf_rank(singular_values(planted(40, 90, 6, 0.0)), (40, 90)) == 6
    assert evbmf_rank(np.zeros(8), (8, 20)) == 0
    assert evbmf_rank(np.array([3.0]), (1, 5)) == 1


def test_scaling_a_matrix_does_not_change_its_rank():
    spectrum = singular_values(planted(48, 300, 7, 0.2))
    assert {evbmf_rank(spectrum * scale, (48, 300)) for scale in (1e-4, 1.0, 1e4)} == {7}


def test_energy_ranks_worked_by_hand():
    spectrum = np.array([3.0, 2.0, 1.0])  # squares 9, 4, 1 of 14
    assert [energy_rank(spectrum, share) for share in (0.1, 9 / 14, 0.65, 13 / 14, 0.95, 1.0)] == [
        1,
        1,
        2,
        2,
        3,
        3,
    ]
    assert energy_rank(np.zeros(3), 0.9) == 1
    assert energy_rank(spectrum, 0.0) == 1


def test_truncated_svd_is_the_nearest_matrix_of_its_rank():
    matrix = planted(30, 50, 20, 0.5)
    spectrum = np.linalg.svd(matrix, compute_uv=False)
    for rank in (1, 7, 30):
        first, second = truncated_svd(matrix, rank)
        assert (first.shape, second.shape) == ((30, rank), (rank, 50))
        missing = np.linalg.norm(
            matrix - first @ second
        )  # Eckart and Young: the root of the squares left out
        assert missing == pytest.approx(np.sqrt((spectrum[rank:] ** 2).sum()), abs=1e-9)
        assert np.allclose(np.linalg.norm(first, axis=0), np.linalg.norm(second, axis=1))


def test_random_projections_come_near_the_best():
    matrix = planted(120, 300, 15, 0.05)
    exact, sketched = (
        np.subtract(matrix, np.matmul(*truncated_svd(matrix, 15, s))) for s in (None, Sketch(seed=1))
    )
    assert np.linalg.norm(sketched) < 1.01 * np.linalg.norm(exact)
    first = truncated_svd(matrix, 15, Sketch(seed=1))[0]
    assert np.array_equal(first, truncated_svd(matrix, 15, Sketch(seed=1))[0])
    assert not np.array_equal(first, truncated_svd(matrix, 15, Sketch(seed=2))[0])
    basis = range_finder(matrix, 15, Sketch())
    assert basis.shape == (120, 25)
    assert np.allclose(basis.T @ basis, np.eye(25))


def rebuilt(core, inputs, outputs):
    return np.einsum("yxab,sa,tb->yxst", core, inputs, outputs)


@pytest.mark.parametrize("sketch", [None, Sketch()])
def test_tucker_finds_planted_channels(sketch):
    generator = np.random.default_rng(0)
    core, first, second = (generator.normal(size=s) for s in ((3, 3, 4, 6), (20, 4), (30, 6)))
    kernel = rebuilt(core, first, second)
    found = tucker2(kernel, (4, 6), sketch=sketch)
    assert [part.shape for part in found] == [(3, 3, 4, 6), (20, 4), (30, 6)]
    assert np.allclose(rebuilt(*found), kernel, atol=1e-9)
    assert np.allclose(found[1].T @ found[1], np.eye(4))
    assert np.allclose(found[2].T @ found[2], np.eye(6))


def test_tucker_is_exact_at_full_rank_for_any_shape():
    for shape in ((3, 3, 5, 4), (1, 3, 40, 2), (2, 1, 3, 50)):
        kernel = np.random.default_rng(0).normal(size=shape)
        full = (min(shape[2], kernel.size // shape[2]), min(shape[3], kernel.size // shape[3]))
        assert np.allclose(rebuilt(*tucker2(kernel, full)), kernel, atol=1e-10)


def test_turns_of_refinement_lower_the_error_below_truncated_hosvd():
    kernel = np.random.default_rng(3).normal(size=(3, 3, 12, 16))
    error = [np.linalg.norm(kernel - rebuilt(*tucker2(kernel, (4, 5), sweeps=n))) for n in (0, 1, 10)]
    assert error[2] < error[1] < error[0]
    # the error of truncated HOSVD is at most the root of what both unfoldings leave out
    left_out = sum(
        (singular_values(unfold(kernel, mode))[rank:] ** 2).sum() for mode, rank in ((2, 4), (3, 5))
    )
    assert error[0] <= np.sqrt(left_out)


def test_the_bound_is_the_rank_seen_from_the_spectrum():
    spectrum = singular_values(planted(64, 300, 9, 0.1))
    bound = evbmf_bound(spectrum, (64, 300))
    assert spectrum[8] > bound > spectrum[9]
    assert evbmf_bound(spectrum * 10, (64, 300)) == pytest.approx(10 * bound, rel=1e-4)


def test_ways_of_cutting_off_are_compared_by_what_they_lose():
    table = sketch_table(planted(60, 200, 20, 0.5), 5)
    exact, *random = table["error_share"]
    spectrum = singular_values(planted(60, 200, 20, 0.5))
    assert exact == pytest.approx(np.sqrt((spectrum[5:] ** 2).sum() / (spectrum**2).sum()))
    assert random == sorted(random, reverse=True)  # each power iteration loses less
    assert exact <= random[-1] < 1.005 * exact < random[0]
    assert (table["time_ms"] > 0).all()
