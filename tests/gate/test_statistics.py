"""The gate's statistics against SciPy, printed tables, brute force and noise whose size is known."""

import math
from itertools import combinations

import numpy as np
import pytest
from scipy import stats
from scipy.stats import mstats

from nstbench.gate.statistics import MOST_PAIRS, POWER, detectable, estimate, holm, pairs_needed

SPREADS, WANTED = (0.005, 0.02, 0.04, 0.09, 0.2), (0.06, 0.1, 0.3)


def logs(pairs, seed=0, scale=0.08):
    """Skewed, so that mean, trimmed mean and median are three numbers."""
    return np.random.default_rng(seed).exponential(scale, pairs) - scale / 3


@pytest.mark.parametrize("pairs", [5, 10, 15, 25, 40])
@pytest.mark.parametrize("confidence", [0.9, 0.95, 0.99])
def test_mean_bounds_and_p_are_those_of_scipys_trimmed_mean(pairs, confidence):
    found, d = estimate(logs(pairs), 0.05, confidence), logs(pairs)
    low, high = mstats.trimmed_mean_ci(d, limits=(0.2, 0.2), alpha=2 * (1 - confidence))
    error = mstats.trimmed_stde(d, limits=(0.2, 0.2))
    mean = stats.trim_mean(d, 0.2)
    assert (found.ratio, found.low, found.high) == pytest.approx(
        (math.exp(mean), math.exp(low), math.exp(high))
    )
    assert found.spread / math.sqrt(pairs) == pytest.approx(error)
    assert found.p == pytest.approx(stats.t.sf((mean - math.log(1.05)) / error, 0.6 * pairs - 1))


