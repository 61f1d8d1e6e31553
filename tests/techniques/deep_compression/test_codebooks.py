"""K-means on a line, against scikit-learn and against clusters that were planted."""

import numpy as np
import pytest
from sklearn.cluster import KMeans

from radlib.techniques.deep_compression.codebook_views import with_even_values, with_shared_values
from radlib.techniques.deep_compression.codebooks import cluster_weights, squared_error
from radlib.techniques.deep_compression.huffman import entropy_bits


def test_planted_clusters_are_found():
    generator = np.random.default_rng(0)
    centres = np.array([-2.0, -0.5, 0.25, 1.5])
    truth = generator.integers(0, 4, 1000)
    weights = (centres[truth] + generator.normal(0, 0.02, 1000)).astype(np.float32)
    codebook, ids = cluster_weights(weights, 4)
    assert (ids == truth).all()
    for k in range(4):
        assert codebook[k] == pytest.approx(weights[truth == k].mean(), abs=1e-6)


def test_it_is_lloyds_algorithm_from_a_linear_start():
    weights = np.random.default_rng(1).laplace(size=3000).astype(np.float32)
    start = np.linspace(weights.min(), weights.max(), 6)[:, None]
    theirs = KMeans(6, init=start, n_init=1, max_iter=1000, tol=0).fit(weights[:, None].astype(np.float64))
    codebook, ids = cluster_weights(weights, 6)
    assert np.allclose(codebook, np.sort(theirs.cluster_centers_.ravel()), atol=1e-6)
    order = np.argsort(np.argsort(theirs.cluster_centers_.ravel()))
    assert (ids == order[theirs.labels_]).all()
    assert squared_error(weights, codebook) == pytest.approx(theirs.inertia_, rel=1e-6)


def test_every_value_is_in_use_and_ascending():
    weights = np.concatenate([np.zeros(50), np.linspace(1, 1.1, 50), [40]]).astype(np.float32)
    codebook, ids = cluster_weights(weights, 32)  # most of the linear start meets no weight
    assert len(codebook) < 32
    assert (np.diff(codebook) > 0).all()
    assert (np.bincount(ids, minlength=len(codebook)) > 0).all()


def test_few_values_are_kept_exactly():
    weights = np.random.default_rng(0).choice(np.float32([-0.3, 0.1, 0.7]), 400)
    codebook, ids = cluster_weights(weights, 32)
    assert codebook.tolist() == np.float32([-0.3, 0.1, 0.7]).tolist()
    assert (codebook[ids] == weights).all()


def test_a_price_on_bits_shortens_the_code_for_little_error():
    weights = np.random.default_rng(2).laplace(size=50_000).astype(np.float32)
    entropies, errors = [], []
    for rate_weight in (0.0, 1.0, 2.0):
        codebook, ids = cluster_weights(weights, 32, rate_weight=rate_weight)
        entropies.append(entropy_bits(np.bincount(ids)))
        errors.append(float(((codebook[ids] - weights) ** 2).sum()))
    assert entropies[2] < 0.95 * entropies[0]
    assert entropies[2] < entropies[1] < entropies[0]
    assert errors[0] < errors[1] < 1.3 * errors[0]


def test_with_a_price_each_weight_goes_where_error_and_bits_are_least():
    weights = np.random.default_rng(3).normal(size=2000).astype(np.float32)
    plain, _ = cluster_weights(weights, 8)
    price = 1.5 * squared_error(weights, plain) / len(weights)
    codebook, ids = cluster_weights(weights, 8, rate_weight=1.5)
    bits = -np.log2(np.bincount(ids) / len(ids))
    cost = (weights[:, None].astype(float) - codebook) ** 2 + price * bits
    assert (
        cost.argmin(axis=1) == ids
    ).mean() > 0.999  # bits of the last pass against those of the one before


@pytest.mark.parametrize("share", [with_shared_values, with_even_values])
def test_a_kernel_with_few_values_keeps_its_zeros_and_its_shape(share):
    kernel = np.random.default_rng(1).normal(size=(6, 40)).astype(np.float32)
    kernel[np.abs(kernel) < 0.8] = 0
    shared = share(kernel, 4)
    assert shared.shape == kernel.shape and (shared[kernel == 0] == 0).all()
    assert len(np.unique(shared[kernel != 0])) <= 4
    assert (share(np.zeros_like(kernel), 4) == 0).all()


def test_values_by_k_means_err_less_than_values_evenly_spaced():
    kernel = np.random.default_rng(1).laplace(size=(4, 500)).astype(np.float32)
    by_means, evenly = (
        ((share(kernel, 8) - kernel) ** 2).sum() for share in (with_shared_values, with_even_values)
    )
    assert by_means < evenly
