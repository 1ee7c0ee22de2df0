"""Seconds that planning takes: a thousand points, from a mapping to trials with their ids."""

from nstbench.experiment import experiment_from_mapping
from nstbench.plan.planner import plan_trials
from nstbench.run.look_up import AssetLookUp, facts

GRID = {
    "name": "thousand",
    "inputs": {"content": "sample:astronaut", "style": "sample:strokes"},
    "sweep": {
        "beta": [10.0 ** (n / 2) for n in range(10)],
        "learning_rate": [0.01 * (n + 1) for n in range(10)],
        "iterations": [10 * (n + 1) for n in range(10)],
    },
    "backends": ["fake"],
}


def test_planning_a_thousand_points(benchmark, tmp_path):
    def plan():
        experiment = experiment_from_mapping(GRID, tmp_path)
        return plan_trials(experiment, facts, AssetLookUp(say=print))

    planned = benchmark.pedantic(plan, rounds=5, warmup_rounds=1)
    benchmark.extra_info["trials"] = len(planned.trials)
    assert len({trial.trial_id for trial in planned.trials}) == 1000
