"""What `jax-vgg19` tells XLA, in processes of their own, as XLA is told once."""

import json
import os
import subprocess
import sys
from importlib.metadata import version

import pytest

from nstbench.run import doctor
from nstbench.run.installed import installed
from nstbench_jax import JaxVgg19, flags

pytestmark = pytest.mark.thorough

FUSED = f"{flags.FUSION}dot,individual_dot,reduce"
"""What jaxlib 0.10.2 does if it is left alone."""

SUMS = """
from pathlib import Path
from nstbench.assets import load_weights, resolve_weights
from nstbench.parity.ladder import RUNGS, climb
from nstbench.parity.scenarios import biased, large_scenario
from nstbench_jax import JaxVgg19
weights = biased(load_weights(resolve_weights("random:0", Path())))
backend = JaxVgg19()
backend.start("cpu")
backend.load(weights)
first = next(climb("jax-vgg19", backend, weights, [large_scenario(weights)]))
assert first.name == RUNGS[0].name
print(first.status, first.detail)
"""

STARTED = """
import os
from nstbench_jax import JaxVgg19
JaxVgg19().start("cpu", deterministic=True)
print(os.environ["XLA_FLAGS"])
"""

LATE = """
import jax
from nstbench.api import one_line
from nstbench_jax import JaxVgg19
{before}
try:
    JaxVgg19().start("cpu")
    print("started")
except Exception as error:
    print(one_line(error))
"""

TINY = """
inputs: {content: sample:cat, style: sample:coffee}
fixed: {size: 32, iterations: 1, weights: random:0, content_layers: [conv1_1], style_layers: [conv1_1]}
measure: {referee: none}
backends: [jax-vgg19]
"""

needs_the_fault = pytest.mark.skipif(not flags.is_wrong(), reason="this jaxlib gets its sums right")


def said(code, xla_flags=None):
    environment = {name: value for name, value in os.environ.items() if name != "XLA_FLAGS"}
    given = environment if xla_flags is None else environment | {"XLA_FLAGS": str(xla_flags)}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, env=given
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@needs_the_fault
def test_the_ladder_finds_the_sums_that_this_jaxlib_gets_wrong():
    assert said(SUMS, FUSED).startswith("failed")


def test_through_the_backend_the_sums_are_right():
    assert said(SUMS).startswith("ok")


@needs_the_fault
@pytest.mark.parametrize(
    ("given", "deterministic", "then"),
    [
        (None, False, [flags.FUSION]),
        ("--xla_dump_max_hlo_modules=1", False, ["--xla_dump_max_hlo_modules=1", flags.FUSION]),
        (FUSED, False, [FUSED]),
        (flags.FUSION, False, [flags.FUSION]),
        (FUSED, True, [FUSED, flags.DETERMINISTIC]),
        (None, True, [flags.FUSION, flags.DETERMINISTIC]),
        (flags.DETERMINISTIC, True, [flags.DETERMINISTIC, flags.FUSION]),
    ],
)
def test_flags_of_the_user_stay_and_what_they_do_not_say_is_added(monkeypatch, given, deterministic, then):
    monkeypatch.delenv("XLA_FLAGS", raising=False)
    if given is not None:
        monkeypatch.setenv("XLA_FLAGS", given)
    flags.set_flags(deterministic)
    assert os.environ["XLA_FLAGS"].split() == then


@needs_the_fault
def test_the_flags_are_set_when_the_backend_starts():
    assert said(STARTED, FUSED).split() == [FUSED, flags.DETERMINISTIC]


@needs_the_fault
def test_flags_in_a_file_are_the_users_to_change(tmp_path):
    file = tmp_path / "flags.txt"
    file.write_text("--xla_dump_max_hlo_modules=1\n")
    code = LATE.format(before="")
    assert f"names the file {file}" in said(code, file)
    file.write_text(f"--xla_dump_max_hlo_modules=1\n{flags.FUSION}\n")
    assert said(code, file) == "started"


