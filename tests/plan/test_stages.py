"""Stages of a trial: their sizes are those that images of these sizes have."""

import pytest

from nstbench.api import ExperimentError
from nstbench.assets import load_image
from nstbench.experiment import experiment_from_mapping
from nstbench.plan import predict, stages_of
from nstbench.plan.planner import plan_trials


@pytest.fixture
def planned(facts, shelf):
    def maker(content="a", sweep=None, **fixed):
        data = {"inputs": {"content": content, "style": "b"}, "fixed": fixed, "backends": ["jax-vgg19"]}
        data |= {"sweep": sweep} if sweep else {}
        return plan_trials(experiment_from_mapping(data), facts, shelf)

    return maker


STAGES = [{"size": 64, "iterations": 20}, {"size": 256, "iterations": 10}]


def test_without_stages_there_is_one_of_the_whole(planned):
    (trial,) = planned(size=64, iterations=9).trials
    (stage,) = stages_of(trial)
    assert (stage.height, stage.width, stage.iterations, stage.until) == (32, 64, 9, 9)


def test_stages_have_the_shape_of_the_picture(planned):
    (trial,) = planned(stages=STAGES).trials
    small, large = stages_of(trial)
    assert (small.height, small.width, small.iterations, small.until) == (32, 64, 20, 20)
    assert (large.height, large.width, large.iterations, large.until) == (128, 256, 10, 30)


def test_sizes_are_those_of_images_loaded_at_them(tmp_path, planned):
    (trial,) = planned(stages=3, size=250).trials
    true = [load_image("sample:cat", stage.size, tmp_path).pixels.shape for stage in trial.settings.stages]
    whole = load_image("sample:cat", 250, tmp_path)
    object.__setattr__(trial, "height", whole.height)
    object.__setattr__(trial, "width", whole.width)
    found = [(stage.height, stage.width, 3) for stage in stages_of(trial)]
    for seen, expected in zip(found, true, strict=True):
        assert max(abs(a - b) for a, b in zip(seen, expected, strict=True)) <= 1


def test_stages_make_another_trial_and_none_leaves_it_as_it_was(planned):
    plain, staged, single = (
        planned(size=256, iterations=30, **more).trials[0].trial_id
        for more in ({}, {"stages": STAGES}, {"stages": 1})
    )
    assert plain == single != staged


def test_trials_whose_stages_differ_share_no_trajectory(planned):
    plan = planned(sweep={"iterations": [10, 20]}, stages=2, size=64)
    assert len(plan.trajectories(share=True)) == 2


def test_work_is_that_of_its_stages(planned):
    def gflop(**fixed):
        return predict(planned(style_layers="conv1_1", content_layers="conv1_1", **fixed).trials[0]).gflop

    parts = gflop(size=64, iterations=20) + gflop(size=256, iterations=10)
    assert gflop(stages=STAGES) == pytest.approx(parts)


def test_a_first_stage_too_small_for_the_layers_is_refused_at_its_place(planned):
    with pytest.raises(
        ExperimentError, match=r"fixed\.stages: at this size the content image is 32 x 4"
    ) as e:
        planned(stages=[{"size": 32, "iterations": 5}, {"size": 256, "iterations": 5}], content="strip")
    assert "Begin with a larger one" in str(e.value)
