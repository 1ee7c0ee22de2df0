"""`nstbench check` as users type it: each exit code has its cause, with real processes and repositories."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from xml.etree import ElementTree

import psutil
import pytest

from nstbench.gate.side import Side
from nstbench.run.api import sweep

from ..gate.slowable import CRASH, EXPERIMENT, MODULE, SLOW, environment

FAST, SLOWER = 0.005, 0.06
NOISE_FREE = EXPERIMENT.replace("[slowable]", "[fake]")


@pytest.fixture
def check(nstbench, tmp_path, monkeypatch):
    """Run the verb over `tiny.yaml`; the log of the plugin is `prepared.txt`."""
    monkeypatch.setenv("SLOWABLE_LOG", str(tmp_path / "prepared.txt"))
    (tmp_path / "tiny.yaml").write_text(EXPERIMENT)

    def run(*arguments, code=0, **options):
        done = nstbench("check", *arguments, check=False, **options)
        assert done.returncode == code, done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        return done

    return run


@pytest.fixture
def python(tmp_path):
    """Make an environment whose plugin has this code; returns its Python."""

    def make(name, code=MODULE):
        (tmp_path / name).mkdir()
        (tmp_path / name / "slowable.py").write_text(code)
        return environment(tmp_path / f"{name}-environment", tmp_path / name)

    return make


def log(tmp_path):
    """Return (seconds of a step, file of the code) of each session in turn."""
    return [tuple(line.split()) for line in (tmp_path / "prepared.txt").read_text().splitlines()]


def in_pairs(steps):
    """Return what ran as pairs, in which either may be first."""
    return [tuple(sorted(pair)) for pair in zip(steps[::2], steps[1::2], strict=True)]


def test_a_slower_working_tree_is_a_regression_and_every_report_says_so(check, repo, tmp_path):
    """Uncommitted; with a PYTHONPATH that would make both sides slow."""
    repo.change("STEP_S = 0.01", SLOW)
    state = repo.git("status", "--porcelain")
    arguments = ["--base", "fast", "--project", repo.project, "-o", "out", "--junit", "a/junit.xml", "--json"]
    environment = os.environ | {"PYTHONPATH": str(repo.project)}
    done = check("tiny.yaml", *arguments, code=4, env=environment)
    steps, places = zip(*log(tmp_path), strict=True)
    assert in_pairs(steps) == [("0.01", "0.06")] * (1 + 2 + 2)
    assert len(set(places)) == 2
    assert not any(place.startswith(str(repo.folder)) for place in places)
    assert repo.git("status", "--porcelain") == state
    assert len(repo.git("worktree", "list").splitlines()) == 1

    told = json.loads(done.stdout)
    (finding,) = told["verdicts"][0]["findings"]
    assert told["outcome"] == finding["outcome"] == "regression"
    assert finding["estimate"]["low"] > 1.5
    assert finding["estimate"]["pairs"] == 2
    (suite,) = ElementTree.parse(tmp_path / "a/junit.xml").getroot()
    assert (suite.get("failures"), suite.get("tests")) == ("1", "1")
    assert suite.find("testcase/failure").get("message").startswith("step_min_s +")
    assert "confirming: 4 runs" in done.stderr
    folders = [
        "rehearsal",
        *(f"screening-{n:02d}" for n in (1, 2)),
        *(f"confirming-{n:02d}" for n in (1, 2)),
    ]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted(folders)


def test_equal_versions_pass_and_results_in_the_project_are_no_change_of_it(check, repo, tmp_path):
    """Run in the project's folder: what the check leaves there must not count as a change for the next."""
    command = [Path(sys.executable).with_name("nstbench"), "check", tmp_path / "tiny.yaml", "--base", "fast"]
    done = subprocess.run(
        [*command, "--markdown"], cwd=repo.project, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("**Pass: 1 pass**")
    steps, places = zip(*log(tmp_path), strict=True)
    assert in_pairs(steps) == [("0.01", "0.01")] * (1 + 2)
    assert len(set(places)) == 1  # equal content, so one environment
    assert "confirming" not in done.stderr
    assert list(repo.project.glob("results/check/tiny/*/screening-02/1-slowable/candidate/plan.json"))
    assert repo.git("status", "--porcelain") == ""


@pytest.mark.thorough
def test_a_version_that_does_not_install_is_its_side_s_fault(check, repo):
    project = ["--project", repo.project]
    failed = check("tiny.yaml", "--base", "fast", "--candidate", "uninstallable", *project, code=3)
    assert "the candidate does not run: uninstallable (" in failed.stdout
    assert "no build today (see " in failed.stdout
    broken = check("tiny.yaml", "--base", "uninstallable", *project, code=5)
    assert "the base does not run: uninstallable (" in broken.stdout


@pytest.mark.thorough
def test_a_trial_that_crashes_is_its_side_s_fault(check, python):
    fine, crashes = python("fine"), python("crashes", MODULE.replace("time.sleep", CRASH + " #"))
    sides = ["--base-python", fine, "--candidate-python", crashes]
    assert (
        "the candidate's trial failed: RuntimeError: broken on purpose"
        in check("tiny.yaml", *sides, code=3).stdout
    )
    sides = ["--base-python", crashes, "--candidate-python", fine]
    assert (
        "no base: its trial failed: RuntimeError: broken on purpose"
        in check("tiny.yaml", *sides, code=5).stdout
    )


@pytest.mark.thorough
def test_a_trial_that_only_one_version_refuses_is_its_side_s_fault(check, python):
    refuses = "    def refuse(self, settings):\n        return 'not today'\n\n    def prepare"
    fine, never = python("fine"), python("never", MODULE.replace("    def prepare", refuses))
    sides = ["--base-python", fine, "--candidate-python", never]
    assert "the candidate's trial refused: not today" in check("tiny.yaml", *sides, code=3).stdout
    sides = ["--base-python", never, "--candidate-python", fine]
    assert "no base: its trial refused: not today" in check("tiny.yaml", *sides, code=5).stdout
    check("tiny.yaml", "--base-python", never, "--candidate-python", never, code=5)


@pytest.mark.thorough
def test_one_round_is_no_measurement(check, python):
    sides = ["--base-python", python("base"), "--candidate-python", python("candidate")]
    short = ["--set", "iterations=2"]
    assert "no trial has a steady round" in check("tiny.yaml", *sides, *short, code=5).stdout


@pytest.mark.thorough
def test_pairs_that_disagree_are_inconclusive(check, tmp_path, monkeypatch):
    """In this process: the candidate is fast in the rehearsal, slow in the screening, then slow and fast."""
    from nstbench.cli import main

    (tmp_path / "tiny.yaml").write_text(NOISE_FREE)
    steps = {"base": iter([FAST] * 5), "candidate": iter([FAST, SLOWER, SLOWER, SLOWER, FAST])}

    def here(side, experiment, base, folder, cores=None):
        step = next(steps[side.name])
        fake = {"name": "fake", "options": {"step_s": step}}
        measure = experiment["measure"] | {"isolation": "none"}
        sweep({**experiment, "measure": measure, "backends": [fake]}, folder)

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Side, "sweep", here)
    monkeypatch.setattr(sys, "argv", ["nstbench", "check", "tiny.yaml", "--base-python", sys.executable])
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == 5
    assert not any(list(left) for left in steps.values())


