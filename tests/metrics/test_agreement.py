"""Agreement film by film, against values worked out otherwise."""

import numpy as np
import pytest
from scipy import stats

from radlib.foundation.errors import UsageError
from radlib.metrics import agreement, maps


def test_concordance_is_that_of_lins_definition_and_falls_below_the_correlation_when_shifted():
    generator = np.random.default_rng(0)
    x = generator.random(300)
    y = 0.9 * x + 0.08 + generator.normal(0, 0.05, 300)
    expected = 2 * np.cov(x, y, ddof=0)[0, 1] / (x.var() + y.var() + (x.mean() - y.mean()) ** 2)
    value = agreement.concordance(x, y)[0]
    assert value == pytest.approx(expected, abs=1e-12) and value < stats.pearsonr(x, y).statistic
    assert agreement.concordance(x, x)[0] == pytest.approx(1, abs=1e-12)
    assert agreement.concordance(x, 1 - x)[0] == pytest.approx(
        -x.var() / (x.var() + 2 * (x.mean() - 0.5) ** 2), abs=1e-9
    )


def test_the_interval_of_concordance_is_as_wide_as_leaving_patients_out_says():
    """The jackknife over patients knows nothing of influence functions; the patient who counts once more widens little of many."""
    generator = np.random.default_rng(1)
    x = generator.random(1200)
    y = np.clip(0.9 * x + 0.08 + np.repeat(generator.normal(0, 0.1, 600), 2), 0, 1)
    patients = np.arange(1200) // 2
    without = [agreement.concordance(x[patients != p], y[patients != p])[0] for p in range(600)]
    error = np.sqrt(599 / 600 * ((without - np.mean(without)) ** 2).sum())
    value, low, high = agreement.concordance(x, y, patients)
    assert high - low == pytest.approx(2 * 1.964 * error, rel=0.05)
    assert value - low > high - value, "the way down is longer than that to 1"


