"""Sweeps on a real Ray cluster of three nodes, all of them on this machine."""

import itertools
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
import yaml

import nstbench
from nstbench import Limits, Parallel
from nstbench.api import UsageError
from nstbench.executors import ray_cluster, ray_nodes
from nstbench.executors.ray_cluster import RayCluster
from nstbench.run.job import Advanced, Entered, Finished
from nstbench.run.keeper import Keeper
from nstbench.run.slots import Slot
from nstbench.run.sweep import Watcher

from ..run.test_sweep import experiment, fake

pytestmark = [
    pytest.mark.thorough,
    # Ray forks to start a cluster, and JAX may have been imported by other tests of this process.
    pytest.mark.filterwarnings("ignore:os.fork:RuntimeWarning"),
]

RAY = Parallel(executor="ray")
NODE = {"num_cpus": 1, "object_store_memory": 80 * 2**20}
NUMBERS = itertools.count()
SAME = ["trial_id", "status", "final_total", "referee_total", "iterations_done", "shared_trajectory"]


def a_node():
    """Describe a node that takes itself for a machine of its own."""
    folder = Path(os.environ["NSTBENCH_AT_WORK"], f"node-{next(NUMBERS)}")
    folder.mkdir()
    return NODE | {"env_vars": {"NSTBENCH_AT_WORK": str(folder)}}


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """Three nodes; what is started here is gone when the tests are."""
    from ray.cluster_utils import Cluster

    with pytest.MonkeyPatch.context() as patch:
        for name, value in ray_nodes.LAUNCH.items():
            patch.setenv(name, value)
        made = Cluster(initialize_head=True, head_node_args=a_node() | {"include_dashboard": False})
        for _ in range(2):
            made.add_node(**a_node())
        patch.setenv("RAY_ADDRESS", made.address)
        yield made
        made.shutdown()


class Log(Watcher):
    """Keeps where each trial ran, and does something once when two run."""

    def __init__(self, once=lambda log: None):
        self.places, self.said, self.running = {}, [], {}
        self.once = once

    def says(self, message):
        self.said.append(message)

    def submitted(self, job, slot):
        self.places.setdefault(job.trials[-1].trial_id, []).append(slot.name)

    def event(self, job, event):
        key = job.trials[-1].trial_id
        if isinstance(event, Advanced) and len(self.running) > 1:
            once, self.once = self.once, lambda log: None
            once(self)
        if isinstance(event, Entered):
            self.running[key] = self.places[key][-1]
        if isinstance(event, Finished):
            self.running.pop(key, None)


def workers():
    """Return the worker processes of nstbench that actors of the cluster have started."""
    command = ["-P", "-m", "nstbench.run.worker"]
    return [one for one in psutil.Process().children(recursive=True) if command_of(one)[1:4] == command]


def command_of(process):
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def gone(processes, patience_s=20):
    return not psutil.wait_procs(processes, timeout=patience_s)[1]


def slow(**changes):
    return experiment(backends=[fake(step_s=0.05)], sweep={"beta": [1, 2, 3, 4, 5, 6]}, **changes)


def test_the_results_are_those_of_this_machine(cluster, tmp_path, monkeypatch):
    made = experiment(
        sweep={"beta": [1, 2, 3], "iterations": [4, 8]}, measure={"referee": "random:0", "snapshot_every": 2}
    )
    here = nstbench.sweep(made, tmp_path / "here")
    monkeypatch.setattr(Keeper, "judge", lambda keeper, trials: None)  # the nodes have
    watch = Log()
    there = nstbench.sweep(made, tmp_path / "there", parallel=RAY, watch=watch)
    assert here.runs[SAME].equals(there.runs[SAME])
    for table in ("losses", "images"):
        mine, theirs = (getattr(each, table).drop(columns="elapsed_s") for each in (here, there))
        assert mine.equals(theirs)
    assert there.runs["exclusive"].all(), "each had its node to itself"
    assert {*here.runs["environment_id"]} == {*there.runs["environment_id"]}, "OMP_NUM_THREADS among it"
    assert len({place for places in watch.places.values() for place in places}) == 3
    assert gone(workers())


