"""One run of a side, in real processes."""

import json
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import psutil
import pytest
import yaml

from nstbench.experiment import experiment_from_mapping
from nstbench.gate.side import Side, SideBroken
from nstbench.record import open_results

from .slowable import CRASH, EXPERIMENT, MODULE, environment


@pytest.fixture
def side(tmp_path, monkeypatch):
    """Return a side whose plugin has this code."""
    with ExitStack() as stack:

        def make(code):
            (tmp_path / "source").mkdir()
            (tmp_path / "source/slowable.py").write_text(code)
            monkeypatch.setenv("SLOWABLE_LOG", str(tmp_path / "prepared.txt"))
            python = environment(tmp_path / "environment", tmp_path / "source")
            return stack.enter_context(Side("base", python, "it"))

        yield make


@pytest.fixture
def sweep(side, tmp_path):
    """Sweep with an environment whose plugin has this code; returns the results and the log's lines."""

    def run(code, text=EXPERIMENT):
        side(code).sweep(mapping(tmp_path, text), tmp_path, tmp_path / "out")
        return open_results(tmp_path / "out"), prepared(tmp_path)

    return run


def mapping(folder, text=EXPERIMENT):
    return experiment_from_mapping(yaml.safe_load(text), folder).without_gate(["slowable"])


def prepared(folder):
    return (folder / "prepared.txt").read_text().split("\n")[:-1]


def test_a_side_runs_its_own_code_whatever_the_variables_say(sweep, tmp_path, monkeypatch):
    """PYTHONPATH and the working directory hold other code of that name."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    for folder in (elsewhere, tmp_path):
        (folder / "slowable.py").write_text(CRASH)
    monkeypatch.setenv("PYTHONPATH", str(elsewhere))
    monkeypatch.setenv("VIRTUAL_ENV", str(elsewhere))
    results, (line,) = sweep(MODULE)
    assert line == f"0.01 {tmp_path / 'source/slowable.py'}"
    assert list(results.runs["status"]) == ["ok"]
    assert results.runs["step_median_s"][0] == pytest.approx(0.01, rel=1)


def test_its_python_stays_between_sweeps_and_what_measures_is_fresh(side, tmp_path):
    above = "psutil.Process(os.getppid()).ppid()"  # beyond the worker's supervisor
    one = side("import psutil\n" + MODULE.replace("STEP_S, __file__", f"os.getpid(), {above}"))
    for run in "ab":
        one.sweep(mapping(tmp_path), tmp_path, tmp_path / run)
        assert list(open_results(tmp_path / run).runs["status"]) == ["ok"]
    (worker, parent), (other_worker, other_parent) = (line.split() for line in prepared(tmp_path))
    assert parent == other_parent
    assert len({worker, other_worker, parent}) == 3
    assert psutil.pid_exists(int(parent))
    one.close()
    assert not any(psutil.pid_exists(int(pid)) for pid in (worker, other_worker, parent))


def test_what_measures_stays_on_the_cores_it_is_given(side, tmp_path):
    one, mine = side(MODULE.replace("STEP_S, __file__", "os.sched_getaffinity(0)")), os.sched_getaffinity(0)
    for core in sorted(mine)[:2]:
        one.sweep(mapping(tmp_path), tmp_path, tmp_path / str(core), [core])
        assert prepared(tmp_path)[-1] == f"{{{core}}}"
        assert list(open_results(tmp_path / str(core)).runs["threads"]) == [1]
    assert os.sched_getaffinity(0) == mine


def test_a_sweep_can_be_ended_from_another_thread(side, tmp_path):
    one = side(MODULE.replace("STEP_S = 0.01", "STEP_S = 60"))
    with ThreadPoolExecutor() as pool:
        sweeping = pool.submit(one.sweep, mapping(tmp_path), tmp_path, tmp_path / "a")
        while not (tmp_path / "prepared.txt").exists():
            time.sleep(0.05)
        one.stop()
        assert isinstance(sweeping.exception(timeout=60), SideBroken)


def test_after_a_sweep_that_broke_it_starts_anew(side, tmp_path):
    one = side(MODULE)
    with pytest.raises(SideBroken, match="'backends' is missing"):
        one.sweep({}, tmp_path, tmp_path / "a")
    one.sweep(mapping(tmp_path), tmp_path, tmp_path / "b")
    assert len(prepared(tmp_path)) == 1


def test_pictures_are_looked_for_where_the_experiment_lies(sweep, tmp_path, monkeypatch):
    from PIL import Image

    Image.new("RGB", (40, 40), "red").save(tmp_path / "red.png")
    monkeypatch.chdir(os.sep)
    results, _ = sweep(MODULE, EXPERIMENT.replace("sample:cat", "red.png"))
    assert list(results.runs["status"]) == ["ok"]


def test_code_that_does_not_import_breaks_the_side_and_the_log_is_named(sweep, tmp_path):
    with pytest.raises(
        SideBroken, match=r"^it: .*slowable 1.0 cannot be loaded: RuntimeError: broken"
    ) as caught:
        sweep(CRASH)
    assert str(caught.value).endswith(f"(see {tmp_path / 'out-log.txt'})")
    assert "Traceback" in (tmp_path / "out-log.txt").read_text()


def test_a_reason_of_several_lines_is_said_in_one(side, tmp_path):
    mistaken = {**mapping(tmp_path), "seed": "x", "backends": []}
    with pytest.raises(SideBroken, match=r"it: ExperimentError: .*seed.*backends"):
        side(MODULE).sweep(mistaken, tmp_path, tmp_path / "out")


def test_an_environment_without_nstbench_is_said_in_one_line(tmp_path):
    import venv

    venv.create(tmp_path / "bare", symlinks=True)
    side = Side("candidate", tmp_path / "bare/bin" / Path(sys.executable).name, "bare")
    with pytest.raises(SideBroken, match="bare: ModuleNotFoundError: No module named 'nstbench'"):
        side.sweep(json.loads("{}"), tmp_path, tmp_path / "out")
