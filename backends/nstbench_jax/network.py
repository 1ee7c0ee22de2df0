"""VGG-19 up to its deepest tap, as a Flax NNX module split once into a pure function."""

from __future__ import annotations

from collections.abc import Callable, Mapping

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
        self.taps, self.pooling, self.order = taps, pooling, up_to(taps)
        dtype = jnp.bfloat16 if precision == "bf16" else jnp.float32
        products = Precision.HIGHEST if precision == "highest" else Precision.DEFAULT
        how = {"padding": 1, "dtype": dtype, "precision": products, "rngs": rngs}
        for layer in self.order:
            setattr(self, layer, nnx.Conv(in_channels(layer), CHANNELS[layer], (3, 3), **how))

    def __call__(self, image: jax.Array) -> Taps:
        """Map an image (H, W, 3), RGB in [0, 1], to its taps, each (h, w, channels) float32."""
        x = (image[None, :, :, ::-1] * 255.0 - jnp.asarray(BGR_MEAN)).astype(jnp.float32)
        found = {}
        for previous, layer in zip((self.order[0], *self.order), self.order, strict=False):
            if block(layer) != block(previous):
                x = pool(x, self.pooling)
            x = nnx.relu(getattr(self, layer)(x))
            if layer in self.taps:
                found[layer] = x[0].astype(jnp.float32)
        return found


def pool(x: jax.Array, pooling: str) -> jax.Array:
    """Take the maximum (`max`) or mean (`avg`) of 2x2 windows; an odd last row or column is dropped (floor).

    By slices, as their gradient is deterministic on GPUs, and that of select-and-scatter is not.
    """
    h, w = x.shape[1] // 2 * 2, x.shape[2] // 2 * 2
    a, b, c, d = (x[:, i:h:2, j:w:2] for i in (0, 1) for j in (0, 1))
    if pooling == "max":
        return jnp.maximum(jnp.maximum(a, b), jnp.maximum(c, d))
    return (a + b + c + d) / 4


def forward(taps: frozenset[str], pooling: str, precision: str) -> Callable[[Weights, jax.Array], Taps]:
    """Return the network as a pure function of (weights, image)."""
    abstract = nnx.eval_shape(lambda: Vgg19(taps, pooling, precision, nnx.Rngs(0)))
    graph, state = nnx.split(abstract)

    def apply(weights: Weights, image: jax.Array) -> Taps:
        bound = jax.tree.map(lambda leaf: leaf, state)
        named = {layer: {"kernel": weights[layer][0], "bias": weights[layer][1]} for layer in abstract.order}
        nnx.replace_by_pure_dict(bound, named)
        seen: Taps = nnx.merge(graph, bound)(image)
        return seen

    return apply
