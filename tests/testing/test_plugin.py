"""The pytest plugin, met as plugin authors meet it: installed, in a project that is not this one."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from nstbench.api import UnknownName, UsageError
from nstbench.testing.timing import Timing, time_steps

EXAMPLE = Path(__file__).parents[1] / "plugins/nstbench-colour-transfer"


@pytest.fixture
def foreign(tmp_path):
    """Run pytest on copies of test files; returns what it said, and its JSON if it wrote one."""

    def run(*files, arguments=(), **environment):
        for file in files:
            shutil.copy(file, tmp_path / f"test_{file.stem.removeprefix('test_')}.py")
        command = [sys.executable, "-P", "-m", "pytest", "-rA", "-W", "error", *arguments]
        done = subprocess.run(
            command,
            cwd=tmp_path,
            env=os.environ | environment,
            capture_output=True,
            text=True,
            check=False,
        )
        written = tmp_path / "out.json"
        return done.stdout + done.stderr, json.loads(written.read_text()) if written.exists() else None

    return run


def test_steps_are_timed_in_a_foreign_project(foreign):
    said, out = foreign(Path(__file__).with_name("foreign.py"), arguments=["--benchmark-json=out.json"])
    assert "3 passed" in said, said
    first, second = out["benchmarks"]
    assert first["stats"]["data"] == [0.5] * 4
    assert first["group"] == "32 px"
    assert first["extra_info"] == {
        "backend": "fake",
        "backend_version": "1.0",
        "device": "cpu",
        "device_name": "fake",
        "height": 32,
        "width": 32,
        "iterations": 2,
        "precision": "default",
        "options": {"step_s": 0.0, "fault": "none", "gpu": False, "at": 5},
        "weights": None,
        "compile_s": 7.0,
    }
    assert (second["group"], second["extra_info"]["weights"]) == ("mine", "random:3")
    assert second["extra_info"]["precision"] == "highest"


def test_the_example_plugin_is_timed_by_its_own_test(foreign):
    said, out = foreign(
        *EXAMPLE.glob("test_*.py"), arguments=["--benchmark-only", "--benchmark-json=out.json"]
    )
    assert "2 passed" in said, said
    assert [each["group"] for each in out["benchmarks"]] == ["128 px", "256 px"]
    for each in out["benchmarks"]:
        assert each["extra_info"]["backend"] == "colour-transfer"
        assert each["extra_info"]["device_name"] == out["machine_info"]["cpu"]["brand_raw"]


def test_without_pytest_benchmark_only_the_fixture_fails_and_says_what_to_install(foreign):
    alone = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "COLUMNS": "200"}
    said, _ = foreign(*EXAMPLE.glob("test_*.py"), arguments=["-p", "nstbench"], **alone)
    told = [line for line in said.splitlines() if line.startswith("ERROR")]
    assert len(told) == 2, said
    for line in told:
        assert line.endswith("step_benchmark needs pytest-benchmark: pip install pytest-benchmark")
    assert "passed, 2 errors" in said
    assert "failed" not in said


def test_loading_the_plugin_imports_nothing_else():
    code = (
        "import sys, pytest\nbefore = {*sys.modules}\nimport nstbench.testing.plugin\n"
        "print(*sorted({*sys.modules} - before))"
    )
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["nstbench", "nstbench.testing", "nstbench.testing.plugin"]


@pytest.mark.parametrize(
    ("backend", "how", "error", "said"),
    [
        ("fakee", {}, UnknownName, "Did you mean 'fake'"),
        ("fake", {"options": {"steps": 1}}, UnknownName, "unknown option of fake 'steps'; known: at, fault"),
        ("fake", {"precision": "bf16"}, UsageError, "'bf16' is beyond it; it takes highest, default"),
        ("fake", {"iterations": 0}, UsageError, "a round of 0 iterations; take 1 or more"),
    ],
)
def test_what_cannot_be_timed_is_refused_before_the_clock_runs(backend, how, error, said):
    with pytest.raises(error, match=said):
        time_steps(None, Timing(backend, 16, **how))
