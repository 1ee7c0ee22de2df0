"""Ratios and their intervals, against noise whose size is known."""

import math

import numpy as np
import pytest
from scipy import stats

from nstbench.comparison.ratios import Ratio, mean_ratio, ratio_of_medians


@pytest.mark.parametrize("rounds", [3, 5, 12])
@pytest.mark.parametrize("stray", [0.0, 0.1])
def test_the_interval_holds_the_true_ratio_19_times_in_20(rounds, stray):
    random = np.random.default_rng(rounds)

    def measured(seconds):
        noise = 0.02 * random.standard_normal(rounds)
        noise += (random.random(rounds) < stray) * random.exponential(0.3, rounds)
        return seconds * np.exp(noise)

    ratios = [ratio_of_medians(measured(1.0), measured(1.2)) for _ in range(600)]
    held = np.mean([ratio.low <= 1.2 <= ratio.high for ratio in ratios])
    assert 0.90 < held < 0.995


def test_a_stray_round_moves_nothing():
    calm = [1.0, 1.01, 0.99, 1.0, 1.01]
    assert ratio_of_medians(calm, [*calm[:4], 100.0]).value == pytest.approx(1.0, abs=0.01)


def test_two_rounds_give_a_ratio_and_no_interval():
    ratio = ratio_of_medians([1.0, 1.0, 1.0], [2.0, 2.0])
    assert ratio.value == pytest.approx(2.0)
    assert math.isnan(ratio.low)
    assert ratio.verdict == "too few rounds"
    assert math.isnan(ratio_of_medians([], [1.0]).value)


def test_several_pairs_have_the_interval_of_a_t_test_on_logarithms():
    values = [1.1, 1.2, 1.3, 1.15]
    ratio = mean_ratio([Ratio(value, value, value) for value in values])
    low, high = stats.ttest_1samp(np.log(values), 0).confidence_interval()
    assert ratio.value == pytest.approx(stats.gmean(values))
    assert (ratio.low, ratio.high) == pytest.approx((np.exp(low), np.exp(high)), rel=3e-3)


def test_two_pairs_have_the_interval_of_their_rounds():
    ratio = mean_ratio([Ratio(1.2, 1.2 / 1.1, 1.2 * 1.1), Ratio(1.2, 1.2 / 1.1, 1.2 * 1.1)])
    assert ratio.value == pytest.approx(1.2)
    assert math.log(ratio.high / ratio.value) == pytest.approx(math.log(1.1) / math.sqrt(2))


@pytest.mark.parametrize(
    ("ratio", "verdict"),
    [
        (Ratio(1.01, 1.005, 1.015), "equal within 1.5 %"),
        (Ratio(1.03, 0.99, 1.07), "equal within 7 %"),
        (Ratio(1.1, 0.9, 1.3), "undecided"),
        (Ratio(1.06, 1.055, 1.065), "6 % more time"),
        (Ratio(1.2, 1.15, 1.25), "20 % more time"),
        (Ratio(0.8, 0.75, 0.85), "20 % less time"),
        (Ratio(4.0, 3.9, 4.1), "4 times as long"),
        (Ratio(0.25, 0.24, 0.26), "4 times as quick"),
        (Ratio(math.nan), ""),
    ],
)
def test_a_ratio_is_said_in_words(ratio, verdict):
    assert ratio.verdict == verdict
