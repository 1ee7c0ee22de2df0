"""How noisy a machine is, with real sweeps."""

import math
from statistics import median

import pytest

from nstbench.gate.noise import measure_noise
from nstbench.gate.side import SideBroken

from .here import BREAKS, DIES, EXPERIMENT, FAST, SLOW


def test_the_figures_are_those_of_the_pairs_taken(pairs_of):
    pairs = pairs_of([FAST], [FAST, SLOW, FAST, SLOW])
    (found,) = measure_noise(pairs, 3, 2.0)
    taken = pairs.seconds["fake", "step_min_s"]
    logs = [math.log(candidate / base) for base, candidate in taken]
    middle = sum(logs) / 3
    assert len(taken) == 3
    assert found.seconds == median(one for pair in taken for one in pair)
    assert found.spread == pytest.approx(math.sqrt(sum((log - middle) ** 2 for log in logs) / 2))
    assert found.spread > 0.5
    # Two degrees of freedom: t is 2.920 for the confidence of 95 %, 1.886 for finding it 9 times in 10.
    least = 1.5 * math.exp((2.920 + 1.886) * found.spread / math.sqrt(3)) - 1
    assert found.detectable == pytest.approx(least, rel=2e-3)
    assert found.pairs > 3


def test_quiet_pairs_see_more_and_need_fewer(tmp_path, pairs_of):
    (quiet,) = measure_noise(pairs_of([FAST], [FAST], folder=tmp_path / "quiet"), 3, 4.0)
    (noisy,) = measure_noise(pairs_of([FAST], [FAST, SLOW], folder=tmp_path / "noisy"), 3, 4.0)
    assert quiet.spread < noisy.spread
    assert quiet.detectable < noisy.detectable
    assert quiet.pairs < noisy.pairs


def test_what_did_not_run_or_has_no_steady_round_is_left_out(tmp_path, pairs_of):
    backends = ["fake", {"name": "fake", "label": "broken", "options": BREAKS}]
    pairs = pairs_of([FAST], [FAST], backends=backends)
    assert [each.subject for each in measure_noise(pairs, 3, 1.0)] == ["fake"]
    fixed = EXPERIMENT["fixed"] | {"iterations": 2}
    assert measure_noise(pairs_of([FAST], [FAST], fixed=fixed, folder=tmp_path / "short"), 3, 1.0) == []


def test_an_experiment_that_does_not_run_says_so(pairs_of):
    with pytest.raises(SideBroken, match="died"):
        measure_noise(pairs_of([DIES], [FAST]), 3, 1.0)
