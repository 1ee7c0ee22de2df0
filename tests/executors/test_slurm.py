"""Sweeps as job arrays: submitit's local jobs, and a Slurm of which there is no more than its commands."""

import os
import pickle
import signal
import subprocess
import time
from pathlib import Path

import psutil
import pytest
import yaml
from submitit import SlurmJob

import nstbench
from nstbench import Limits, Parallel, Redo
from nstbench.api import UsageError
from nstbench.executors import slurm_element
from nstbench.executors.slurm_element import Element
from nstbench.run import launch

from ..command import NSTBENCH
from ..run.test_sweep import experiment, fake
from .test_ray import SAME, Log, command_of, gone

pytestmark = pytest.mark.thorough

LOCAL = "slurm:cluster=local"

SLURM = {
    "srun": "",
    "sbatch": 'cp "$1" script.sh; echo Submitted batch job 1',
    "scancel": 'echo "$@" >> cancelled',
    "sacct": 'echo "JobID|State|NodeList"; test -e cancelled && echo "1_[0-1]|CANCELLED|None"; true',
}


@pytest.fixture
def file(tmp_path):
    """An experiment of four trials that take more than half a second each."""
    made = experiment(backends=[fake(step_s=0.1)], sweep={"beta": [1, 2, 3, 4]})
    (tmp_path / "e.yaml").write_text(yaml.safe_dump(made))
    return tmp_path / "e.yaml"


@pytest.fixture
def slurm(tmp_path, monkeypatch):
    """The commands of Slurm, in the working directory; they run nothing."""
    SlurmJob.watcher.clear()
    for name, script in SLURM.items():
        path = tmp_path / "bin" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"), prepend=os.pathsep)
    monkeypatch.chdir(tmp_path)
    return tmp_path


class Once(Log):
    """Does something when the first trial is done."""

    def recorded(self, record):
        once, self.once = self.once, lambda log: None
        once(self)


def elements():
    """Return the processes that submitit has started for elements."""
    here = psutil.Process().children(recursive=True)
    return [each for each in here if "submitit.core._submit" in command_of(each)]


def test_the_results_are_those_of_this_machine_although_an_element_is_preempted(file, tmp_path):
    def preempt(log):
        begun = (each for each in elements() if f"element {each.ppid()} runs on" in "\n".join(log.said))
        log.preempted = next(begun)
        log.name = f"element {log.preempted.ppid()}"
        log.preempted.send_signal(signal.SIGUSR2)

    watch = Once(preempt)
    here = nstbench.sweep(file, tmp_path / "here", overrides=["fixed.size=33"])
    parallel = Parallel(executor=LOCAL, jobs=2)
    there = nstbench.sweep(
        file, tmp_path / "there", overrides=["fixed.size=33"], parallel=parallel, watch=watch
    )
    assert here.runs[SAME].equals(there.runs[SAME])
    mine, theirs = (each.losses.drop(columns="elapsed_s") for each in (here, there))
    assert mine.equals(theirs)
    assert gone([watch.preempted, *elements()])
    assert watch.said.count(f"slurm: {watch.name} runs on {os.uname().nodename}") == 2


def test_an_element_that_is_killed_is_named_and_so_is_what_it_leaves(file, tmp_path):
    watch = Once(lambda log: elements()[0].kill())
    outcome = nstbench.sweep(file, tmp_path / "out", parallel=Parallel(executor=LOCAL), watch=watch)
    assert {*outcome.runs["status"]} == {"ok", "interrupted"}
    (line,) = [line for line in watch.said if "is gone; its log: " in line]
    assert Path(line.rpartition(": ")[2]).is_file()


def test_ctrl_c_leaves_no_process_and_says_nothing_of_submitit(file, tmp_path):
    command = [NSTBENCH, "sweep", file, "-o", tmp_path / "out", "--executor", LOCAL]
    launcher = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    while not [*(tmp_path / "out").glob("trials/*/result.json")]:
        assert launcher.poll() is None, launcher.stderr.read()
        time.sleep(0.02)
    there = psutil.Process(launcher.pid).children(recursive=True)
    launcher.send_signal(signal.SIGINT)
    said = launcher.communicate(timeout=60)[1]
    assert launcher.returncode == 130
    assert "finished trials are kept" in said
    assert "Traceback" not in said
    assert len(there) > 4
    assert gone(there)