@needs_the_fault
def test_a_process_that_used_jax_before_is_refused_unless_it_was_told():
    assert said(LATE.format(before="")) == "started"  # imported, and no device taken yet
    used = LATE.format(before="jax.devices()")
    assert "used JAX before" in said(used)
    assert said(used, FUSED) == "started"


@pytest.mark.parametrize(
    ("installed", "wrong"),
    [
        ("0.6.0", False),
        ("0.9.2", False),
        ("0.10.1", False),
        ("0.10.2", True),
        ("0.10.2.dev20260601", True),
        ("0.11.0", True),
        ("0.12.0.1", True),
        ("1.0", True),
    ],
)
def test_versions_are_told_apart_without_importing_jax(monkeypatch, installed, wrong):
    """Before 0.8 XLA does not know the flag, and ends the process at one that it does not know."""
    monkeypatch.setattr(flags, "version", {"jaxlib": installed}.__getitem__)
    monkeypatch.delenv("XLA_FLAGS", raising=False)
    flags.set_flags(deterministic=False)
    assert os.environ.get("XLA_FLAGS") == (flags.FUSION if wrong else None)
    monkeypatch.delenv("XLA_FLAGS", raising=False)
    assert [advice.urgent for advice in JaxVgg19().advise()] == ([False] if wrong else [])


@needs_the_fault
def test_the_flags_that_xla_was_given_are_in_the_environment_of_a_row(nstbench, tmp_path):
    (tmp_path / "tiny.yaml").write_text(TINY)
    environment = {name: value for name, value in os.environ.items() if name != "XLA_FLAGS"}
    nstbench("sweep", "tiny.yaml", "-o", "out", env=environment)
    (path,) = tmp_path.glob("out/environment/*.json")
    assert json.loads(path.read_text())["variables"]["XLA_FLAGS"] == flags.FUSION


@pytest.mark.parametrize(
    "command", [("sweep", "tiny.yaml", "-o", "out"), ("verify", "jax-vgg19")], ids=lambda words: words[0]
)
def test_a_platform_that_is_not_there_is_named_with_what_to_do(nstbench, tmp_path, command):
    """JAX says nothing but AssertionError."""
    (tmp_path / "tiny.yaml").write_text(TINY)
    done = nstbench(*command, check=False, env=os.environ | {"JAX_PLATFORMS": "cuda"})
    assert done.returncode == 6
    names_the_platform(done.stderr + done.stdout)


def test_doctor_names_it_too(monkeypatch):
    monkeypatch.setattr(doctor, "installed_plugins", lambda: [installed("jax-vgg19")])
    monkeypatch.setenv("JAX_PLATFORMS", "cuda")
    faulty = [found.line for found in doctor.examine_machine(start=True) if found.state == doctor.LOOK]
    names_the_platform(" ".join(faulty))


def names_the_platform(text):
    said = " ".join(text.split())
    assert "jax-vgg19: no device with JAX_PLATFORMS=cuda: AssertionError (xla_bridge.py:" in said
    assert "Unset JAX_PLATFORMS, or pip install 'nstbench[cuda]'" in said


@needs_the_fault
def test_doctor_and_sweep_say_what_is_known_of_this_jaxlib(nstbench, write, monkeypatch):
    known = f"jax-vgg19: jaxlib {version('jaxlib')} gets some sums wrong on CPUs"
    for xla_flags, fine in ((FUSED, False), ("", True)):
        monkeypatch.setenv("XLA_FLAGS", xla_flags)
        (found,) = [each for each in doctor.examine_machine() if known in each.line]
        assert found.state == (doctor.OK if fine else doctor.LOOK)
        assert fine or FUSED in found.line
    environment = os.environ | {"XLA_FLAGS": FUSED}
    planned = nstbench("sweep", write(), "--backend", "jax-vgg19", "--dry-run", env=environment)
    assert known in planned.stderr