def test_the_interval_is_that_of_patients_not_of_films():
    generator = np.random.default_rng(2)
    x, y = (np.repeat(values, 20) for values in generator.random((2, 30)))
    wide = agreement.concordance(x, y, np.arange(600) // 20)
    narrow = agreement.concordance(x, y, np.arange(600))
    assert wide[2] - wide[1] > 3 * (narrow[2] - narrow[1])


def test_readings_that_are_equal_leave_room_for_those_who_were_not_seen():
    x = np.linspace(0.02, 0.98, 40)
    value, low, high = agreement.concordance(x, x, np.arange(40))
    assert value == high == 1 and low == pytest.approx(1 - (1 - 0.025 ** (1 / 40)) / (2 * x.var()))
    nearly = agreement.concordance(x, x + 1e-7 * np.sin(np.arange(40)), np.arange(40))
    assert 1 > nearly[2] > nearly[0] > nearly[1] > 1 - 1e-12, "rounding is known as well as anything else"
    found = agreement.limits_of_agreement(x, x, np.arange(40))
    assert found["bias"] == 0 and found["bias_high"] == -found["bias_low"] == pytest.approx(
        1 - 0.025 ** (1 / 40)
    )


def test_limits_of_agreement_hold_95_percent_of_the_differences():
    generator = np.random.default_rng(3)
    x = generator.random(20_000)
    found = agreement.limits_of_agreement(x, x + generator.normal(0.1, 0.05, x.size))
    assert found["bias"] == pytest.approx(0.1, abs=0.002)
    assert found["limit_low"] == pytest.approx(0.1 - 0.098, abs=0.002)
    assert found["limit_high"] == pytest.approx(0.1 + 0.098, abs=0.002)


def test_readings_that_do_not_vary_or_are_too_few_are_undefined():
    assert np.isnan(agreement.concordance([0.5, 0.5], [0.5, 0.5])[0])
    assert np.isnan(agreement.concordance([], [])[0])
    assert np.isnan(agreement.limits_of_agreement([0.5], [0.6])["limit_high"])
    with pytest.raises(UsageError, match="3 and 2 readings"):
        agreement.concordance([1, 2, 3], [1, 2])


def test_six_decibels_more_for_every_halving_of_the_error():
    signal = np.random.default_rng(4).normal(size=1000)
    noise = np.random.default_rng(5).normal(size=1000)
    ratios = [agreement.signal_to_noise_db(signal, signal + noise / 2**n) for n in range(4)]
    assert np.diff(ratios) == pytest.approx(20 * np.log10(2))
    assert np.isnan(agreement.signal_to_noise_db([0.0], [1.0]))


def test_cka_survives_rotation_and_scale_and_is_nothing_for_noise_of_many_features():
    generator = np.random.default_rng(6)
    films = generator.normal(size=(40, 12))
    rotation = np.linalg.qr(generator.normal(size=(12, 12)))[0]
    assert agreement.linear_cka(films, 3 * films @ rotation + 5) == pytest.approx(1, abs=1e-9)
    values = [agreement.linear_cka(*generator.normal(size=(2, 20, 500))) for _ in range(50)]
    assert abs(np.mean(values)) < 0.05  # the plain form would say about 0.96 here
    assert np.isnan(agreement.linear_cka(films[:3], films[:3]))
    assert np.isnan(agreement.linear_cka(films, np.ones((40, 2))))
    with pytest.raises(UsageError, match="same films"):
        agreement.linear_cka(films, films[:-1])


def test_rank_correlation_is_scipys_with_ties():
    first, second = np.random.default_rng(7).integers(0, 5, (2, 8, 8))
    assert maps.rank_correlation(first, second) == pytest.approx(
        stats.spearmanr(first.ravel(), second.ravel()).statistic
    )
    assert maps.rank_correlation(first, np.exp(first)) == pytest.approx(1)


def test_maps_drawn_by_chance_share_a_ninth_of_their_warmest_fifth():
    generator = np.random.default_rng(8)
    overlaps = [maps.top_overlap(*generator.random((2, 30, 30))) for _ in range(200)]
    assert np.mean(overlaps) == pytest.approx(1 / 9, abs=0.005)
    assert np.isnan(maps.top_overlap(np.ones((3, 3)), np.eye(3)))


def test_the_pointing_game_takes_any_box_and_its_edges():
    heat = np.zeros((10, 10))
    heat[4, 7] = 1
    assert maps.points_inside(heat, [(0, 0, 2, 2), (6, 3, 2, 2)]) == 1
    assert maps.points_inside(heat, [(6, 5, 2, 2)]) == 0
    assert np.isnan(maps.points_inside(heat, [])) and np.isnan(maps.points_inside(heat * 0, [(0, 0, 9, 9)]))
    with pytest.raises(UsageError, match="one grid"):
        maps.rank_correlation(heat, heat[:5])


def test_all_labels_at_once_agree_as_each_alone():
    generator = np.random.default_rng(3)
    first = generator.random((120, 3))
    second = np.clip(first + generator.normal(0, 0.1, first.shape), 0, 1)
    patients = np.arange(120) // 2
    for label, found in enumerate(agreement.agreement_of_labels(first, second, patients)):
        x, y = first[:, label], second[:, label]
        alone = dict(
            zip(
                ("concordance", "concordance_low", "concordance_high"),
                agreement.concordance(x, y, patients),
                strict=True,
            )
        )
        assert found == pytest.approx(alone | agreement.limits_of_agreement(x, y, patients), abs=1e-12)


def test_limits_hold_95_percent_of_films_however_few_or_skewed():
    for differences in ([0.1, 0.3], [0.1, 0.3, -0.2]):
        found = agreement.limits_of_agreement(np.zeros(len(differences)), differences)
        assert (found["limit_low"], found["limit_high"]) == (min(differences), max(differences))
    generator = np.random.default_rng(5)
    for count in (21, 40, 100, 399, 624):  # most films hardly change, few change a lot
        differences = generator.normal(size=count) ** 3 / 20
        found = agreement.limits_of_agreement(np.zeros(count), differences)
        within = ((differences >= found["limit_low"]) & (differences <= found["limit_high"])).mean()
        assert 0.95 <= within <= 0.95 + 2 / count + 1e-12
    assert np.isnan(agreement.limits_of_agreement([], [])["bias"])


def test_labels_are_compared_as_real_numbers_and_must_be_as_many():
    first, second = np.array([[9], [3], [6]], np.uint8), np.array([[4], [2], [6]], np.uint8)
    (found,) = agreement.agreement_of_labels(first, second, np.arange(3))
    assert found["bias"] == -2.0 and found["bias_low"] < -2.0 < found["bias_high"]
    with pytest.raises(ValueError, match="zip"):
        agreement.agreement_of_labels(first, np.zeros((3, 2)), np.arange(3))


def test_weak_signals_have_decibels_and_exact_ones_infinitely_many():
    assert agreement.signal_to_noise_db([0.1, 0.1], [0.1, 0.11]) == pytest.approx(10 * np.log10(200))
    assert agreement.signal_to_noise_db([0.1, 0.1], [0.1, 0.1]) == np.inf
    assert agreement.signal_to_noise_db(np.uint8([20, 20]), np.uint8([20, 22])) == pytest.approx(
        10 * np.log10(200)
    )


def test_small_and_flat_maps_are_ranked():
    assert maps.rank_correlation([1, 2], [3, 4]) == 1.0
    assert np.isnan(maps.rank_correlation([1, 1], [3, 4]))


def test_the_middle_of_the_warmest_pixel_counts_edges_included():
    heat = np.zeros((4, 5), np.uint8)
    heat[2, 3] = 9
    assert maps.points_inside(heat, [(3.5, 2.5, 0, 0)]) == 1.0
    assert maps.points_inside(heat, [(3.6, 2.5, 1, 1)]) == maps.points_inside(heat, [(0, 0, 3.4, 4)]) == 0.0
