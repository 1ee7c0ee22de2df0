"""Balanced layers: at the content image each style layer has the same part in the style loss."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import nstbench
from nstbench.api import Problem
from nstbench.assets import resolve_weights
from nstbench.referee import losses
from nstbench.run import balance
from nstbench.testing.fakes import FakeBackend

LAYERS = ["conv1_1", "conv2_1", "conv3_1"]


def experiment(**fixed):
    small = {"size": 48, "iterations": 2, "style_layers": LAYERS, "content_layers": ["conv2_2"]}
    return {
        "name": "balanced",
        "inputs": {"content": "sample:cat", "style": "sample:coffee"},
        "fixed": small | {"weights": "random:0", "balanced_layers": True, "tv_weight": 0} | fixed,
        "measure": {"referee": "none", "isolation": "none"},
        "backends": ["torch-vgg19"],
    }


@pytest.fixture(scope="module")
def swept(tmp_path_factory):
    folder = tmp_path_factory.mktemp("balanced")
    stages = [{"size": 32, "iterations": 2}, {"size": 48, "iterations": 2}]
    names = {"plain": {"balanced_layers": False}, "balanced": {}}
    names["weighted"] = {"style_layers": {"conv1_1": 1, "conv2_1": 2, "conv3_1": 4}}
    every = {name: nstbench.sweep(experiment(**changes), folder / name) for name, changes in names.items()}
    staged = experiment(stages=stages)
    del staged["fixed"]["size"], staged["fixed"]["iterations"]
    return every | {"staged": nstbench.sweep(staged, folder / "staged")}


def first(results):
    """Return the losses at the content image: those of the first iteration."""
    return results.losses.iloc[0]


@pytest.mark.thorough
def test_the_style_loss_at_the_content_image_stays_what_it_was(swept):
    assert first(swept["balanced"])["style"] == pytest.approx(first(swept["plain"])["style"], rel=1e-4)


def test_every_layer_has_its_share(swept):
    """The table has E_l before its weight, so with E_l of two steps the weights can be solved for."""
    for name, shares in (("balanced", (1, 1, 1)), ("weighted", (1, 2, 4))):
        losses = swept[name].losses
        energies = losses[[f"style_{layer}" for layer in LAYERS]].to_numpy(float)
        total = losses["style"].to_numpy(float)
        expected = np.array(shares) / sum(shares) * total[0] / energies[0]
        np.testing.assert_allclose(energies @ expected, total, rtol=1e-4)
        given = np.array(shares) / (1 if name == "weighted" else 3)
        assert not np.allclose(energies @ given, total, rtol=1e-2)


def test_each_stage_is_balanced_anew(swept):
    losses = swept["staged"].losses
    names = [f"style_{layer}" for layer in LAYERS]
    energies, total = losses[names].to_numpy(float), losses["style"].to_numpy(float)
    of_the_small = total[0] / 3 / energies[0]
    alone = first(swept["balanced"])
    of_the_large = alone["style"] / 3 / alone[names].to_numpy(float)
    np.testing.assert_allclose(energies[:2] @ of_the_small, total[:2], rtol=1e-4)
    np.testing.assert_allclose(energies[2:] @ of_the_large, total[2:], rtol=1e-4)
    assert not np.allclose(of_the_small, of_the_large, rtol=1e-3)


def test_losses_of_the_content_image_are_computed_once_for_what_is_alike(monkeypatch):
    source = resolve_weights("random:0", Path())
    content, style = (np.random.default_rng(at).random((32, 32, 3), np.float32) for at in (1, 2))
    layers = {"content_layers": {"conv2_2": 1.0}, "style_layers": {"conv1_1": 0.5, "conv2_1": 0.5}}
    plain = Problem(content=content, styles=(style,), init=content, **layers)
    counted = []
    monkeypatch.setattr(balance, "losses", lambda *given: counted.append(given) or losses(*given))
    same = [{}, {"beta": 7.0}, {"init": style}, {"style_layers": {"conv1_1": 0.1, "conv2_1": 0.9}}]
    first, *others = (balance.balanced(replace(plain, **each), source).style_layers for each in same)
    assert len(counted) == 1
    assert others[:2] == [first, first]
    assert others[2] != first
    other = [
        {"styles": (content[::-1],)},
        {"content": style[::-1]},
        {"styles": (style[:16],)},
        {"pooling": "avg"},
        {"style_layers": {"conv1_1": 1.0}},
        {"style_masks": (content[:, :, 0],)},
    ]
    for each in other:
        balance.balanced(replace(plain, **each), source)
    assert len(counted) == 1 + len(other)


def test_it_is_an_error_of_the_trial_where_a_layer_has_nothing_to_divide_by(tmp_path):
    same = experiment() | {"inputs": {"content": "sample:cat", "style": "sample:cat"}}
    row = nstbench.sweep(same, tmp_path).runs.iloc[0]
    assert row["status"] == "failed"
    assert "has no style loss at the content image" in row["error_message"]


def test_a_backend_without_the_layers_of_a_network_is_refused(tmp_path):
    assert not FakeBackend.capabilities.has_ladder
    row = nstbench.sweep(experiment() | {"backends": ["fake"]}, tmp_path).runs.iloc[0]
    assert (row["status"], row["error_message"]) == (
        "refused",
        "fake has no layers of VGG-19 whose losses could be balanced",
    )
