"""Whether an optimisation came to anything is told from losses and picture, with the reason that holds."""

import numpy as np
import pytest

import nstbench
from nstbench.api import LossTrace
from nstbench.comparison.cautions import cautions
from nstbench.run.soundness import why_diverged, why_doubtful, why_not_finite

RATE = {"learning_rate": 0.02}
INF, NAN = np.inf, np.nan


def trace(*totals, content=1.0, style=1.0):
    columns = [
        np.array(totals, np.float32),
        *(np.full(len(totals), v, np.float32) for v in (content, style, 0)),
    ]
    return LossTrace(*columns, style_layers={}, evaluations=len(totals))


@pytest.mark.parametrize(
    ("traces", "settings", "said"),
    [
        ([trace(5, 4), trace(3, NAN)], RATE, "not finite from iteration 4; lower learning_rate"),
        ([trace(5, INF)], {}, "not finite from iteration 2"),
        ([trace(INF)], RATE, "starting image is not finite, before any step; lower alpha, beta or tv_weight"),
        (
            [trace(NAN, style=NAN)],
            RATE,
            "the style loss of the starting image is not finite, before any step; look",
        ),
        (
            [trace(3e30, NAN)],
            RATE,
            "from iteration 2; a gradient of such a loss overflows float32: lower alpha",
        ),
    ],
)
def test_a_loss_that_is_not_finite_is_explained_by_when_it_happened(traces, settings, said):
    reason = why_not_finite(traces, settings)
    assert said in reason
    assert ("learning_rate" in reason) == ("learning_rate" in said)


def test_losses_that_are_finite_need_no_explanation():
    assert why_not_finite([trace(5, 4), trace(3)], RATE) is None


def test_a_loss_that_has_doubled_has_diverged_and_one_a_little_higher_is_doubtful():
    assert (
        why_diverged(3.85e7, 1.8e10, RATE)
        == "the total loss rose from 3.85e+07 to 1.8e+10; lower learning_rate"
    )
    assert why_diverged(10.0, 19.9, RATE) is None
    assert "ends higher than it started, 19.9 after 10" in why_doubtful(10.0, 19.9, True, 5, RATE)
    assert why_doubtful(10.0, 9.0, True, 5, RATE) is None


def test_a_picture_that_has_not_moved_is_doubtful_unless_nothing_was_left_to_do():
    assert why_doubtful(0.0, 0.0, False, 5, RATE) is None
    assert "raise learning_rate" in why_doubtful(3.0, 3.0, False, 5, RATE)
    assert "lower alpha, beta or tv_weight" in why_doubtful(3e30, 3e30, False, 5, RATE)
    alone = why_doubtful(3.0, 3.0, False, 5, {})
    assert alone == "no pixel has moved in 5 iterations, at a total loss of 3"


def experiment(**fields):
    return {
        "inputs": {"content": "sample:cat", "style": "sample:coffee"},
        "measure": {"chunk": 2, "isolation": "none", "referee": "none"},
        "backends": ["fake"],
    } | fields


RISING = [{"name": "fake", "options": {"fault": "rise", "at": 5}}]


def test_a_trial_whose_loss_has_risen_far_is_diverged_and_has_no_pastiche(tmp_path):
    rising = experiment(fixed={"size": 32}, sweep={"iterations": [4, 6]}, backends=RISING)
    runs = nstbench.sweep(rising, tmp_path).runs
    assert list(runs["status"]) == ["ok", "diverged"]
    assert list(runs["image"].notna()) == [True, False]
    assert runs["error_message"][1].startswith("the total loss rose from ")
    assert runs["error_message"][1].endswith("; lower learning_rate")


def test_a_trial_whose_loss_is_no_number_says_so_in_the_same_words_as_one_whose_loss_rose(tmp_path):
    broken = [{"name": "fake", "options": {"fault": "nan", "at": 3}}]
    runs = nstbench.sweep(experiment(fixed={"size": 32}, backends=broken), tmp_path).runs
    assert list(runs["status"]) == ["diverged"]
    assert runs["error_message"][0] == "the total loss is not finite from iteration 3; lower learning_rate"


def test_a_trial_in_which_nothing_moves_is_ok_with_a_caution_that_readers_see(tmp_path):
    """Where alpha outweighs beta the stand-in makes for the content image, where it is already."""
    fixed = {"size": 32, "iterations": 6, "beta": 100, "tv_weight": 0}
    both = experiment(fixed=fixed, sweep={"alpha": [1.0, 200.0]})
    results = nstbench.sweep(both, tmp_path)
    assert list(results.runs["status"]) == ["ok", "ok"]
    assert list(results.runs["caution"].isna()) == [True, False]
    said = results.runs["caution"][1]
    assert said.startswith("no pixel has moved in 6 iterations, at a total loss of ")
    assert f"fake (alpha=200): {said}" in cautions(results)
