"""The losses of `nstbench.api.losses`, in JAX."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax.lax import Precision

from nstbench.api import ROUNDING
from nstbench_jax.network import Taps


class Knobs(NamedTuple):
    """Numbers that may change without recompiling: all are traced."""

    alpha: jax.Array
    beta: jax.Array
    tv_weight: jax.Array
    learning_rate: jax.Array
    learning_rate_decay: jax.Array
    adam_beta1: jax.Array
    adam_epsilon: jax.Array
    content_weights: Mapping[str, jax.Array]
    style_weights: Mapping[str, jax.Array]


class Targets(NamedTuple):
    """What the pastiche is pulled towards: content taps and style Gram matrices."""

    content: Taps
    style: Taps


def gram(tap: jax.Array) -> jax.Array:
    """Return the (N, N) Gram matrix of an (h, w, N) tap, divided by its own number of positions h * w."""
    features = tap.reshape(-1, tap.shape[-1])
    return jnp.matmul(features.T, features, precision=Precision.HIGHEST) / features.shape[0]


def blend(styles: Sequence[Taps], shares: Sequence[jax.Array]) -> Taps:
    """Return the target Gram matrices A_l = sum b_i Gram(style_i) from the taps of each style image."""
    return {
        layer: sum(
            (share * gram(taps[layer]) for share, taps in zip(shares, styles, strict=True)),
            start=jnp.float32(0),
        )
        for layer in styles[0]
    }


def total_variation(image: jax.Array, form: str) -> jax.Array:
    """Return the total variation of an (H, W, 3) image in one of `nstbench.api.TV_FORMS`."""
    down, right = jnp.diff(image, axis=0), jnp.diff(image, axis=1)
    if form == "squared":
        return jnp.sum(jnp.square(down)) + jnp.sum(jnp.square(right))
    if form == "absolute":
        return jnp.sum(jnp.abs(down)) + jnp.sum(jnp.abs(right))
    return jnp.sum((jnp.square(down[:, :-1]) + jnp.square(right[:-1])) ** 1.25)


def distance(seen: jax.Array, target: jax.Array) -> jax.Array:
    """Return sum (seen - target)^2, or 0 where that is less than `nstbench.api.ROUNDING` can make."""
    squares = jnp.sum(jnp.square(seen - target))
    return jnp.where(squares < ROUNDING**2 * jnp.sum(jnp.square(target)), 0.0, squares)


def losses(
    taps: Taps, image: jax.Array, targets: Targets, knobs: Knobs, tv_form: str
) -> tuple[jax.Array, jax.Array]:
    """Return (total, vector): total, content, style, tv, then E_l of the style layers in sorted order."""
    content = sum(
        weight * 0.5 * distance(taps[layer], targets.content[layer])
        for layer, weight in knobs.content_weights.items()
    )
    energies = {
        layer: distance(gram(taps[layer]), target) / (4.0 * target.shape[0] ** 2)
        for layer, target in sorted(targets.style.items())
    }
    style = sum(weight * energies[layer] for layer, weight in knobs.style_weights.items())
    tv = total_variation(image, tv_form)
    total = knobs.alpha * content + knobs.beta * style + knobs.tv_weight * tv
    return total, jnp.stack([total, content, style, tv, *energies.values()])


def reductions(rows: jax.Array, others: jax.Array, matrix: jax.Array) -> dict[str, jax.Array]:
    """Return the sums of `nstbench.api.Backend.reduce`."""

    def mixed(row: jax.Array) -> jax.Array:
        return jnp.sum(jnp.square(jnp.matmul(matrix, row, precision=Precision.HIGHEST)))

    weighted = jnp.matmul(rows, jnp.ones_like(matrix), precision=Precision.HIGHEST) * rows
    return {
        "products": jnp.sum(rows * others),
        "squares": jnp.sum(jnp.square(rows - others)),
        "gram": gram(rows[None]),
        "mixed": jax.vmap(mixed)(rows),
        "weighted": jnp.sum(weighted, axis=1),
    }
