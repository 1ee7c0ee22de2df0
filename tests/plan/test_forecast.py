"""What a sweep is expected to take, added up by hand."""

import pytest

from nstbench.experiment import experiment_from_mapping
from nstbench.plan import predict
from nstbench.plan.forecast import Pace, forecast
from nstbench.plan.planner import plan_trials

PACE = Pace(start_s=7, ready_s=3, gflop_per_s=50, pass_s=0.5)


@pytest.fixture
def foretold(facts, shelf):
    def maker(backends, measure=None, pace_of=lambda _: PACE, done=(), judging_s=0.0, **sweep):
        data = {"inputs": {"content": "a", "style": "b"}, "fixed": {"size": 64, "iterations": 10}}
        data["fixed"] = {name: value for name, value in data["fixed"].items() if name not in sweep}
        data |= {"sweep": sweep, "backends": backends, "measure": measure or {}}
        planned = experiment_from_mapping(data)
        plan = plan_trials(planned, facts, shelf)
        pending = {trial.trial_id for number, trial in enumerate(plan.trials) if number not in done}
        found = forecast(plan, pending, planned.measure, pace_of, judging_s)
        return [round(found.seconds.get(trial.trial_id, 0), 6) for trial in plan.trials], found, plan.trials

    return maker


def loop(trial):
    return predict(trial).gflop / 50


def test_a_process_starts_once_and_each_trajectory_gets_ready(foretold):
    each, found, trials = foretold(["jax-vgg19"], beta=[1, 2])
    assert each == pytest.approx([10 + loop(trials[0]), 3 + loop(trials[1])])
    assert found.total_s == pytest.approx(sum(each))
    assert not found.assumed
    alone, _, _ = foretold(["jax-vgg19"], {"isolation": "trial"}, beta=[1, 2])
    assert alone == pytest.approx([10 + loop(trials[0]), 10 + loop(trials[1])])


def test_trials_on_the_way_to_one_another_share_what_they_can(foretold):
    each, _, trials = foretold(["jax-vgg19"], iterations=[10, 30])
    assert each == pytest.approx([10 + loop(trials[0]), loop(trials[1]) - loop(trials[0])])
    rest, _, _ = foretold(["jax-vgg19"], done=[0], iterations=[10, 30])
    assert rest == pytest.approx([0, 10 + loop(trials[1])]), "begun anew, as nothing of the first is left"


def test_the_referee_looks_at_every_picture(foretold):
    without, _, _ = foretold(["jax-vgg19"], beta=[1])
    judged, _, _ = foretold(["jax-vgg19"], {"snapshot_every": 4}, judging_s=1e-3, beta=[1])
    assert judged[0] - without[0] == pytest.approx(64 * 32 * 3 * 1e-3)


def test_passes_are_counted_and_what_was_never_measured_is_named(foretold):
    each, found, _ = foretold(["fast"], {"rounds": 4}, beta=[1])
    assert each == [7 + 3 + 5 * 0.5]
    _, found, _ = foretold(["fast", "jax-vgg19"], pace_of=lambda _: None, beta=[1])
    assert found.assumed == {"fast", "jax-vgg19"}
