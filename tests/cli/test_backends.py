"""`nstbench backends`: the list, the checks, and the start of a plugin."""

import json
import re
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from nstbench.api import BackendUnavailable, UnknownName, UsageError
from nstbench.cli.backends import backends_app
from nstbench.cli.console.exit_codes import code_of_error
from nstbench.testing import CHECKS, FakeBackend


@pytest.fixture
def backends():
    """Run the verb; an error that nstbench raises on purpose is handed back by the result."""
    return lambda *arguments: CliRunner().invoke(backends_app, [*map(str, arguments)])


def test_alone_it_lists(backends):
    rows = {row["name"]: row for row in json.loads(backends("--json").stdout)}
    assert rows["fake"]["iterative"] and not rows["colour-transfer"]["iterative"]
    assert all(name in backends().stdout for name in rows)


def test_listing_loads_no_check_and_no_pandas():
    code = (
        "import sys; from nstbench.cli.backends import backends_app\n"
        "backends_app(standalone_mode=False)\n"
        "print(sorted({'pandas', 'pytest', 'skimage', 'PIL'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_check_prints_a_line_for_each_check_and_counts(backends):
    done = backends("check", "fake")
    assert done.exit_code == 0, done.output
    *lines, last = done.stdout.splitlines()
    assert [line.split()[1].rstrip(":") for line in lines] == [check.name for check in CHECKS]
    said = {line.split()[1].rstrip(":"): line for line in lines}
    assert said["run_is_additive"].startswith("ok ")
    assert said["passes_repeat"] == "n/a    passes_repeat: it concerns single-pass backends"
    left_out = sum(line.startswith("n/a") for line in lines)
    assert last == f"fake: {len(CHECKS) - left_out} ok, 0 failed, {left_out} not applicable"


def test_a_violation_is_said_and_ends_in_3(backends, monkeypatch):
    monkeypatch.setattr(FakeBackend, "peak_device_bytes", lambda self: "[bold]much")
    done = backends("check", "fake", "--only", "reports_are_typed", "--only", "capabilities_are_sane")
    assert done.exit_code == 3
    first, second, last = done.stdout.splitlines()
    assert first.startswith("FAILED reports_are_typed: demanded: `peak_device_bytes()` is a number")
    assert "seen: '[bold]much'; return an int or None" in first
    assert second.startswith("ok ")
    assert last == "fake: 1 ok, 1 failed, 0 not applicable"


def test_a_crash_is_the_failure_of_one_check(backends, monkeypatch):
    monkeypatch.setattr(FakeBackend, "peak_device_bytes", lambda self: 1 // 0)
    done = backends("check", "fake", "--only", "reports_are_typed", "--json")
    assert done.exit_code == 3
    (row,) = json.loads(done.stdout)
    assert (row["check"], row["status"]) == ("reports_are_typed", "failed")
    assert re.fullmatch(r"crashed with ZeroDivisionError: .* at \w+\.py:\d+", row["message"])
    assert row["traceback"].startswith("Traceback")


@pytest.mark.parametrize(
    ("arguments", "error", "code", "said"),
    [
        (["fake", "--only", "run_is_aditive"], UnknownName, 2, "Did you mean 'run_is_additive'?"),
        (["fake", "--device", "tpu"], UsageError, 2, "auto, cpu, gpu"),
    ],
)
def test_what_cannot_be_checked_is_one_line(backends, arguments, error, code, said):
    found = backends("check", *arguments).exception
    assert isinstance(found, error)
    assert code_of_error(found) == code
    assert said in str(found)


def test_a_backend_that_does_not_start_is_one_line(backends, monkeypatch):
    def fall_over(self, device, deterministic=False):
        raise OSError("no such\nlibrary")

    monkeypatch.setattr(FakeBackend, "start", fall_over)
    found = backends("check", "fake").exception
    assert isinstance(found, BackendUnavailable)
    said = r"fake: does not start: OSError: no such library at test_backends\.py:\d+\. See --debug"
    assert re.fullmatch(said, str(found))


def test_a_refusal_that_crashes_is_the_failure_of_its_check(backends, monkeypatch):
    monkeypatch.setattr(FakeBackend, "refuse", lambda self, settings: {}["no-such"])
    done = backends("check", "fake", "--only", "refusals_are_sentences", "--only", "image_is_a_picture")
    assert done.exit_code == 3
    assert done.stdout.startswith("FAILED refusals_are_sentences: crashed with KeyError")
    assert "ok     image_is_a_picture" in done.stdout


def test_a_backend_whose_framework_is_missing_says_how_to_install_it(backends, monkeypatch):
    monkeypatch.setattr("nstbench.api.registry.find_spec", lambda name: None)
    found = backends("check", "jax-vgg19").exception
    assert isinstance(found, BackendUnavailable)
    assert "pip install 'nstbench[jax]'" in str(found)


def test_new_prints_the_folder_and_refuses_in_one_line(backends, tmp_path):
    done = backends("new", "oil", "--out", tmp_path)
    assert done.exit_code == 0
    assert done.stdout.strip() == str(tmp_path / "nstbench-oil")
    assert (tmp_path / "nstbench-oil" / "test_contract.py").exists()
    again = backends("new", "oil", "--out", tmp_path).exception
    assert isinstance(again, UsageError)
    assert "exists" in str(again)