@pytest.fixture
def baseline(check, tmp_path, tmp_path_factory):
    """Have a baseline of the fake, written for the first test that wants one; returns how to edit it."""
    (tmp_path / "tiny.yaml").write_text(NOISE_FREE)
    path, kept = tmp_path / "results/baselines/tiny.json", tmp_path_factory.getbasetemp() / "baseline.json"
    if kept.exists():
        path.parent.mkdir(parents=True)
        shutil.copy(kept, path)
    else:
        assert "no baseline at results/baselines/tiny.json" in check("tiny.yaml", code=5).stdout
        check("tiny.yaml", "--inconclusive", "pass")
        told = check("tiny.yaml", "--update-baseline", "--reason", "the first").stdout
        assert told == "baseline written to results/baselines/tiny.json\n"
        shutil.copy(path, kept)

    def edit(change):
        data = json.loads(path.read_text())
        change(data)
        path.write_text(json.dumps(data))

    return edit


@pytest.mark.thorough
def test_what_is_free_of_noise_is_held_against_the_baseline(check, baseline):
    assert check("tiny.yaml").stdout.splitlines()[-1].startswith("Pass: ")
    baseline(lambda data: data["trials"]["fake"]["losses"].update({"8": 1.0}))
    done = check("tiny.yaml", "--inconclusive", "pass", code=4)
    assert "fake, losses: at iteration 8" in done.stdout
    assert done.stdout.splitlines()[-1].startswith("Regression: 1 regression, ")


