"""What everyone must agree on about VGG-19 (Simonyan and Zisserman 2015): names, sizes, input, cost."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, TypeAlias

from nstbench.api.errors import UsageError, did_you_mean
from nstbench.api.wasserstein import PRODUCTS

if TYPE_CHECKING:  # the command line starts faster without NumPy
    import numpy as np
    from numpy.typing import NDArray

Array: TypeAlias = "NDArray[np.float32]"
VggWeights: TypeAlias = "Mapping[str, tuple[Array, Array]]"
"""Layer name -> (kernel, bias): float32 of shape (3, 3, channels in, channels out) and (channels out,)."""

_BLOCKS = ((2, 64), (2, 128), (4, 256), (4, 512), (4, 512))

CHANNELS: Mapping[str, int] = {
    f"conv{block}_{i}": channels
    for block, (count, channels) in enumerate(_BLOCKS, start=1)
    for i in range(1, count + 1)
}
"""The 16 convolutions in order, with their output channels.

A layer's tap is its output after ReLU, or before it where `taps` is `conv`; the next layer sees the former.
"""

LAYERS: tuple[str, ...] = tuple(CHANNELS)

BGR_MEAN = (103.939, 116.779, 123.68)
"""ImageNet channel means. Network input: RGB in [0, 1] times 255, channels reversed, minus these."""

GATYS_STYLE_LAYERS = ("conv1_1", "conv2_1", "conv3_1", "conv4_1", "conv5_1")
GATYS_CONTENT_LAYERS = ("conv4_2",)

_ALIAS = re.compile(r"(?:block|conv|relu)(\d)_(?:conv)?(\d)")


def layer_name(name: str) -> str:
    """Return the canonical name of a layer; `block4_conv2` and `relu4_2` mean `conv4_2`.

    Raises:
        UsageError: VGG-19 has no such layer.
    """
    match = _ALIAS.fullmatch(str(name).strip().lower())
    canonical = f"conv{match[1]}_{match[2]}" if match else str(name)
    if canonical not in CHANNELS:
        raise UsageError(
            f"unknown layer {name!r}; VGG-19 has conv1_1 to conv5_4.{did_you_mean(canonical, LAYERS)}"
        )
    return canonical


def short_layer(layer: str) -> str:
    """Return how a layer is written where space is dear: `4_2` for `conv4_2`; other text as it is."""
    return layer.removeprefix("conv") if layer in CHANNELS else layer


def block(layer: str) -> int:
    """Return the block, 1 to 5, a layer stands in: it sees the image after `block - 1` poolings."""
    return int(layer[4])


def in_channels(layer: str) -> int:
    """Return how many channels enter a layer."""
    position = LAYERS.index(layer)
    return CHANNELS[LAYERS[position - 1]] if position else 3


def up_to(taps: Iterable[str]) -> tuple[str, ...]:
    """Return the layers that must run to reach the deepest of `taps`, in order."""
    return LAYERS[: max(map(LAYERS.index, taps)) + 1]


def tap_shape(layer: str, height: int, width: int) -> tuple[int, int, int]:
    """Return (height, width, channels) of a tap for an image of `height` x `width`; pooling floors."""
    shrink = 1 << (block(layer) - 1)
    return height // shrink, width // shrink, CHANNELS[layer]


def smallest_side(taps: Iterable[str]) -> int:
    """Return the shortest image side, in pixels, for which every tap has at least one position."""
    return max(1 << (block(layer) - 1) for layer in taps)


def gflop_per_iteration(
    taps: Iterable[str], style_layers: Iterable[str], height: int, width: int, style_loss: str = "gram"
) -> float:
    """Estimate one iteration: forward pass, gradient with respect to the image, Gram matrices.

    A multiply-add is two operations. The backward pass costs one more convolution per layer, as only the
    image needs a gradient; a Gram matrix costs 2 N^2 M and twice that backwards. The square root that
    `wasserstein2` takes is as many products of N x N matrices as `nstbench.api.wasserstein` has.

    Returns:
        GFLOP; 101.5 for the layers of Gatys et al. at 256 x 256.
    """
    flop = 0.0
    for layer in up_to(taps):
        h, w, channels = tap_shape(layer, height, width)
        flop += 2 * 2 * 9 * in_channels(layer) * channels * h * w
    for layer in style_layers:
        h, w, channels = tap_shape(layer, height, width)
        flop += 3 * 2 * channels**2 * h * w
        flop += 3 * 2 * channels**3 * (PRODUCTS if style_loss == "wasserstein2" else 0)
    return flop / 1e9