@pytest.mark.parametrize("pairs", [6, 7, 9, 13, 24])
def test_where_a_fifth_is_no_whole_number_the_spread_is_over_the_share_really_kept(pairs):
    kept = 1 - 2 * (pairs // 5) / pairs
    error = mstats.trimmed_stde(logs(pairs), limits=(0.2, 0.2)) * 0.6 / kept
    found = estimate(logs(pairs), 0.05)
    assert found.spread / math.sqrt(pairs) == pytest.approx(error)
    assert math.log(found.ratio) == pytest.approx(stats.trim_mean(logs(pairs), 0.2))


@pytest.mark.parametrize("pairs", [2, 3, 4])
def test_of_few_pairs_none_is_left_out_and_it_is_students_test(pairs):
    found = estimate(logs(pairs), 0.05)
    reference = stats.ttest_1samp(logs(pairs), math.log(1.05), alternative="greater")
    assert found.p == pytest.approx(reference.pvalue)
    assert math.log(found.low) == pytest.approx(reference.confidence_interval(0.95).low)


@pytest.mark.parametrize(
    ("pairs", "confidence", "printed"),
    [
        (2, 0.95, 6.314),
        (4, 0.95, 2.353),
        (5, 0.95, 2.920),
        (15, 0.95, 1.860),
        (15, 0.99, 2.896),
        (10, 0.9, 1.476),
    ],
)
def test_the_bounds_are_as_many_errors_away_as_tables_of_t_say(pairs, confidence, printed):
    found = estimate(logs(pairs), 0.05, confidence)
    error = found.spread / math.sqrt(pairs)
    assert math.log(found.ratio / found.low) / error == pytest.approx(printed, abs=6e-4)
    assert math.log(found.high / found.ratio) / error == pytest.approx(printed, abs=6e-4)


def test_the_bound_clears_the_allowance_exactly_when_p_is_small_enough():
    found = [estimate(np.add(logs(15, seed), 0.06), 0.05) for seed in range(200)]
    cleared = [each.low > 1.05 for each in found]
    assert cleared == [each.p < 0.05 for each in found]
    assert 20 < sum(cleared) < 180, "one side only says nothing"


def test_three_struck_pairs_of_fifteen_move_nothing():
    calm = [0.001 * (number - 7) for number in range(15)]
    struck = [*calm[:12], 3.0, 4.0, 5.0]
    assert estimate(struck, 0.05).ratio == pytest.approx(estimate(calm, 0.05).ratio, abs=1e-9)
    assert estimate([*calm[:11], 2.0, 3.0, 4.0, 5.0], 0.05).ratio > 1.1


@pytest.mark.parametrize(("d", "p"), [(0.1, 0.0), (0.0, 1.0)])
def test_pairs_that_all_agree_leave_no_doubt(d, p):
    found = estimate([d] * 5, 0.05)
    assert (found.p, found.spread) == (p, 0.0)
    assert found.low == found.high == found.ratio == pytest.approx(math.exp(d))
    assert found.detectable == pytest.approx(0.05)


@pytest.mark.parametrize("d", [[], [0.1]])
def test_fewer_than_two_pairs_are_refused(d):
    with pytest.raises(ValueError, match=f"{len(d)} pairs; at least 2"):
        estimate(d, 0.05)


@pytest.mark.parametrize("pairs", [3, 5, 15, 30])
def test_what_is_called_detectable_is_found_nine_times_in_ten(pairs):
    generator = np.random.default_rng(pairs)
    noise = generator.normal(0, 0.06, (3000, pairs))
    spread = math.sqrt(np.mean([estimate(each, 0.05).spread ** 2 for each in noise]))
    slow = noise + math.log1p(detectable(spread, pairs, 0.05))
    found = np.mean([estimate(each, 0.05).low > 1.05 for each in slow])
    assert found == pytest.approx(POWER, abs=0.02)  # sampling alone: 0.0055


def test_an_estimate_says_what_its_own_pairs_can_detect():
    found = estimate(logs(15), 0.05, 0.99)
    assert found.detectable == detectable(found.spread, 15, 0.05, 0.99) > 0.05


@pytest.mark.parametrize("confidence", [0.9, 0.95, 0.999])
@pytest.mark.parametrize("spread", SPREADS)
@pytest.mark.parametrize("wanted", WANTED)
def test_as_many_pairs_are_needed_as_make_it_detectable_and_no_fewer(spread, wanted, confidence):
    needed = pairs_needed(spread, wanted, 0.05, confidence)
    assert detectable(spread, needed, 0.05, confidence) <= wanted
    assert all(detectable(spread, fewer, 0.05, confidence) > wanted for fewer in range(2, needed))


@pytest.mark.parametrize("fewest", [4, 9])
def test_the_first_number_of_pairs_counts_though_one_more_would_not_do(fewest):
    few, more = (detectable(0.1, pairs, 0.05, 0.999) for pairs in (fewest, fewest + 1))
    assert few < more, "one pair more is left out at either end, and t gets wider"
    assert pairs_needed(0.1, (few + more) / 2, 0.05, 0.999) == fewest


def test_what_is_allowed_is_never_revealed_and_what_is_hardly_more_takes_more_than_anybody_waits_for():
    assert pairs_needed(0.02, 0.05, 0.05) is None
    assert pairs_needed(0.02, 0.01, 0.05) is None
    assert pairs_needed(5.0, 0.0501, 0.05) == MOST_PAIRS
    assert pairs_needed(0.0, 0.06, 0.05) == 2


def test_holms_steps_by_hand():
    """0.005 <= 0.05/4 and 0.01 <= 0.05/3, but 0.03 > 0.05/2; 0.04 <= 0.05/1 comes too late."""
    assert holm({"a": 0.01, "b": 0.04, "c": 0.03, "d": 0.005}) == {"a", "d"}
    assert holm({"a": 0.01, "b": 0.04, "c": 0.02, "d": 0.005}) == {"a", "b", "c", "d"}
    assert holm({"a": 0.013, "b": 0.014, "c": 0.015, "d": 0.016}) == set()
    assert holm({"a": 0.049}) == {"a"}
    assert holm({"a": 0.011}, confidence=0.99) == set()
    assert holm({}) == set()


def test_holm_rejects_what_the_closed_test_of_bonferroni_rejects():
    """A hypothesis goes if each set with it in has a p-value within 0.05 / size (Marcus and others, 1976)."""
    generator = np.random.default_rng(0)
    sizes = set()
    for _ in range(300):
        ps = dict(enumerate(generator.beta(0.3, 4, generator.integers(1, 6))))
        subsets = [each for size in range(1, len(ps) + 1) for each in combinations(ps, size)]
        closed = {
            key
            for key in ps
            if all(min(ps[k] for k in each) <= 0.05 / len(each) for each in subsets if key in each)
        }
        assert holm(ps) == closed
        sizes.add((len(ps), len(closed)))
    assert len(sizes) > 12, "too few different situations"
