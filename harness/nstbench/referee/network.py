"""VGG-19 forwards and backwards in plain NumPy: one matrix product for every block of rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import DTypeLike, NDArray

from nstbench.api import BGR_MEAN, UsageError, VggWeights, block, smallest_side, up_to

Floats: TypeAlias = "NDArray[np.floating[Any]]"

PATCH_BYTES = 1 << 22
"""Size of the matrix of 3x3 patches that is multiplied at once: a quarter or four times it is slower."""

CORNERS = ((0, 0), (0, 1), (1, 0), (1, 1))


@dataclass(frozen=True, slots=True, eq=False)
class Vgg19:
    """The network as the referee computes it.

    Attributes:
        pooling: `max` or `avg`, both 2 x 2 with stride 2; an odd last row or column is dropped.
        dtype: float32 or float64, of every tap and gradient.
        where: layers are tapped, after `relu` or before it, `conv`.
    """

    weights: VggWeights
    pooling: str = "max"
    dtype: DTypeLike = np.float64
    where: str = "relu"

    def forward(self, image: Floats, layers: Iterable[str]) -> Iterator[tuple[str, Floats]]:
        """Yield each layer's tap down to the deepest of `layers`, keeping only the one it works on.

        Raises:
            UsageError: not a picture, too small for the deepest layer, or no such pooling.
        """
        layers = up_to(layers)
        x = _network_input(image, layers[-1], self.dtype)
        for previous, layer in _steps(layers):
            if previous and block(previous) != block(layer):
                x = _pool(x, self.pooling)
            kernel, bias = (np.asarray(parameter, self.dtype) for parameter in self.weights[layer])
            x = convolve(x, kernel)
            x += bias
            if self.where == "conv":
                yield layer, x
                x = np.maximum(x, 0)
            else:
                np.maximum(x, 0, out=x)
                yield layer, x

    def taps(self, image: Floats, layers: Iterable[str]) -> dict[str, Floats]:
        """Return the taps of some layers; raises what `forward` does."""
        wanted = frozenset(layers)
        return {layer: tap for layer, tap in self.forward(image, wanted) if layer in wanted}

    def backward(self, taps: Mapping[str, Floats], seeds: Mapping[str, Floats]) -> Floats:
        """Return the gradient of a loss with respect to the image, (H, W, 3).

        Args:
            taps: of every layer down to the deepest seed.
            seeds: layer -> the loss's own gradient with respect to that layer's tap.
        """
        layers = up_to(seeds)
        gradient = np.zeros_like(taps[layers[-1]])
        for previous, layer in reversed(_steps(layers)):
            seed, passed = seeds.get(layer, 0), taps[layer] > 0
            gradient = gradient * passed + seed if self.where == "conv" else (gradient + seed) * passed
            # Correlation's adjoint is correlation with the kernel turned around and its channels exchanged.
            kernel = np.asarray(self.weights[layer][0], self.dtype)[::-1, ::-1].swapaxes(2, 3)
            gradient = convolve(gradient, kernel)
            if previous and block(previous) != block(layer):
                gradient = _unpool(gradient, np.maximum(taps[previous], 0), self.pooling)
        return gradient[..., ::-1] * 255


def taps(
    weights: VggWeights,
    image: Floats,
    layers: Iterable[str],
    pooling: str = "max",
    dtype: DTypeLike = np.float64,
) -> dict[str, Floats]:
    """Return the taps (post-ReLU outputs) of some layers.

    Args:
        image: (H, W, 3) RGB in [0, 1].
        layers: canonical names.
        pooling: `max` or `avg`.

    Returns:
        Layer -> (h, w, N) of `dtype`.

    Raises:
        UsageError: not a picture, too small for the deepest layer, or no such pooling.
    """
    return Vgg19(weights, pooling, dtype).taps(image, layers)


def convolve(x: Floats, kernel: Floats, patch_bytes: int = PATCH_BYTES) -> Floats:
    """Correlate (h, w, n) with a kernel (3, 3, n, m), zeros around the edges; returns (h, w, m)."""
    height, width, channels = x.shape
    matrix = kernel.reshape(9 * channels, -1)
    out = np.empty((height, width, matrix.shape[1]), x.dtype)
    rows = min(height, max(1, patch_bytes // (width * 9 * channels * x.itemsize)))
    padded = np.zeros((rows + 2, width + 2, channels), x.dtype)
    # Three neighbours in a row lie next to each other in memory, so a patch is three runs of 3 n numbers.
    window = as_strided(padded, (rows, width, 3, 3 * channels), (*padded.strides[:2], *padded.strides[::2]))
    patches = np.empty((rows, width, 3, 3 * channels), x.dtype)
    for top in range(0, height, rows):
        count = min(rows, height - top)
        above, below = max(top - 1, 0), min(top + count + 1, height)
        padded[0], padded[count + 1] = 0, 0
        padded[above - top + 1 : below - top + 1, 1:-1] = x[above:below]
        np.copyto(patches[:count], window[:count])
        some = patches[:count].reshape(count * width, -1)
        np.matmul(some, matrix, out=out[top : top + count].reshape(count * width, -1))
    return out


def _steps(layers: Sequence[str]) -> list[tuple[str, str]]:
    """Pair each layer with the one before it; the first with nothing."""
    return list(zip(("", *layers), layers, strict=False))


def _network_input(image: Floats, deepest: str, dtype: DTypeLike) -> Floats:
    shape = np.shape(image)
    if len(shape) != 3 or shape[2] != 3:
        raise UsageError(f"a picture of shape {shape}; the referee takes (height, width, 3), RGB in [0, 1]")
    smallest = smallest_side([deepest])
    if min(shape[:2]) < smallest:
        raise UsageError(
            f"a picture of {shape[1]} x {shape[0]} pixels; {deepest} sees nothing below {smallest} a side"
        )
    x: Floats = np.asarray(image, dtype)[..., ::-1] * 255 - np.array(BGR_MEAN, dtype)
    return x


def _corners(x: Floats) -> list[Floats]:
    """Return views of the upper left, upper right, lower left and lower right of every 2 x 2 window."""
    height, width = x.shape[0] // 2 * 2, x.shape[1] // 2 * 2
    return [x[dy:height:2, dx:width:2] for dy, dx in CORNERS]


def _pool(x: Floats, pooling: str) -> Floats:
    a, b, c, d = _corners(x)
    pooled: Floats
    if pooling == "max":
        pooled = np.maximum(np.maximum(a, b), np.maximum(c, d))
    elif pooling == "avg":
        pooled = (a + b + c + d) / 4
    else:
        raise UsageError(f"unknown pooling {pooling!r}; known: avg, max")
    return pooled


def _unpool(gradient: Floats, x: Floats, pooling: str) -> Floats:
    """Send the gradient of a pooling back to its input x; of equal maxima the first has it all."""
    out = np.zeros_like(x)
    pooled = _pool(x, pooling)
    free = np.ones(pooled.shape, bool)
    for corner, value in zip(_corners(out), _corners(x), strict=True):
        if pooling == "avg":
            corner[...] = gradient / 4
            continue
        won = free & (value == pooled)
        corner[...] = gradient * won
        free &= ~won
    return out
