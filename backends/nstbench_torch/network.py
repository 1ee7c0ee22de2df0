"""VGG-19 up to its deepest tap, in PyTorch's functions; channels last throughout."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from nstbench.api import BGR_MEAN, Static, VggWeights, block, up_to

Taps = Mapping[str, Tensor]


class Weights(NamedTuple):
    """The parameters on the device, kernels (channels out, channels in, 3, 3), and the means of BGR.

    The means lie there as well, since a graph that is recorded cannot copy from the host.
    """

    layers: Mapping[str, tuple[Tensor, Tensor]]
    mean: Tensor

    def to(self, dtype: torch.dtype) -> Weights:
        """Return parameters of another type; the means stay as they are."""
        return self._replace(
            layers={
                layer: (kernel.to(dtype), bias.to(dtype)) for layer, (kernel, bias) in self.layers.items()
            }
        )


POOLS: Mapping[str, Any] = {"max": functional.max_pool2d, "avg": functional.avg_pool2d}


def to_device(weights: VggWeights, device: torch.device) -> Weights:
    """Take parameters to the device, kernels in memory with the channels last."""

    def taken(array: Any) -> Tensor:
        return torch.from_numpy(array).to(device)

    layers = {
        layer: (taken(kernel).permute(3, 2, 0, 1).contiguous(memory_format=torch.channels_last), taken(bias))
        for layer, (kernel, bias) in weights.items()
    }
    return Weights(layers, torch.tensor(BGR_MEAN, device=device))


def forward(weights: Weights, image: Tensor, taps: Collection[str], static: Static) -> Taps:
    """Map an image (H, W, 3), RGB in [0, 1], to its taps, each (h, w, channels) float32.

    The image's memory already has the channels last, so that its axes are turned and nothing is copied.
    """
    order = up_to(taps)
    kernel, _ = weights.layers[order[0]]
    x = (image.flip(-1) * 255.0 - weights.mean).to(kernel.dtype).permute(2, 0, 1)[None]
    found = {}
    for previous, layer in zip((order[0], *order), order, strict=False):
        if block(layer) != block(previous):
            x = POOLS[static.pooling](x, 2)
        linear = functional.conv2d(x, *weights.layers[layer], padding=1)
        is_shown = static.taps == "conv" and layer in taps
        x = functional.relu(linear, inplace=not is_shown)
        if layer in taps:  # squeezed: the gradient of x[0] would come back with the channels first
            found[layer] = (linear if is_shown else x).squeeze(0).permute(1, 2, 0).float()
    return found
