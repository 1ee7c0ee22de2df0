"""Whole sweeps with the shipped fake, in real worker processes."""

import json
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import psutil
import pytest
from PIL import Image

import nstbench
from nstbench.api import ExperimentError
from nstbench.assets import load_image
from nstbench.experiment import experiment_from_mapping
from nstbench.run.sweep import Redo, Watcher, prepare_sweep
from nstbench.testing.fakes import RATE, FakeSession

from ..torture import assert_nothing_is_left


def experiment(**changes):
    plain = {
        "name": "tiny",
        "inputs": {"content": "sample:cat", "style": "sample:coffee"},
        "fixed": {"size": 32, "iterations": 6, "beta": 10, "tv_weight": 0},
        "measure": {"referee": "none"} | changes.pop("measure", {}),
        "backends": ["fake"],
    }
    made = plain | changes
    swept = made.get("sweep", {})
    return made | {"fixed": {name: value for name, value in made["fixed"].items() if name not in swept}}


def pixels(path):
    with Image.open(path) as image:
        return np.asarray(image, np.float32) / 255


def fake(**options):
    return {"name": "fake", "options": options}


def test_a_sweep_leaves_tables_and_pictures(tmp_path):
    results = nstbench.sweep(experiment(sweep={"beta": [1, 10]}), tmp_path / "out")
    assert list(results.runs["status"]) == ["ok", "ok"]
    assert list(results.runs["beta"]) == [1, 10]
    assert len(results.losses) == 12
    assert set(results.timings["phase"]) == {"import", "load", "prepare", "compile", "round"}
    for path in results.images["path"]:
        assert pixels(tmp_path / "out" / path).shape == (21, 32, 3)
    assert {p.name for p in (tmp_path / "out" / "tables").glob("*.parquet")} == {
        f"{name}.parquet" for name in ("runs", "losses", "timings", "images")
    }
    environment = tmp_path / "out" / "environment" / f"{results.runs['environment_id'][0]}.json"
    assert json.loads(environment.read_text())["packages"]["nstbench"]


def test_losses_and_picture_are_those_of_the_backend(tmp_path):
    results = nstbench.sweep(experiment(), tmp_path)
    style = results.losses["style"].to_numpy()
    np.testing.assert_allclose(style[1:] / style[:-1], (1 - RATE) ** 2, rtol=1e-4)
    run = results.runs.iloc[0]
    assert run["final_style"] == pytest.approx(style[-1])
    content, style = (load_image(ref, 32, tmp_path).pixels for ref in (run["content"], run["style"]))
    mean = style.mean(axis=(0, 1))
    expected = mean + (content - mean) * (1 - RATE) ** 6
    np.testing.assert_allclose(pixels(tmp_path / run["image"]), expected, atol=0.5 / 255 + 1e-6)


def test_a_second_sweep_runs_only_what_is_missing(tmp_path):
    first = nstbench.sweep(experiment(sweep={"beta": [1, 10]}), tmp_path).runs
    second = nstbench.sweep(experiment(sweep={"beta": [1, 10, 100]}), tmp_path)
    assert list(second.runs["beta"]) == [1, 10, 100]
    assert list(second.runs["wall_s"][:2]) == list(first["wall_s"])
    third = nstbench.sweep(experiment(sweep={"beta": [1, 10, 100]}), tmp_path, redo=Redo(everything=True))
    assert not set(third.runs["wall_s"]) & set(second.runs["wall_s"])


def test_older_results_stay_when_the_experiment_shrinks(tmp_path):
    nstbench.sweep(experiment(sweep={"beta": [1, 10]}), tmp_path)
    results = nstbench.sweep(experiment(sweep={"beta": [10]}), tmp_path)
    assert sorted(results.runs["beta"]) == [1, 10]


def test_trials_that_differ_only_in_iterations_are_one_trajectory(tmp_path):
    results = nstbench.sweep(experiment(sweep={"iterations": [2, 4, 8]}), tmp_path)
    runs = results.runs
    assert runs["shared_trajectory"].all()
    assert list(runs["evaluations"]) == [2, 4, 8]
    assert runs["optimise_s"].is_monotonic_increasing
    assert list(runs["compile_count"]) == [1, 0, 0]
    longest = results.losses[results.losses["trial_id"] == runs["trial_id"][2]]["total"].to_numpy()
    shortest = results.losses[results.losses["trial_id"] == runs["trial_id"][0]]["total"].to_numpy()
    np.testing.assert_array_equal(longest[:2], shortest)
    alone = nstbench.sweep(
        experiment(sweep={"iterations": [2, 4, 8]}, measure={"share_trajectories": False}), tmp_path / "alone"
    )
    assert not alone.runs["shared_trajectory"].any()
    np.testing.assert_allclose(alone.runs["final_total"], runs["final_total"])