def test_what_a_node_cannot_judge_the_sweep_judges(cluster, tmp_path):
    """For want of the style image in the size of the pastiche: files as they are do not travel."""
    made = experiment(fixed={"size": 48, "iterations": 4, "style_size": 32}, measure={"referee": "random:0"})
    here, there = (
        nstbench.sweep(made, tmp_path / name, parallel=parallel)
        for name, parallel in (("here", None), ("there", RAY))
    )
    assert there.runs["referee_total"].notna().all()
    assert here.runs["referee_total"].equals(there.runs["referee_total"])


def test_a_node_that_is_gone_costs_nothing_but_time(cluster, tmp_path):
    def remove(log):
        lost = next(name for name in log.running.values() if name != head)
        node = next(each for each in cluster.worker_nodes if each.node_id.startswith(lost.split("-")[-1]))
        there = log.there = workers()
        cluster.remove_node(node, allow_graceful=False)
        while all(each.is_running() for each in there):
            time.sleep(0.05)

    head = f"{os.uname().nodename}-{cluster.head_node.node_id[:4]}"
    watch = Log(remove)
    runs = nstbench.sweep(slow(), tmp_path, parallel=RAY, watch=watch).runs
    cluster.add_node(**a_node())
    assert list(runs["status"]) == ["ok"] * 6
    assert any("is gone; it will run elsewhere" in line for line in watch.said)
    assert gone([*watch.there, *workers()])


def test_a_worker_that_is_killed_costs_its_trial(cluster, tmp_path):
    watch = Log(lambda log: workers()[0].kill())
    runs = nstbench.sweep(slow(), tmp_path, parallel=RAY, watch=watch).runs
    assert sorted(runs["status"]) == ["failed"] + ["ok"] * 5
    (row,) = runs[runs["status"] == "failed"].itertuples()
    assert row.error_type == "WorkerKilled"
    assert (tmp_path / "trials" / row.trial_id / "log.txt").exists()


def test_what_ray_ends_for_lack_of_memory_is_oom_and_goes_nowhere_else(cluster):
    """Its words are those of a real one: a node cannot be filled here without harm to others."""
    import ray

    class Actor:
        facts = type("Facts", (), {"remote": staticmethod(lambda: None)})

    held = ray_nodes.Held(Slot("node"), Actor)
    error = ray.exceptions.OutOfMemoryError("1 worker(s) were killed due to the node running low on memory.")
    lost = RayCluster([held], print, owns=False)._lost(held, error)
    assert (lost.status, lost.error_message) == ("oom", "Ray ended it on node, for lack of memory there")


def test_an_actor_that_is_killed_is_replaced_and_its_trial_done_once_more(cluster, tmp_path):
    def kill(log):
        workers()[0].parent().parent().kill()

    watch = Log(kill)
    runs = nstbench.sweep(slow(), tmp_path, parallel=RAY, watch=watch, limits=Limits()).runs
    assert list(runs["status"]) == ["ok"] * 6
    assert sorted(map(len, watch.places.values())) == [1, 1, 1, 1, 1, 2]
    assert gone(workers())


def test_a_driver_that_is_killed_leaves_no_worker_and_what_had_come_back(cluster, tmp_path):
    path = tmp_path / "e.yaml"
    path.write_text(yaml.safe_dump(slow()))
    command = [Path(sys.executable).with_name("nstbench"), "sweep", path, "-o", tmp_path / "out"]
    with (tmp_path / "said.txt").open("w") as said:
        driver = subprocess.Popen([*command, "--executor", "ray"], stdout=said, stderr=said)
    results = tmp_path / "out" / "trials"
    while len([*results.glob("*/result.json")]) < 2:
        assert driver.poll() is None, (tmp_path / "said.txt").read_text()
        time.sleep(0.02)
    there = workers()
    driver.kill()
    driver.wait()
    assert there
    assert gone(there)
    before = {each.parent.name: each.read_bytes() for each in results.glob("*/result.json")}
    runs = nstbench.sweep(path, tmp_path / "out", parallel=RAY).runs
    assert list(runs["status"]) == ["ok"] * 6
    assert all((results / name / "result.json").read_bytes() == kept for name, kept in before.items())


