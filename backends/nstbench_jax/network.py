"""VGG-19 up to its deepest tap, as a Flax NNX module split once into a pure function."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import jax
import jax.numpy as jnp
from flax import nnx
from jax.lax import Precision

from nstbench.api import BGR_MEAN, CHANNELS, block, in_channels, up_to

Taps = Mapping[str, jax.Array]
Weights = Mapping[str, tuple[jax.Array, jax.Array]]


class Vgg19(nnx.Module):
    """The convolutions up to the deepest of `taps`; calling it returns every tap."""

    def __init__(self, taps: frozenset[str], pooling: str, precision: str, rngs: nnx.Rngs) -> None:
        self.taps = taps
        self.pool = max_pool if pooling == "max" else average_pool
        self.order = up_to(taps)
        for layer in self.order:
            convolution = nnx.Conv(
                in_channels(layer),
                CHANNELS[layer],
                (3, 3),
                padding=1,
                dtype=jnp.bfloat16 if precision == "bf16" else jnp.float32,
                precision=Precision.HIGHEST if precision == "highest" else Precision.DEFAULT,
                rngs=rngs,
            )
            setattr(self, layer, convolution)

    def __call__(self, image: jax.Array) -> Taps:
        """Map an image (H, W, 3), RGB in [0, 1], to its taps, each (h, w, channels) float32."""
        x = (image[None, :, :, ::-1] * 255.0 - jnp.asarray(BGR_MEAN)).astype(jnp.float32)
        found = {}
        for previous, layer in zip((self.order[0], *self.order), self.order, strict=False):
            if block(layer) != block(previous):
                x = self.pool(x)
            x = nnx.relu(getattr(self, layer)(x))
            if layer in self.taps:
                found[layer] = x[0].astype(jnp.float32)
        return found


def _corners(x: jax.Array) -> list[jax.Array]:
    """Return the four pixels of each 2x2 window; an odd last row or column is dropped (floor)."""
    h, w = x.shape[1] // 2 * 2, x.shape[2] // 2 * 2
    return [x[:, i:h:2, j:w:2] for i in (0, 1) for j in (0, 1)]


def max_pool(x: jax.Array) -> jax.Array:
    """2x2 maximum of four slices: its gradient is deterministic on GPUs, select-and-scatter's is not."""
    a, b, c, d = _corners(x)
    return jnp.maximum(jnp.maximum(a, b), jnp.maximum(c, d))


def average_pool(x: jax.Array) -> jax.Array:
    """2x2 mean, the paper's option."""
    a, b, c, d = _corners(x)
    return (a + b + c + d) / 4


def forward(taps: frozenset[str], pooling: str, precision: str) -> Callable[[Weights, jax.Array], Taps]:
    """Return the network as a pure function of (weights, image)."""
    abstract = nnx.eval_shape(lambda: Vgg19(taps, pooling, precision, nnx.Rngs(0)))
    graph, state = nnx.split(abstract)

    def apply(weights: Weights, image: jax.Array) -> Taps:
        pure: dict[str, Any] = {
            layer: {"kernel": kernel, "bias": bias}
            for layer, (kernel, bias) in weights.items()
            if layer in abstract.order
        }
        bound = jax.tree.map(lambda leaf: leaf, state)
        nnx.replace_by_pure_dict(bound, pure)
        taps_of: Taps = nnx.merge(graph, bound)(image)
        return taps_of

    return apply
