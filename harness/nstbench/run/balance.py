"""Weights of style layers with which all of them pull alike at the content image."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import replace
from functools import lru_cache
from hashlib import sha256

import numpy as np

from nstbench.api import METHOD, AssetError, Problem, VggWeights
from nstbench.assets import WeightsSource, load_weights
from nstbench.referee import losses


def balanced(problem: Problem, source: WeightsSource) -> Problem:
    """Divide the weight w_l of each style layer by E_l of the content image, as the referee computes it.

    The sum of w_l E_l there stays what it was, so that beta means what it meant.

    Raises:
        AssetError: a layer has no loss there, as where the content image is the style image.
    """
    energies = _energies(problem, source)
    if not all(energies.values()):
        layer = min(energies, key=lambda layer: energies[layer])
        raise AssetError(f"balanced_layers: {layer} has no style loss at the content image")
    weights = problem.style_layers
    total = sum(weights[layer] * energies[layer] for layer in weights)
    share = total / sum(weights.values())
    return replace(problem, style_layers={layer: w * share / energies[layer] for layer, w in weights.items()})


def _energies(problem: Problem, source: WeightsSource) -> Mapping[str, float]:
    """Return E_l of the content image; computed once for all trials of a process in which it is the same."""
    key = _key(problem, source)
    if key not in _known:
        fewest = {min(problem.style_layers): 1.0}  # for the content any layer does that is needed anyway
        start = replace(problem, init=problem.content, content_layers=fewest)
        _known[key] = losses(_weights(source), start, np.float32).style_layers
    return _known[key]


_known: dict[Hashable, Mapping[str, float]] = {}


def _key(problem: Problem, source: WeightsSource) -> Hashable:
    """Name all that E_l depends on: weights w_l and numbers of the method are not in it."""
    pictures = problem.content, *problem.styles, *problem.content_masks, *problem.style_masks
    seen = sha256()
    for each in pictures:
        seen.update(f"{each.shape} ".encode() + np.ascontiguousarray(each).data)
    choices = tuple(getattr(problem, name) for name, each in METHOD.items() if each.choices)
    split = len(problem.content_masks), len(problem.style_masks), problem.style_blend
    return source.sha256, seen.hexdigest(), split, tuple(problem.style_layers), choices


@lru_cache(maxsize=1)
def _weights(source: WeightsSource) -> VggWeights:
    return load_weights(source)