def test_slurm_gets_the_array_with_its_parameters_and_is_told_to_cancel_it(slurm, file):
    options = "partition=gpu,debug,timeout_min=90,gpus_per_node=1,mem_gb=2.5,exclusive=true"
    parallel = Parallel(("gpu",), 2, f"slurm:{options}")
    runs = nstbench.sweep(
        file, "out", overrides=["seed=1"], parallel=parallel, limits=Limits(time_s=0.1, retries=1)
    ).runs
    assert list(runs["status"]) == ["interrupted"] * 4
    script = (slurm / "script.sh").read_text().splitlines()
    asked = {line.removeprefix("#SBATCH --") for line in script if line.startswith("#SBATCH")}
    assert {"array=0-1%2", "partition=gpu,debug", "time=90", "gpus-per-node=1"} <= asked
    assert {"mem=2560MB", "exclusive", "job-name=nstbench"} <= asked
    assert (slurm / "cancelled").read_text().split() == ["1_0", "1_1"]
    (pickled,) = slurm.glob("out/launched/*/1_1_submitted.pkl")
    words = pickle.loads(pickled.read_bytes()).function.words
    assert words[words.index("sweep") + 1] == str(file)
    assert words[-10:] == (
        *("--out", str(slurm / "out"), "--set", "seed=1"),
        *("--retries", "1", "--max-trials", str(10**9), "--devices", "gpu"),
    )


def test_all_is_done_again_once_if_anything_runs_and_who_is_not_needed_is_cancelled(
    slurm, file, capfd, monkeypatch
):
    first = nstbench.sweep(file, "out").runs["wall_s"]
    parallel, redo = Parallel(executor="slurm", jobs=2), Redo(everything=True)
    (slurm / "bin" / "sbatch").write_text("#!/bin/sh\necho invalid partition >&2; exit 1\n")
    with pytest.raises(UsageError, match=r"slurm: nothing was submitted: .*invalid partition"):
        nstbench.sweep(file, "out", redo=redo, parallel=parallel)
    assert capfd.readouterr().err == ""
    assert list(nstbench.open_results("out").runs["wall_s"]) == list(first)
    sweep = f"{NSTBENCH} sweep {file} -o out >/dev/null 2>&1"
    (slurm / "bin" / "sbatch").write_text(f"#!/bin/sh\n{sweep}\n{SLURM['sbatch']}\n")
    monkeypatch.setattr(launch, "LAST_S", 0.1)
    watch = Log()
    runs = nstbench.sweep(file, "out", redo=redo, parallel=parallel, watch=watch).runs
    assert list(runs["status"]) == ["ok"] * 4
    assert not {*first} & {*runs["wall_s"]}
    assert len([*slurm.glob("out/damaged/trials/*/result.json")]) == 4
    assert (slurm / "cancelled").read_text().split() == ["1_0", "1_1"]
    assert not any("is gone" in line for line in watch.said)


def test_an_element_whose_experiment_has_changed_does_nothing(tmp_path, capfd):
    element = Element(("false",), tmp_path / "e.yaml", "0" * 64, tmp_path / "nodes")
    (tmp_path / "e.yaml").write_text("backends: [fake]")
    assert element() == 2
    assert "has changed since this was submitted" in capfd.readouterr().err
    assert element.checkpoint().function == element


@pytest.mark.parametrize("sign", ["TERM", "USR2"])
def test_an_element_whose_sweep_is_stopped_does_not_end_before_it_is_ended(tmp_path, monkeypatch, sign):
    waited = []
    monkeypatch.setattr(slurm_element, "sleep", waited.append)
    (tmp_path / "e.yaml").touch()
    digest = slurm_element.sha256_of(tmp_path / "e.yaml")
    for words in (("sh", "-c", f"kill -{sign} $$"), ("sh", "-c", f"kill -{sign} $PPID"), ("true",)):
        Element(words, tmp_path / "e.yaml", digest, tmp_path / "nodes")()
    assert len(waited) == 2


@pytest.mark.parametrize(
    ("executor", "said"),
    [
        (
            "slurm:partion=gpu",
            "executor slurm: unknown option 'partion'; known: cluster, .* mean 'partition'",
        ),
        ("ray:partition=gpu", "executor ray: unknown option 'partition'; it takes none"),
        ("slurm:partition", "--executor slurm:partition: options are key=value,key=value"),
        ("slurm:cluster=cloud", "found cluster=cloud; slurm, local, debug are allowed"),
        ("slurm:cluster=local,timeout_min=soon", "timeout_min=soon: a whole number is needed"),
        ("slurm", "there is no srun here"),
    ],
)
def test_what_cannot_be_is_said_before_anything_is_written(slurm, file, executor, said):
    (slurm / "bin" / "srun").unlink()
    with pytest.raises(UsageError, match=said):
        nstbench.sweep(file, "out", parallel=Parallel(executor=executor))
    assert not Path("out").exists()


def test_an_experiment_without_a_file_is_refused(tmp_path):
    with pytest.raises(UsageError, match="other machines sweep what is in a file"):
        nstbench.sweep(experiment(), tmp_path / "out", parallel=Parallel(executor=LOCAL))
    (tmp_path / "e.yaml").write_text(yaml.safe_dump(experiment()))
    (tmp_path / "links").mkdir()
    (tmp_path / "links" / "e.yaml").symlink_to(tmp_path / "e.yaml")
    with pytest.raises(UsageError, match="no link to one"):
        nstbench.sweep(tmp_path / "links" / "e.yaml", tmp_path / "out", parallel=Parallel(executor=LOCAL))
