"""Gram matrices and losses, in JAX."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax.lax import Precision

from nstbench.api import Arithmetic, Look, Static
from nstbench_jax.network import Taps, Weights

product = partial(jnp.matmul, precision=Precision.HIGHEST)


def _identity(matrix: jax.Array) -> jax.Array:
    return jnp.eye(matrix.shape[-1])


ARITHMETIC = Arithmetic(jnp.sum, jnp.square, jnp.abs, jnp.where, jnp.diff, product, _identity)


class Given(NamedTuple):
    """What the iterations leave as it is; all of it is traced, so that another number compiles nothing."""

    weights: Weights
    targets: Look
    numbers: Mapping[str, jax.Array]


def gram(tap: jax.Array) -> jax.Array:
    """Return the (N, N) Gram matrix of an (h, w, N) tap, divided by its own number of positions h * w.

    Both factors are the tap, and as a loss of Gram matrices has a symmetric gradient, both send back the
    same: that of one is taken twice, which is a product less in each iteration.
    """
    features = tap.reshape(-1, tap.shape[-1])
    seen = product(jax.lax.stop_gradient(features).T, features)
    return (seen + (seen - jax.lax.stop_gradient(seen))) / features.shape[0]


def look(taps: Taps, static: Static) -> Look:
    """Return what the style losses compare of taps, and the taps."""
    means = static.style_layers if static.style_loss == "wasserstein2" else ()
    return Look(
        taps,
        {layer: gram(taps[layer]) for layer in static.style_layers},
        {layer: jnp.mean(taps[layer], axis=(0, 1)) for layer in means},
    )


def losses(taps: Taps, image: jax.Array, given: Given, static: Static) -> tuple[jax.Array, jax.Array]:
    """Return the total, and the row of losses."""
    seen = look(taps, static)
    tv = ARITHMETIC.total_variation(image, static.tv_form)
    row = ARITHMETIC.losses(given.numbers, seen, given.targets, tv)
    return row[0], jnp.stack(row)


def reductions(rows: jax.Array, others: jax.Array, matrix: jax.Array) -> dict[str, jax.Array]:
    """Return the sums of `nstbench.api.Backend.reduce`."""
    return {
        "products": jnp.sum(rows * others),
        "squares": jnp.sum(jnp.square(rows - others)),
        "gram": gram(rows[None]),
        "mixed": jax.vmap(lambda row: jnp.sum(jnp.square(product(matrix, row))))(rows),
        "weighted": jnp.sum(product(rows, jnp.ones_like(matrix)) * rows, axis=1),
    }