def test_ctrl_c_leaves_no_process_on_any_node(cluster, tmp_path):
    path = tmp_path / "e.yaml"
    path.write_text(yaml.safe_dump(slow()))
    command = [Path(sys.executable).with_name("nstbench"), "sweep", path, "-o", tmp_path / "out"]
    driver = subprocess.Popen([*command, "--executor", "ray"], stderr=subprocess.PIPE, text=True)
    while not [*(tmp_path / "out").glob("trials/*/result.json")]:
        assert driver.poll() is None, driver.stderr.read()
        time.sleep(0.02)
    there = workers()
    driver.send_signal(signal.SIGINT)
    said = driver.communicate(timeout=60)[1]
    assert driver.returncode == 130
    assert "finished trials are kept" in said
    assert "raylet" not in said
    assert gone(there)


def test_a_node_with_another_version_is_left_out_by_name(cluster, tmp_path, monkeypatch):
    own = ray_cluster.installed_versions()
    monkeypatch.setattr(ray_cluster, "installed_versions", lambda: own | {"fake": "9.9"})
    watch = Log()
    results = nstbench.sweep(experiment(), tmp_path, parallel=RAY, watch=watch)
    assert list(results.runs["status"]) == ["interrupted"]
    left_out = [line for line in watch.said if "is left out, as it has fake" in line]
    assert len(left_out) == 3
    assert "not 9.9" in left_out[0]


@pytest.mark.parametrize(
    ("parallel", "said"),
    [
        (Parallel(executor="rya"), "unknown executor 'rya'; known: local, ray, slurm. Did you mean 'ray'"),
        (Parallel(("gpu:0",), executor="ray"), "--executor ray takes --devices gpu: all GPUs of all nodes"),
    ],
)
def test_what_cannot_be_is_said_before_anything_is_written(tmp_path, parallel, said):
    with pytest.raises(UsageError, match=said):
        nstbench.sweep(experiment(), tmp_path / "out", parallel=parallel)
    assert not (tmp_path / "out").exists()


def test_a_cluster_that_is_not_there_is_one_line(tmp_path, monkeypatch):
    monkeypatch.setenv("RAY_ADDRESS", "127.0.0.1:1")
    with pytest.raises(UsageError, match=r"no cluster at 127.0.0.1:1 \(RAY_ADDRESS\): .*refused"):
        nstbench.sweep(experiment(), tmp_path / "out", parallel=RAY)
    assert not (tmp_path / "out").exists()


def test_without_the_extra_the_line_that_installs_it_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr("nstbench.run.executors.find_spec", lambda name: None)
    with pytest.raises(UsageError, match=r"ray is not installed. Install it: pip install 'nstbench\[ray\]'"):
        nstbench.sweep(experiment(), tmp_path / "out", parallel=RAY)


def test_a_cluster_that_others_use_is_waited_for_no_longer_than_asked(cluster, tmp_path):
    import ray

    ray.init(address=cluster.address, log_to_driver=False, logging_level="ERROR")
    sleeper = ray.remote(type("Sleeper", (), {"here": lambda self: True}))
    others = [sleeper.options(num_cpus=1).remote() for _ in cluster.list_all_nodes()]
    try:
        assert all(ray.get([each.here.remote() for each in others]))
        watch = Log()
        runs = nstbench.sweep(experiment(), tmp_path, parallel=RAY, limits=Limits(time_s=2), watch=watch).runs
        assert list(runs["status"]) == ["interrupted"]
    finally:
        ray.shutdown()
