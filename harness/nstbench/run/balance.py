"""Weights of style layers with which all of them pull alike at the content image."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache

import numpy as np

from nstbench.api import AssetError, Problem, VggWeights
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
    fewest = {min(problem.style_layers): 1.0}  # for the content any layer does that is needed anyway
    start = replace(problem, init=problem.content, content_layers=fewest)
    return losses(_weights(source), start, np.float32).style_layers


@lru_cache(maxsize=1)
def _weights(source: WeightsSource) -> VggWeights:
    return load_weights(source)