def test_the_clock_tells_how_long_an_iteration_takes(tmp_path):
    results = nstbench.sweep(experiment(backends=[fake(step_s=0.02)]), tmp_path)
    assert results.runs["step_median_s"][0] >= 0.02
    rounds = results.timings[results.timings["phase"] == "round"]
    assert results.runs["optimise_s"][0] == pytest.approx(rounds["seconds"].sum())
    assert list(rounds["warmup"]) == [True] + [False] * (len(rounds) - 1)
    assert rounds["iterations"].sum() == 6


@pytest.mark.parametrize(
    ("fault", "status", "kind"),
    [
        ("raise", "failed", "RuntimeError"),
        ("memory", "oom", "MemoryError"),
        ("nan", "diverged", "DivergedError"),
        ("exit", "failed", "WorkerExited"),
        ("kill", "failed", "WorkerKilled"),
        ("hang", "timeout", "Timeout"),
    ],
)
def test_a_broken_trial_becomes_a_row_and_the_sweep_goes_on(tmp_path, fault, status, kind):
    backends = [fake(fault=fault, at=3), fake()]
    patience = {"timeout_s": 2 if fault == "hang" else 60}
    results = nstbench.sweep(experiment(backends=backends, measure=patience), tmp_path)
    assert list(results.runs["status"]) == [status, "ok"]
    assert results.runs["error_type"][0] == kind
    assert results.runs["error_message"][0]


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (AssertionError(), r"AssertionError \(test_sweep\.py:\d+: raise error\)"),
        (KeyError("conv9_1"), "KeyError: 'conv9_1'"),
        (ValueError("one\ntwo"), "ValueError: one two"),
    ],
)
def test_whatever_breaks_a_trial_its_row_says_what_in_one_line(tmp_path, monkeypatch, error, said):
    def run(self, n):
        raise error

    monkeypatch.setattr(FakeSession, "run", run)
    results = nstbench.sweep(experiment(measure={"isolation": "none"}), tmp_path)
    (message,) = results.runs["error_message"]
    assert re.fullmatch(rf"{said}( at \w+\.py:\d+)?", message)


def test_checkpoints_before_a_failure_are_kept(tmp_path):
    broken = experiment(sweep={"iterations": [2, 4, 8]}, backends=[fake(fault="kill", at=7)])
    results = nstbench.sweep(broken, tmp_path)
    assert list(results.runs["status"]) == ["ok", "ok", "failed"]
    assert results.runs["image"].notna().tolist() == [True, True, False]


def test_failed_trials_are_run_again_only_when_asked(tmp_path):
    failing = experiment(backends=[fake(fault="raise")])
    first = nstbench.sweep(failing, tmp_path).runs["wall_s"][0]
    assert nstbench.sweep(failing, tmp_path).runs["wall_s"][0] == first
    assert nstbench.sweep(failing, tmp_path, redo=Redo(failed=True)).runs["wall_s"][0] != first


def test_redoing_a_trial_that_then_breaks_shows_no_losses_of_before(tmp_path):
    steady = experiment(backends=[fake()], measure={"timeout_s": 60})
    assert len(nstbench.sweep(steady, tmp_path).losses) == 6
    hopeless = experiment(backends=[fake()], measure={"timeout_s": 0.01})
    results = nstbench.sweep(hopeless, tmp_path, redo=Redo(everything=True))
    assert list(results.runs["status"]) == ["timeout"]
    assert len(results.losses) == 0


def test_a_worker_that_is_killed_between_two_trials_is_replaced(tmp_path):
    class Killer(Watcher):
        def recorded(self, record):
            for child in psutil.Process().children():
                if "nstbench.run.worker" in child.cmdline():
                    child.kill()

    results = nstbench.sweep(experiment(sweep={"beta": [1, 2, 3]}), tmp_path, watch=Killer())
    assert set(results.runs["status"]) <= {"ok", "failed"}
    assert len(results.runs) == 3
    again = nstbench.sweep(experiment(sweep={"beta": [1, 2, 3]}), tmp_path, redo=Redo(failed=True))
    assert set(again.runs["status"]) == {"ok"}


def test_a_refusal_is_a_row_and_nothing_is_run(tmp_path):
    results = nstbench.sweep(
        experiment(fixed={"size": 32}, sweep={"device": ["gpu", "cpu"], "taps": ["relu", "conv"]}), tmp_path
    )
    assert list(results.runs["status"]) == ["refused", "refused", "ok", "refused"]
    assert "'gpu'" in results.runs["error_message"][0]
    assert results.runs["error_message"][3] == "taps before ReLU are beyond it"


