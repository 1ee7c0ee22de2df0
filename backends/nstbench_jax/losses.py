"""The losses of `nstbench.api.losses`, in JAX."""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax.lax import Precision

from nstbench_jax.network import Taps


class Knobs(NamedTuple):
    """Numbers that may change without recompiling: all are traced."""

    alpha: jax.Array
    beta: jax.Array
    tv_weight: jax.Array
    learning_rate: jax.Array
    content_weights: jax.Array
    style_weights: jax.Array


class Targets(NamedTuple):
    """What the pastiche is pulled towards: content taps and style Gram matrices."""

    content: Taps
    style: Taps


def gram(tap: jax.Array) -> jax.Array:
    """Return the (N, N) Gram matrix of an (h, w, N) tap, divided by its own number of positions h * w."""
    features = tap.reshape(-1, tap.shape[-1])
    return jnp.matmul(features.T, features, precision=Precision.HIGHEST) / features.shape[0]


def total_variation(image: jax.Array) -> jax.Array:
    """Return the summed squares of differences between neighbouring pixels."""
    return jnp.sum(jnp.square(jnp.diff(image, axis=0))) + jnp.sum(jnp.square(jnp.diff(image, axis=1)))


def losses(taps: Taps, image: jax.Array, targets: Targets, knobs: Knobs) -> tuple[jax.Array, jax.Array]:
    """Return (total, vector): the vector is total, content, style, tv, then E_l for each style layer."""
    content_terms = [
        0.5 * jnp.sum(jnp.square(taps[layer] - target)) for layer, target in targets.content.items()
    ]
    style_terms = [
        jnp.sum(jnp.square(gram(taps[layer]) - target)) / (4.0 * target.shape[0] ** 2)
        for layer, target in targets.style.items()
    ]
    content = jnp.dot(knobs.content_weights, jnp.stack(content_terms))
    style = jnp.dot(knobs.style_weights, jnp.stack(style_terms))
    tv = total_variation(image)
    total = knobs.alpha * content + knobs.beta * style + knobs.tv_weight * tv
    return total, jnp.stack([total, content, style, tv, *style_terms])
