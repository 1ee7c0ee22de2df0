"""VGG-19 up to its deepest tap, in PyTorch's functions; channels last throughout."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from nstbench.api import BGR_MEAN, VggWeights, block, up_to

Taps = Mapping[str, Tensor]
Weights = Mapping[str, tuple[Tensor, Tensor]]

POOLS: Mapping[str, Any] = {"max": functional.max_pool2d, "avg": functional.avg_pool2d}


def to_device(weights: VggWeights, device: torch.device, dtype: torch.dtype) -> Weights:
    """Take kernels to (channels out, channels in, 3, 3), in memory with the channels last."""

    def taken(array: Any) -> Tensor:
        return torch.from_numpy(array).to(device, dtype)

    return {
        layer: (taken(kernel).permute(3, 2, 0, 1).contiguous(memory_format=torch.channels_last), taken(bias))
        for layer, (kernel, bias) in weights.items()
    }


def forward(weights: Weights, image: Tensor, taps: Collection[str], pooling: str) -> Taps:
    """Map an image (H, W, 3), RGB in [0, 1], to its taps, each (h, w, channels) float32.

    The image's memory already has the channels last, so that its axes are turned and nothing is copied.
    """
    kernel, _ = next(iter(weights.values()))
    x = image.flip(-1) * 255.0 - torch.tensor(BGR_MEAN, device=image.device)
    x = x.to(kernel.dtype).permute(2, 0, 1)[None]
    order = up_to(taps)
    found = {}
    for previous, layer in zip((order[0], *order), order, strict=False):
        if block(layer) != block(previous):
            x = POOLS[pooling](x, 2)
        x = functional.relu(functional.conv2d(x, *weights[layer], padding=1), inplace=True)
        if layer in taps:
            found[layer] = x[0].permute(1, 2, 0).float()
    return found
