"""`nstbench verify` as users type it."""

import io
import json
import os
import re
import subprocess
from pathlib import Path

import pytest
from rich.console import Console

from nstbench.assets import resolve_weights
from nstbench.cli.verify import _print, _summary
from nstbench.parity.ladder import RungResult
from nstbench.parity.rungs import RUNGS
from nstbench.parity.verify import Request, Verification

from .. import zoo
from ..command import NSTBENCH


@pytest.mark.thorough
def test_every_rung_is_printed_and_the_verdict_last(nstbench):
    done = nstbench("verify", "tf-vgg19", "--device", "cpu")
    *rungs, verdict = done.stdout.splitlines()
    assert [line[:11].strip() for line in rungs] == ["ok"] * len(RUNGS)
    assert all(rung.name in line for rung, line in zip(RUNGS, rungs, strict=True))
    assert verdict.startswith("tf-vgg19 on ") and verdict.endswith(": verified")


def test_the_verdict_names_the_algorithms_that_were_verified():
    taken = {"convolution": "winograd", "loop": "host", "huge_pages": True, "unroll": 1}
    source = resolve_weights("random:0", Path())
    request = Request("jax-vgg19", "cpu", "highest", source, {**taken, "convolution": "auto", "loop": "auto"})
    said = _summary(Verification(request, "cpu", "a processor", taken, ()))
    assert said == "jax-vgg19 on a processor, precision highest, convolution winograd, loop host: verified"


@pytest.mark.parametrize("precision", ["highest", "default", "bf16"])
def test_a_limit_is_printed_as_it_is(precision):
    for rung in RUNGS:
        limit, out = rung.limits[precision], io.StringIO()
        _print(RungResult(rung.name, "ok", 0.99 * limit, limit, ""), Console(file=out, width=200))
        (seen,) = re.findall(r"\(limit (.*)\)", out.getvalue())
        assert float(seen) == limit
        assert f" {0.99 * limit:.2e} " in out.getvalue()


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["tfhub-fast"], 2, "tfhub-fast has no VGG-19 to compare"),
        (["no-such"], 2, "unknown backend 'no-such'; known: "),
        (["jax-vgg19", "--device", "gpu"], 6, "no gpu device"),
        (["--device", "tpu"], 2, "it may be auto, cpu, gpu"),
        (["--precision", "half"], 2, "it may be highest, default, bf16"),
        (["jax-vgg19", "--weights", "no-such"], 2, "unknown weights 'no-such'"),
    ],
)
def test_what_cannot_be_verified_is_said_in_one_line(nstbench, arguments, code, said):
    done = nstbench("verify", *arguments, check=False)
    assert done.returncode == code
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_failed_rung_ends_in_3_and_json_has_every_rung(tmp_path):
    """The shipped fake, made out to be a VGG-19."""
    source = (
        "from dataclasses import replace; from nstbench.testing import FakeBackend\n"
        "class Fine(FakeBackend):\n"
        "    capabilities = FakeBackend.capabilities\n"
        "    capabilities = replace(capabilities, consumes=capabilities.consumes | {'weights'})\n"
    )
    zoo.plugin(tmp_path, "pretender", source)
    run, variables = [NSTBENCH, "verify", "pretender", "--json"], os.environ | {"PYTHONPATH": str(tmp_path)}
    done = subprocess.run(run, capture_output=True, text=True, cwd=tmp_path, check=False, env=variables)
    assert done.returncode == 3
    (outcome,) = json.loads(done.stdout)
    assert outcome["backend"] == "pretender"
    assert outcome["weights"] == "random:0"
    assert not outcome["passed"]
    assert {rung["name"]: rung["status"] for rung in outcome["rungs"]}["content loss"] == "failed"
    assert "FAILED" in done.stderr
    assert "pretender on fake, precision highest: FAILED, first at: content loss" in done.stderr
