"""Verification in a process of its own, and what later sweeps know of it."""

from dataclasses import replace
from pathlib import Path

import pytest

import nstbench
from nstbench.api import BackendUnavailable
from nstbench.assets import resolve_weights
from nstbench.run.rungs import RUNGS
from nstbench.run.sweep import Redo
from nstbench.run.verify import Request, verify

TINY = {
    "name": "tiny",
    "inputs": {"content": "sample:cat", "style": "sample:coffee"},
    "fixed": {
        "size": 32,
        "iterations": 2,
        "weights": "random:0",
        "content_layers": ["conv1_2"],
        "style_layers": ["conv1_1"],
    },
    "measure": {"referee": "none"},
    "backends": ["jax-vgg19"],
}


def request(backend, device="cpu", precision="highest"):
    return Request(backend, device, precision, resolve_weights("random:0", Path()))


def is_verified(tmp_path):
    results = nstbench.sweep(TINY, tmp_path, redo=Redo(everything=True))
    return list(results.runs.set_index("status").loc[["ok"], "verified"])


def test_a_sweep_knows_of_a_verification_of_the_same_setup(tmp_path):
    assert is_verified(tmp_path) == [False]
    seen = []
    outcome = verify(request("jax-vgg19"), seen.append)
    assert [rung.name for rung in seen] == [rung.name for rung in RUNGS]
    assert outcome.rungs == tuple(seen)
    assert outcome.passed and not outcome.failed
    assert is_verified(tmp_path) == [True]


def test_a_backend_that_computes_something_else_fails_and_is_remembered_so(tmp_path):
    """The shipped fake takes no notice of weights, so it is not VGG-19."""
    outcome = verify(request("fake"), lambda rung: None)
    states = {rung.name: rung.status for rung in outcome.rungs}
    assert states["convolution"] == "not offered"
    assert states["content loss"] == "failed"
    assert states["total variation"] == "ok"
    assert outcome.failed and not outcome.passed
    fake = TINY | {"backends": ["fake"]}
    assert list(nstbench.sweep(fake, tmp_path).runs["verified"]) == [False]


def test_a_process_that_ends_early_is_a_failure_that_says_why():
    gone = replace(request("fake").weights, kind="file", path="/no/such.npz")
    outcome = verify(replace(request("fake"), weights=gone), lambda rung: None)
    (rung,) = outcome.rungs
    assert rung.status == "failed"
    assert "no such weights file" in rung.detail


def test_a_device_that_is_not_there_is_said_in_one_line():
    with pytest.raises(BackendUnavailable, match="jax-vgg19: no gpu device"):
        verify(request("jax-vgg19", device="gpu"), print)