@pytest.mark.thorough
def test_refusals_alone_are_no_baseline_and_no_pass(check, baseline, tmp_path):
    problem = json.loads((tmp_path / "results/baselines/tiny.json").read_text())["trials"]["fake"]["problem"]
    bf16 = ["--set", "precision=bf16"]
    assert "solves another problem" in check("tiny.yaml", *bf16, code=5).stdout
    update = ["--update-baseline", "--reason", "none", *bf16]
    assert "every trial was refused" in check("tiny.yaml", *update, code=2).stderr
    assert problem in (tmp_path / "results/baselines/tiny.json").read_text()


def test_one_more_compilation_is_a_regression(check, baseline):
    baseline(lambda data: data["trials"]["fake"].update(compile_count=0))
    assert "compile_count" in check("tiny.yaml", code=4).stdout


def test_of_another_machine_s_baseline_memory_alone_is_left_unsaid(check, baseline):
    baseline(lambda data: data["machine"].update(cpu="an abacus"))
    told = json.loads(check("tiny.yaml", "--json", code=5).stdout)
    outcomes = {each["metric"]: each["outcome"] for each in told["verdicts"][0]["findings"]}
    assert outcomes.pop("peak_rss_bytes") == "inconclusive"
    assert set(outcomes.values()) == {"pass"}
    assert {"losses", "compile_count", "counted_gflop", "status"} <= outcomes.keys()


@pytest.mark.thorough
@pytest.mark.parametrize("runs", [2, 4])
def test_ctrl_c_ends_in_130_and_says_where_what_was_measured_is(python, check, tmp_path, runs):
    """While the candidate rehearses, and while both are measured."""
    slow = python("slow", MODULE.replace("STEP_S = 0.01", "STEP_S = 0.2"))
    sides = ["--base-python", python("base"), "--candidate-python", slow, "-o", "out"]
    command = [Path(sys.executable).with_name("nstbench"), "check", "tiny.yaml", *sides]
    process = subprocess.Popen(
        command,
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    while not (tmp_path / "prepared.txt").exists() or len(log(tmp_path)) < runs:
        time.sleep(0.05)
        assert process.poll() is None
    os.killpg(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=20)
    assert process.returncode == 130
    assert said.splitlines()[-1] == "interrupted; what was measured is in out"
    assert list(tmp_path.glob("out/rehearsal/base/trials/*/result.json"))
    _nothing_runs_with(str(tmp_path))


def test_an_end_amid_an_installation_leaves_the_repository_clean(check, repo, tmp_path):
    zipped = repo.project / "zipped.py"
    zipped.write_text(
        f"import time, pathlib\npathlib.Path({str(tmp_path / 'builds')!r}).touch()\ntime.sleep(60)\n"
    )
    state = repo.git("status", "--porcelain")
    command = [Path(sys.executable).with_name("nstbench"), "check", "tiny.yaml", "--base", "fast"]
    process = subprocess.Popen(
        [*command, "--project", repo.project], cwd=tmp_path, stderr=subprocess.PIPE, text=True
    )
    while not (tmp_path / "builds").exists():
        time.sleep(0.05)
        assert process.poll() is None
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=20)
    assert process.returncode == 130
    assert repo.git("status", "--porcelain") == state
    assert len(repo.git("worktree", "list").splitlines()) == 1
    _nothing_runs_with(str(tmp_path))


def _nothing_runs_with(word):
    """Wait until no process has this in its command line or log: neither a side nor its worker."""

    def has_it(process):
        with suppress(psutil.Error):
            return word in " ".join(process.cmdline()) or word in process.environ().get("SLOWABLE_LOG", "")
        return False

    for _ in range(100):
        left = [each for each in psutil.process_iter() if each.pid != os.getpid() and has_it(each)]
        if not left:
            return
        time.sleep(0.05)
    raise AssertionError(f"left behind: {left}")


def test_a_gate_has_no_executor_but_this_machine(check):
    said = check("tiny.yaml", "--base", "HEAD", "--executor", "ray", code=2).stderr
    assert said.startswith(
        "nstbench: check: --executor ray: a gate times two versions in turns, alone on one"
    )
    assert len(said.splitlines()) == 1
