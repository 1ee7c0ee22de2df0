"""Gram matrices and losses, in JAX."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax.lax import Precision

from nstbench.api import Arithmetic, Look, Static, look_by
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
    guides: Mapping[str, jax.Array] | None = None


def gram(tap: jax.Array, guides: jax.Array | None = None) -> jax.Array:
    """Return the (N, N) Gram matrix of an (h, w, N) tap, divided by its own number of positions h * w.

    With guides each position weighs what they say instead: (h * w,), or (n, h * w) for (n, N, N).

    Both factors are the tap, and as a loss of Gram matrices has a symmetric gradient, both send back the
    same: that of one is taken twice, which is a product less in each iteration.
    """
    features = tap.reshape(-1, tap.shape[-1])
    held = jax.lax.stop_gradient(features)
    seen = product((held if guides is None else guides[..., None] * held).mT, features)
    whole = seen + (seen - jax.lax.stop_gradient(seen))
    return whole / features.shape[0] if guides is None else whole


def mean(tap: jax.Array, guides: jax.Array | None = None) -> jax.Array:
    """Return the mean (N,) of an (h, w, N) tap over its positions, which weigh what guides (h * w,) say."""
    if guides is None:
        return jnp.mean(tap, axis=(0, 1))
    return jnp.sum(guides[:, None] * tap.reshape(-1, tap.shape[-1]), axis=0)


look = partial(look_by, gram, mean)


def losses(taps: Taps, image: jax.Array, given: Given, static: Static) -> tuple[jax.Array, jax.Array]:
    """Return the total, and the row of losses."""
    seen = look(taps, static, given.guides)
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
