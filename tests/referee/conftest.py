"""Parameters and pictures for the referee."""

from pathlib import Path

import numpy as np
import pytest

from nstbench.assets import load_weights, resolve_weights


@pytest.fixture(scope="session")
def weights():
    """Random parameters, with biases that are not zero: those would hide a bias left out."""
    generator = np.random.Generator(np.random.Philox(7))
    plain = load_weights(resolve_weights("random:0", Path()))
    return {
        layer: (kernel, generator.normal(0, 3, bias.shape).astype(np.float32))
        for layer, (kernel, bias) in plain.items()
    }
