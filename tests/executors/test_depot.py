"""Files on their way to a machine that has none of them."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from nstbench.api import AssetError
from nstbench.assets import load_weights
from nstbench.assets.random_weights import random_weights
from nstbench.executors import depot as module
from nstbench.executors.depot import Depot, digest_of, needed, parts
from nstbench.experiment import load_experiment
from nstbench.run.inputs import keep_inputs
from nstbench.run.problem import build_problem
from nstbench.run.sweep import prepare_sweep

EXPERIMENT = """
inputs: {content: photo.png, style: [sample:coffee, art.png]}
fixed: {size: 32, iterations: 2, init: start.png, weights: own.npz}
measure: {referee: none}
backends: [jax-vgg19]
"""


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    path = tmp_path_factory.mktemp("weights") / "own.npz"
    parts = [(layer, *arrays) for layer, arrays in random_weights(0).items()]
    kernels = {f"{layer}/kernel": kernel for layer, kernel, _ in parts}
    np.savez(path, **kernels, **{f"{layer}/bias": bias for layer, _, bias in parts})
    return path


@pytest.fixture
def job(tmp_path, weights):
    """The job of a trial that reads four files, all of which are gone by the time it runs."""
    random = np.random.default_rng(0)
    for name in ("photo", "art", "start"):
        Image.fromarray(random.integers(0, 255, (40, 50, 3), np.uint8)).save(tmp_path / f"{name}.png")
    (tmp_path / "own.npz").hardlink_to(weights)
    (tmp_path / "e.yaml").write_text(EXPERIMENT)
    sweep = prepare_sweep(load_experiment(tmp_path / "e.yaml"), tmp_path / "out")
    sweep.store.begin(sweep.experiment, sweep.plan)
    keep_inputs(sweep.plan.trials, tmp_path, sweep.store)
    return sweep._job(sweep.plan.trials)


def sent(job, depot):
    """Send what a depot lacks; returns the names."""
    files = needed(job)
    missing = depot.lacks({name: digest_of(path) for name, path in files.items()})
    for name in missing:
        for part in parts(files[name]):
            depot.receive(name, part)
        depot.keep(name)
    return missing


def test_a_job_has_all_that_it_reads_where_its_files_are_not(job, tmp_path, cache, monkeypatch):
    monkeypatch.setattr(module, "PART_BYTES", 1000_000)
    there = Depot()
    assert len(sent(job, there)) == 5
    wanted, weights = build_problem(job.trials[0], job.base, job.inputs), load_weights(job.weights)
    moved = there.furnish(job, tmp_path / "log.txt")
    for path in (*tmp_path.glob("*.png"), tmp_path / "own.npz", *job.inputs.iterdir()):
        path.unlink()
    build_problem.__globals__["_decoded"].cache_clear()
    found = build_problem(moved.trials[0], moved.base, moved.inputs)
    for name in ("content", "init"):
        assert np.array_equal(getattr(found, name), getattr(wanted, name))
    assert all(map(np.array_equal, found.styles, wanted.styles))
    loaded = load_weights(moved.weights)
    assert all(np.array_equal(loaded[layer][0], weights[layer][0]) for layer in weights)


def test_a_file_travels_once_and_again_if_it_is_damaged(job, cache):
    there, names = Depot(), list(needed(job))
    sent(job, there)
    assert sent(job, there) == []
    assert sent(job, Depot()) == [], "a later sweep"
    (there.folder / names[0]).write_bytes(b"half of")
    assert sent(job, there) == names[:1]


def test_a_picture_that_changed_since_the_plan_is_one_line(job):
    gone = replace(job, inputs=Path("/nowhere"))
    with pytest.raises(AssetError, match=r"/nowhere/\w+.png: cannot be read \(No such file"):
        sent(gone, Depot())
