"""Verification in a process of its own, and what later sweeps know of it."""

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

import nstbench
from nstbench.api import BackendUnavailable, plugin
from nstbench.assets import resolve_weights
from nstbench.experiment import read_options
from nstbench.parity.rungs import RUNGS
from nstbench.parity.verify import Request, verify
from nstbench.run.sweep import Redo
from nstbench.run.verified import Setup

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
    options = read_options(backend, [], plugin(backend).load().capabilities.options)
    return Request(backend, device, precision, resolve_weights("random:0", Path()), options)


def is_verified(tmp_path):
    results = nstbench.sweep(TINY, tmp_path, redo=Redo(everything=True))
    return list(results.runs.set_index("status").loc[["ok"], "verified"])


@pytest.mark.thorough
def test_a_sweep_knows_of_a_verification_of_the_same_setup(tmp_path, monkeypatch):
    seen = []
    outcome = verify(request("jax-vgg19"), seen.append)
    assert [rung.name for rung in seen] == [rung.name for rung in RUNGS]
    assert outcome.rungs == tuple(seen)
    assert outcome.passed and not outcome.failed
    assert is_verified(tmp_path) == [True]
    flags = f"{os.environ['XLA_FLAGS']} --xla_dump_max_hlo_modules=1"
    monkeypatch.setenv("XLA_FLAGS", flags)  # another setup, though a harmless one
    assert is_verified(tmp_path) == [False]


def test_a_backend_that_computes_something_else_fails_and_is_remembered_so(cache):
    """The shipped fake takes no notice of weights, so it is not VGG-19."""
    outcome = verify(request("fake"), lambda rung: None)
    states = {rung.name: rung.status for rung in outcome.rungs}
    assert states["convolution"] == "not offered"
    assert states["content loss"] == "failed"
    assert states["total variation"] == "ok"
    assert outcome.failed and not outcome.passed
    kept = [json.loads(path.read_text()) for path in (cache / "verified").glob("*.json")]
    assert [each["passed"] for each in kept if each["setup"]["backend"] == "fake"] == [False]


def test_a_backend_without_vgg19_has_nothing_to_verify(tmp_path):
    assert nstbench.sweep(TINY | {"backends": ["fake"]}, tmp_path).runs["verified"].isna().all()


def test_other_options_are_another_setup(tmp_path):
    facts = {"cpu": "c", "packages": {}, "variables": {}}
    paths = {Setup.of(plugin("tf-vgg19"), "c", "highest", {"xla": xla}, facts).path for xla in (False, True)}
    assert len(paths) == 2


def test_other_code_under_the_same_version_is_another_setup():
    facts = {"cpu": "c", "packages": {}, "variables": {}}
    found = plugin("fake")
    paths = {Setup.of(found, "c", "highest", {}, facts | {"code": code}).path for code in ("a", "b")}
    assert len(paths) == 2


def test_a_process_that_ends_early_is_a_failure_that_says_why():
    gone = replace(request("fake").weights, kind="file", path="/no/such.npz")
    outcome = verify(replace(request("fake"), weights=gone), lambda rung: None)
    (rung,) = outcome.rungs
    assert rung.status == "failed"
    assert "no such weights file" in rung.detail


def test_a_device_that_is_not_there_is_said_in_one_line():
    with pytest.raises(BackendUnavailable, match="jax-vgg19: no gpu device"):
        verify(request("jax-vgg19", device="gpu"), print)
