"""How long a sweep still takes, as its bar says: replayed from sweeps that were recorded.

Two of experiments/layers.yaml with three backends on two cores: `unknown` on a machine without any pace,
`known` once more after it. What was foretold of that one has compilations in it, and it found the programs
compiled.
"""

import json
from pathlib import Path

import pytest

from nstbench.plan.forecast import Forecast
from nstbench.run.remaining import Remaining

from .recorded_sweep import replayed

RECORDED = Path(__file__).parent / "recorded"
FACTORS = {"unknown": 1.5, "known": 1.7}


SLACK_S = 8
"""Seconds that count nothing: near the end, what one compilation takes is all that is left."""


@pytest.mark.parametrize("name", FACTORS)
def test_from_a_tenth_on_what_is_said_to_remain_does(name):
    calls = json.loads((RECORDED / f"{name}.json").read_text())
    begin = next(moment for moment, name, _ in calls if name == "expect")
    end = calls[-1][0]
    for moment, said in replayed(calls):
        left = end - moment
        if moment - begin > (end - begin) / 10:
            less, more = sorted((said, left))
            assert more <= FACTORS[name] * less + SLACK_S, (
                f"{moment} s: {said:.0f} s said, {left:.0f} s it was"
            )


@pytest.fixture
def at():
    """Two trials of ten seconds, three of which pass before the first iteration, at a clock of our own."""
    clock = [0.0]
    remaining = Remaining(lambda: clock[0])
    remaining.foretold(Forecast({"a": 10.0, "b": 10.0}, frozenset(), {"a": 3.0, "b": 3.0}))
    remaining.expect(2)

    def at(moment):
        clock[0] = moment
        return remaining

    return at


def test_before_anything_is_seen_it_is_what_was_foretold(at):
    assert at(0).seconds() == 20
    assert at(0).total_s == 20


def test_while_it_gets_ready_the_clock_says_how_far_it_is_and_no_further_than_that(at):
    at(0).enter("job", "a")
    assert at(2).done_s == 2
    assert at(9).done_s == pytest.approx(3, rel=0.06)


def test_iterations_share_what_is_left_of_a_trial(at):
    at(0).enter("job", "a")
    at(4).advance("job", "a", 0.5)
    assert at(5).done_s == 3 + 7 / 2
    at(6).finish("a")
    assert at(6).done_s == 10


def test_what_takes_twice_as_long_is_soon_expected_to(at):
    at(0).enter("job", "a")
    at(20).finish("a")
    assert at(20).seconds() == pytest.approx(20, rel=0.1)


def test_trials_that_a_search_will_ask_for_are_taken_for_as_much(at):
    at(0).expect(5)
    assert at(0).total_s == 50


def test_a_job_that_is_lost_has_done_nothing(at):
    at(0).enter("job", "a")
    at(2).leave("job")
    assert at(2).done_s == 0
