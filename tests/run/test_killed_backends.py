"""Real backends killed amid their iterations: what was reached is kept, the rest can be done again."""

import psutil
import pytest

import nstbench
from nstbench.run.job import Advanced

pytestmark = pytest.mark.thorough

REACHED, KILLED_AT, GOAL = 2, 4, 40


class Killer(nstbench.Watcher):
    """Kills the worker, once, as soon as it has gone beyond the first checkpoint."""

    def __init__(self):
        self.killed = 0

    def event(self, job, event):
        if isinstance(event, Advanced) and event.iterations >= KILLED_AT and not self.killed:
            for each in psutil.Process().children(recursive=True):
                words = each.cmdline()
                if "nstbench.run.worker" in words and not any("supervisor" in word for word in words):
                    self.killed = each.pid
                    each.kill()


@pytest.mark.parametrize("backend", ["jax-vgg19", "tf-vgg19"])
def test_a_worker_killed_amid_its_iterations_costs_what_it_had_not_reached(backend, tmp_path):
    experiment = {
        "name": "killed",
        "inputs": {"content": "sample:cat", "style": "sample:coffee"},
        "fixed": {
            "size": 32,
            "weights": "random:0",
            "style_layers": ["conv1_1"],
            "content_layers": ["conv2_2"],
        },
        "sweep": {"iterations": [REACHED, GOAL]},
        "measure": {"referee": "none", "chunk": 2},
        "backends": [backend],
    }
    killer = Killer()
    runs = nstbench.sweep(experiment, tmp_path / "out", watch=killer).runs
    assert killer.killed and not psutil.pid_exists(killer.killed)
    assert list(runs["status"]) == ["ok", "failed"]
    assert list(runs["error_type"].dropna()) == ["WorkerKilled"]
    assert (tmp_path / "out" / runs["image"][0]).is_file()
    again = nstbench.sweep(experiment, tmp_path / "out", redo=nstbench.Redo(failed=True))
    assert list(again.runs["status"]) == ["ok", "ok"]
    assert set(again.losses.groupby("trial_id").size()) == {REACHED, GOAL}
