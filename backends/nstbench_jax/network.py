"""VGG-19 up to its deepest tap, as a Flax NNX module split once into a pure function."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import jax
import jax.numpy as jnp
from flax import nnx
from jax.lax import Precision

from nstbench.api import BGR_MEAN, CHANNELS, Static, block, in_channels, up_to
from nstbench_jax.convolution import NAMES, convolve

Taps = Mapping[str, jax.Array]
Weights = Mapping[str, Mapping[str, jax.Array]]
"""Parameters by layer, and by the names that they have in its module."""


class Vgg19(nnx.Module):
    """The convolutions up to the deepest of `taps`; calling it returns every tap."""

    def __init__(self, taps: frozenset[str], static: Static, rngs: nnx.Rngs) -> None:
        self.taps, self.pooling, self.order = taps, static.pooling, up_to(taps)
        self.linear = taps if static.taps == "conv" else frozenset()
        self.dtype = jnp.bfloat16 if static.precision == "bf16" else jnp.float32
        products = Precision.HIGHEST if static.precision == "highest" else Precision.DEFAULT
        how = {"padding": 1, "dtype": self.dtype, "precision": products, "rngs": rngs}
        for layer in self.order:
            setattr(self, layer, self._make(layer, how))

    def __call__(self, image: jax.Array) -> Taps:
        """Map an image (H, W, 3), RGB in [0, 1], to its taps, each (h, w, channels) float32."""
        x = self._rounded(image[None, :, :, ::-1] * 255.0 - jnp.asarray(BGR_MEAN))
        found = {}
        for previous, layer in zip((self.order[0], *self.order), self.order, strict=False):
            if block(layer) != block(previous):
                x = pool(x, self.pooling)
            x = self._convolve(layer, x)
            if layer in self.taps:
                found[layer] = x[0].astype(jnp.float32)
            if layer in self.linear:
                x = nnx.relu(x)
        return found

    def _make(self, layer: str, how: Mapping[str, Any]) -> Any:
        return nnx.Conv(in_channels(layer), CHANNELS[layer], (3, 3), **how)

    def _convolve(self, layer: str, x: jax.Array) -> jax.Array:
        """Return ReLU of the convolution, or the convolution itself where that is what is tapped."""
        x = getattr(self, layer)(x)
        return x if layer in self.linear else nnx.relu(x)

    def _rounded(self, x: jax.Array) -> jax.Array:
        return x.astype(self.dtype)


class Filter(nnx.Module):
    """A layer of `nstbench_jax.convolution`, its kernels one by one, as Flax names parameters."""

    def __init__(self, rectified: bool) -> None:
        self.rectified = rectified
        for name in NAMES:
            setattr(self, name, nnx.Param(jnp.zeros(())))  # its values come with each call

    def __call__(self, x: jax.Array) -> jax.Array:
        """Return the convolution of (1, H, W, in), float32, and ReLU of it if it is to be rectified."""
        return convolve(x, {name: getattr(self, name)[...] for name in NAMES}, self.rectified)


class MinimalVgg19(Vgg19):
    """The same with the convolutions of `nstbench_jax.convolution`."""

    def _make(self, layer: str, how: Mapping[str, Any]) -> Any:
        return Filter(layer not in self.linear)

    def _convolve(self, layer: str, x: jax.Array) -> jax.Array:
        found: jax.Array = getattr(self, layer)(x)
        return found

    def _rounded(self, x: jax.Array) -> jax.Array:
        """Keep float32: of bfloat16 are the weights alone, as on CPUs XLA's products of it are no faster."""
        return x


NETWORKS = {"xla": Vgg19, "winograd": MinimalVgg19}


def pool(x: jax.Array, pooling: str) -> jax.Array:
    """Take the maximum (`max`) or mean (`avg`) of 2x2 windows; an odd last row or column is dropped (floor).

    By slices, as their gradient is deterministic on GPUs, and that of select-and-scatter is not.
    """
    h, w = x.shape[1] // 2 * 2, x.shape[2] // 2 * 2
    a, b, c, d = (x[:, i:h:2, j:w:2] for i in (0, 1) for j in (0, 1))
    if pooling == "max":
        return jnp.maximum(jnp.maximum(a, b), jnp.maximum(c, d))
    return (a + b + c + d) / 4


def forward(taps: frozenset[str], static: Static, convolution: str) -> Callable[[Weights, jax.Array], Taps]:
    """Return the network as a pure function of (weights, image)."""
    network = NETWORKS[convolution]
    abstract = nnx.eval_shape(lambda: network(taps, static, nnx.Rngs(0)))
    graph, state = nnx.split(abstract)

    def apply(weights: Weights, image: jax.Array) -> Taps:
        bound = jax.tree.map(lambda leaf: leaf, state)
        nnx.replace_by_pure_dict(bound, {layer: dict(weights[layer]) for layer in abstract.order})
        seen: Taps = nnx.merge(graph, bound)(image)
        return seen

    return apply
