"""Several trials at once: where each runs, what its row says of that, and what it saves."""

import os
import time

import pytest

import nstbench
from nstbench import Limits, Parallel
from nstbench.api import UsageError
from nstbench.run.job import Entered, Finished, Lost
from nstbench.run.sweep import Watcher

from .test_sweep import experiment, fake
from .test_work import REFEREE, workers

TWO = Parallel(("gpu:0", "gpu:1"))


@pytest.fixture
def two_gpus(monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3,5")


class Log(Watcher):
    """Counts what runs at once."""

    def __init__(self):
        self.running, self.most, self.order = set(), 0, []

    def submitted(self, job, slot):
        self.running.add(job.trials[-1].trial_id)
        self.most = max(self.most, len(self.running))

    def event(self, job, event):
        self.order.append(type(event))
        if isinstance(event, Finished | Lost):
            self.running.discard(job.trials[-1].trial_id)

    def judged(self, record):
        self.order.append("judged")


def named(label, **options):
    return fake(**options) | {"label": label}


def on_gpus(**more):
    return experiment(backends=[fake(gpu=True, step_s=0.02)], **more)


def test_each_gpu_has_a_worker_that_sees_it_alone(tmp_path, two_gpus):
    watch = Log()
    made = on_gpus(sweep={"beta": [1, 2, 3, 4]}, measure=REFEREE)
    runs = nstbench.sweep(made, tmp_path, parallel=TWO, watch=watch).runs
    assert list(runs["status"]) == ["ok"] * 4
    assert watch.most == 2
    assert {*runs["device_name"]} == {"fake gpu 3", "fake gpu 5"}
    assert {*runs["device"]} == {"gpu"}
    assert not runs["exclusive"].any()
    assert runs["referee_total"].notna().all()
    assert "judged" not in watch.order[: len(watch.order) - watch.order[::-1].index(Finished)]
    assert not workers()


@pytest.mark.thorough
def test_the_results_are_those_of_one_trial_at_a_time(tmp_path, two_gpus):
    made = on_gpus(sweep={"beta": [1, 2, 3], "iterations": [4, 8]}, measure=REFEREE)
    one = nstbench.sweep(made, tmp_path / "one", overrides=["device=gpu"])
    two = nstbench.sweep(made, tmp_path / "two", overrides=["device=gpu"], parallel=TWO)
    assert one.runs["exclusive"].all()
    for table in ("losses", "images"):
        mine, other = (getattr(each, table).drop(columns="elapsed_s", errors="ignore") for each in (one, two))
        assert mine.equals(other)
    same = ["trial_id", "status", "final_total", "referee_total", "iterations_done", "shared_trajectory"]
    assert one.runs[same].equals(two.runs[same])


def test_gpu_all_means_those_that_are_visible(tmp_path, two_gpus):
    runs = nstbench.sweep(on_gpus(sweep={"beta": [1, 2]}), tmp_path, parallel=Parallel(("gpu",))).runs
    assert {*runs["device_name"]} == {"fake gpu 3", "fake gpu 5"}


def test_a_cpu_trial_runs_alone_unless_jobs_are_asked_for(tmp_path, two_gpus):
    watch = Log()
    made = on_gpus(sweep={"device": ["gpu", "cpu"], "beta": [1, 2]})
    runs = nstbench.sweep(made, tmp_path, parallel=TWO, watch=watch).runs.set_index("device")
    assert watch.most == 2
    assert list(runs.loc["cpu", "exclusive"]) == [True, True]
    assert list(runs.loc["gpu", "exclusive"]) == [False, False]


def test_jobs_share_the_cores_out(tmp_path, every_core):
    watch = Log()
    backends = [fake(step_s=0.02)]
    made = experiment(backends=backends, sweep={"beta": [1, 2, 3]})
    runs = nstbench.sweep(made, tmp_path, parallel=Parallel(jobs=2), watch=watch).runs
    assert watch.most == 2
    assert set(runs["threads"]) <= {os.cpu_count() // 2, (os.cpu_count() + 1) // 2}
    assert list(runs["device"]) == ["cpu"] * 3


def test_a_trial_that_ran_beside_others_is_measured_again_when_it_is_to_be_alone(tmp_path, two_gpus):
    made = on_gpus(sweep={"beta": [1, 2, 3]})
    nstbench.sweep(made, tmp_path, parallel=TWO)
    watch = Log()
    again = nstbench.sweep(
        made, tmp_path, overrides=["measure.exclusive=true"], parallel=TWO, watch=watch
    ).runs
    assert watch.most == 1
    assert again["exclusive"].all()
    assert {*again["device_name"]} == {"fake gpu 3"}
    once_more = Log()
    nstbench.sweep(made, tmp_path, overrides=["measure.exclusive=true"], watch=once_more)
    assert not once_more.order, "all were alone by now"


def test_what_is_compiled_once_stays_on_one_device(tmp_path, two_gpus):
    made = on_gpus(sweep={"optimiser": ["adam", "sgd"], "beta": [1, 2, 3]})
    runs = nstbench.sweep(made, tmp_path, parallel=TWO).runs
    assert (runs.groupby("optimiser")["device_name"].nunique() == 1).all()
    assert runs["device_name"].nunique() == 2


def test_a_worker_that_dies_costs_its_trial_and_no_other_device(tmp_path, two_gpus):
    backends = [fake(gpu=True, step_s=0.02), named("broken", gpu=True, fault="kill", at=2)]
    made = experiment(backends=backends, sweep={"beta": [1, 2]})
    runs = nstbench.sweep(made, tmp_path, parallel=TWO, limits=Limits(retries=1)).runs
    assert list(runs.set_index("backend_label").loc["broken", "error_type"]) == ["WorkerKilled"] * 2
    assert list(runs.set_index("backend_label").loc["fake", "status"]) == ["ok"] * 2


def test_one_that_hangs_is_ended_while_the_other_goes_on(tmp_path, two_gpus):
    backends = [named("hanging", gpu=True, fault="hang", at=2), fake(gpu=True, step_s=0.02)]
    made = experiment(backends=backends, measure={"timeout_s": 4})
    began = time.monotonic()
    runs = nstbench.sweep(made, tmp_path, parallel=TWO).runs
    assert list(runs["status"]) == ["timeout", "ok"]
    assert time.monotonic() - began < 20
    assert not workers()


def test_an_interrupt_ends_all_workers(tmp_path, two_gpus):
    class Interrupting(Log):
        def event(self, job, event):
            super().event(job, event)
            if len(self.running) == 2 and isinstance(event, Entered):
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        nstbench.sweep(on_gpus(sweep={"beta": [1, 2]}), tmp_path, parallel=TWO, watch=Interrupting())
    assert not workers()
    assert {*nstbench.open_results(tmp_path).runs["status"]} == {"interrupted"}


@pytest.mark.parametrize(
    ("parallel", "made", "said"),
    [
        (Parallel(("tpu",)), {}, "--devices: found 'tpu'; gpu or gpu:0,gpu:1 ... are allowed"),
        (Parallel(("gpu:2",)), {}, "--devices gpu:2: the GPUs here are gpu:0 to gpu:1"),
        (Parallel(jobs=4096), {}, "--jobs 4096: there are .* cores here, and every job has its own"),
        (Parallel(jobs=2), {"sweep": {"device": ["gpu"]}}, "nowhere to run; --devices gpu uses the GPUs"),
        (TWO, {"measure": {"isolation": "none"}}, "isolation none runs one trial at a time"),
    ],
)
@pytest.mark.usefixtures("two_gpus", "every_core")
def test_what_is_not_there_is_said_before_anything_is_written(tmp_path, parallel, made, said):
    with pytest.raises(UsageError, match=said):
        nstbench.sweep(on_gpus(**made), tmp_path / "out", parallel=parallel)
    assert not (tmp_path / "out").exists()


def test_no_gpu_is_said_in_one_line(tmp_path, monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    with pytest.raises(UsageError, match="--devices gpu: this machine shows no GPU; `nstbench doctor`"):
        nstbench.sweep(on_gpus(), tmp_path, parallel=Parallel(("gpu",)))