def test_each_isolation_gives_the_same_numbers(tmp_path):
    finals = []
    for isolation in ("backend", "trial", "none"):
        measure = {"isolation": isolation}
        results = nstbench.sweep(experiment(sweep={"beta": [1, 10]}, measure=measure), tmp_path / isolation)
        assert set(results.runs["isolation"]) == {isolation}
        imports = results.timings[results.timings["phase"] == "import"]
        assert len(imports) == (2 if isolation == "trial" else 1)
        finals.append(list(results.runs["final_total"]))
    assert finals[0] == finals[1] == finals[2]


def test_a_worker_keeps_to_the_cores_it_is_given(tmp_path):
    results = nstbench.sweep(experiment(measure={"threads": 1}), tmp_path)
    assert list(results.runs["threads"]) == [1]


def test_mistakes_show_before_anything_is_written(tmp_path):
    with pytest.raises(ExperimentError):
        nstbench.sweep(experiment(fixed={"size": "big"}), tmp_path / "out")
    with pytest.raises(ExperimentError, match="no-such"):
        nstbench.sweep(experiment(inputs={"content": "no-such.png", "style": "sample:cat"}), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_an_image_that_changes_after_planning_fails_the_trial(tmp_path):
    picture = tmp_path / "content.png"
    Image.new("RGB", (40, 40), "red").save(picture)
    inputs = {"content": str(picture), "style": "sample:cat"}
    sweep = prepare_sweep(experiment_from_mapping(experiment(inputs=inputs), tmp_path), tmp_path / "out")
    Image.new("RGB", (40, 40), "blue").save(picture)
    sweep.run()
    run = nstbench.open_results(tmp_path / "out").runs.iloc[0]
    assert run["status"] == "failed"
    assert "changed since" in run["error_message"]


def test_a_third_party_plugin_sweeps_like_any_backend(tmp_path):
    results = nstbench.sweep(
        experiment(backends=["colour-transfer", "fake"], sweep={"beta": [1, 10]}), tmp_path
    )
    runs = results.runs[results.runs["backend"] == "colour-transfer"]
    assert list(runs["status"]) == ["ok"], "two trials that differ in what it does not consume are one"
    assert runs["iterations"].isna().all()
    assert runs["backend_version"].iloc[0] == "1.0"
    picture = pixels(tmp_path / runs["image"].iloc[0])
    style = load_image("sample:coffee", 32, tmp_path).pixels
    np.testing.assert_allclose(picture.mean(axis=(0, 1)), style.mean(axis=(0, 1)), atol=0.05)


@pytest.mark.thorough
def test_two_sweeps_share_a_folder_without_doing_a_trial_twice(tmp_path, write):
    text = Path(write()).read_text().replace("[fake]", "[{name: fake, options: {step_s: 0.05}}]")
    path = write(text + "sweep: {beta: [1, 2, 3, 4]}\n")
    command = [Path(sys.executable).with_name("nstbench"), "sweep", path, "-o", tmp_path / "out"]
    both = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    said = [process.communicate()[1] for process in both]
    ran = [int(text.rsplit(" run now", 1)[0].rsplit(" ", 1)[1]) for text in said]
    assert sum(ran) == 4
    assert list(nstbench.open_results(tmp_path / "out").runs["status"]) == ["ok"] * 4


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_a_sweep_that_is_ended_loses_nothing_and_goes_on(tmp_path, write, ending):
    text = Path(write()).read_text().replace("[fake]", "[{name: fake, options: {step_s: 0.2}}]")
    path = write(text.replace("iterations: 6, ", "") + "sweep: {iterations: [2, 40]}\n")
    command = [Path(sys.executable).with_name("nstbench"), "sweep", str(path), "-o", str(tmp_path / "out")]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    while not list((tmp_path / "out").glob("trials/*/result.json")):
        time.sleep(0.05)
        assert process.poll() is None
    process.send_signal(ending)
    _, said = process.communicate(timeout=20)
    statuses = nstbench.open_results(tmp_path / "out").runs["status"]
    assert sorted(statuses) == ["interrupted", "ok"]
    if ending != signal.SIGKILL:
        assert process.returncode == 130
        assert f"Go on with: nstbench sweep {path}" in said
    assert_nothing_is_left()


def test_an_unknown_backend_is_said_before_anything_runs(tmp_path):
    with pytest.raises(ExperimentError, match="no-such-backend"):
        nstbench.sweep(experiment(backends=["no-such-backend"]), tmp_path / "out")
