"""Stages: a number of sizes or a list of them, and what they do to size and iterations."""

import pytest

from nstbench.api import ExperimentError, Stage
from nstbench.experiment import experiment_from_mapping

from .test_settings import settings


def points(**sections):
    data = {"inputs": {"content": "a", "style": "b"}, "backends": ["x"], **sections}
    return experiment_from_mapping(data).points()


def mistake(**fixed):
    with pytest.raises(ExperimentError) as caught:
        points(fixed=fixed)
    return str(caught.value)


def stages(*pairs):
    return [{"size": size, "iterations": iterations} for size, iterations in pairs]


def test_a_number_of_stages_doubles_up_to_the_size_and_shares_the_iterations():
    made = settings(stages=3, size=300, iterations=50)
    assert made.stages == ((75, 17), (150, 17), (300, 16))
    assert (made.size, made.iterations) == (300, 50)


def test_a_list_says_size_and_iterations():
    made = settings(stages=stages((128, 60), (256, 40)))
    assert made.stages == (Stage(128, 60), Stage(256, 40))
    assert (made.size, made.iterations) == (256, 100)
    assert settings(stages=stages((128, 60), (256, 40)), size=256, iterations=100) == made


def test_a_stage_may_be_a_pair_as_records_have_it():
    assert settings(stages=[[128, 60], [256, 40]]) == settings(stages=stages((128, 60), (256, 40)))


def test_one_stage_is_none():
    assert settings(stages=1) == settings()
    assert settings(stages=stages((64, 10))) == settings(size=64, iterations=10)


def test_stages_are_an_axis_like_any_other():
    made = points(sweep={"stages": [None, 2, stages((64, 10), (256, 50))]})
    assert [point.labels["stages"] for point in made] == ["stages=none", "stages=2", "stages=64:10+256:50"]
    assert len({point.settings for point in made}) == 3


@pytest.mark.parametrize(
    ("fixed", "said"),
    [
        ({"stages": 0}, "must be a number from 1 to 8, or a list of {size: PIXELS, iterations: N}, found 0"),
        ({"stages": "two"}, "found the text 'two'"),
        ({"stages": []}, "found a list"),
        ({"stages": [128, 256]}, "stage 1 must be {size: PIXELS, iterations: N}"),
        ({"stages": [{"size": 64}]}, "stage 1 must be {size: PIXELS, iterations: N}"),
        ({"stages": stages((64, 10), (128, 0))}, "stage 2: iterations must be a whole number from 1 to "),
        ({"stages": stages((16, 10))}, "stage 1: size must be a whole number from 32 to 8,192"),
        ({"stages": stages((64, 10), (64, 10))}, "sizes must grow from stage to stage, found 64, then 64"),
        ({"stages": 4, "size": 128}, "fixed.stages: 4 stages up to 128 pixels begin below 32; take fewer"),
        ({"stages": 3, "iterations": 2}, "fixed.stages: 3 stages cannot share 2 iterations; give more"),
        (
            {"stages": stages((64, 10), (128, 5)), "size": 256},
            "fixed.size: the stages come to size 128, not 256; leave size out, or let it be 128",
        ),
        (
            {"stages": stages((64, 10), (128, 5)), "iterations": 10},
            "fixed.iterations: the stages come to iterations 15, not 10",
        ),
    ],
)
def test_stages_that_cannot_be_are_one_line(fixed, said):
    found = mistake(**fixed)
    assert said in found
    assert "\n" not in found
