"""An experiment file that uses everything, and a way to load it by its bare name."""

import pytest

from nstbench.experiment import load_experiment

LAYERS = """\
# yaml-language-server: $schema=experiment.schema.json
name: layers
description: Which layers represent the style?
inputs: {content: sample:cat, style: sample:strokes}
fixed: {size: 192, patience: 0, init: style, tv_weight: 100}
sweep:
  style_layers:
    shallow: [conv1_1, conv2_1]
    deep: {conv4_1: 0.7, conv5_1: 0.3}
  iterations: [20, 40, 80]
  zip: [{alpha: [1, 10], beta: [100, 1000]}]
  include: [{size: 256, iterations: 10}]
  exclude: [{style_layers: deep, iterations: 80}]
backends: [jax-vgg19, {name: tf-vgg19, options: {xla: true}}]
seed: 0
measure: {rounds: 5, chunk: auto, isolation: backend, share_trajectories: true, threads: auto, timeout_s: 900}
"""


@pytest.fixture
def layers():
    return LAYERS


@pytest.fixture
def load(tmp_path, monkeypatch):
    """Write a file into the current folder and load it by its bare name."""
    monkeypatch.chdir(tmp_path)

    def loader(text=LAYERS, overrides=(), backends=()):
        data = text if isinstance(text, bytes) else text.encode()
        (tmp_path / "exp.yaml").write_bytes(data)
        return load_experiment("exp.yaml", overrides, backends)

    return loader
