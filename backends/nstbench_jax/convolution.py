"""A convolution of 3 x 3 with bias, and ReLU, with half the products, and its gradient for the image alone.

Winograd's minimal filtering F(4, 3) (Lavin and Gray 2016, section 4.1) from row to row, and XLA's convolution
of 1 x 3 along each row: six of those make four rows of the output, which took twelve. In both directions it
would be a quarter of the products, but then its sums move more memory than large images leave time for, and
its errors are five times those of this one (docs/performance.md).

The gradient convolves with the kernel turned around. The kernels of both are transformed once, when the
weights are first used; left to `jax.grad`, XLA turns them around in every iteration.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from nstbench.api import Array

ROWS = 4
"""Of the output, from ROWS + 2 of the input."""

INPUT = (
    (4, 0, -5, 0, 1, 0),
    (0, -4, -4, 1, 1, 0),
    (0, 4, -4, -1, 1, 0),
    (0, -2, -1, 2, 1, 0),
    (0, 2, -1, -2, 1, 0),
    (0, 4, 0, -5, 0, 1),
)
KERNEL = ((6, 0, 0), (-4, -4, -4), (-4, 4, -4), (1, 2, 4), (1, -2, 4), (0, 0, 24))
"""In 24ths."""
OUTPUT = ((1, 1, 1, 1, 1, 0), (0, 1, -1, 2, -2, 0), (0, 1, 1, 4, 4, 0), (0, 1, -1, 8, -8, 1))
"""Lavin and Gray's B^T, G and A^T: A^T [(G g) * (B^T d)] are four sums of three products each."""


FORWARD, BACKWARD = (tuple(f"{way}{i}" for i in range(ROWS + 2)) for way in ("forward", "backward"))
NAMES = (*FORWARD, *BACKWARD, "bias")

Kernels = Mapping[str, jax.Array]
"""By NAMES: six kernels (1, 3, in, out), six (1, 3, out, in) for the gradient, and the bias (out,)."""


def transformed(kernel: Array, bias: Array) -> Mapping[str, Array]:
    """Make the kernels of a layer, on the host, from (3, 3, in, out)."""
    around = kernel[::-1, ::-1].swapaxes(2, 3)
    return dict(zip(NAMES, (*_in_rows(kernel), *_in_rows(around), bias), strict=True))


@partial(jax.custom_vjp, nondiff_argnums=(2,))
def convolve(x: jax.Array, kernels: Kernels, rectified: bool = True) -> jax.Array:
    """Return a convolution with zeros around, (1, H, W, in) to (1, H, W, out), in float32; or ReLU of it."""
    y = _filter(x, kernels, FORWARD) + kernels["bias"]
    return jax.nn.relu(y) if rectified else y


def _forward(x: jax.Array, kernels: Kernels, rectified: bool) -> tuple[jax.Array, Any]:
    y = convolve(x, kernels, rectified)
    return y, (y, kernels)


def _backward(rectified: bool, kept: tuple[jax.Array, Kernels], gradient: jax.Array) -> tuple[jax.Array, Any]:
    y, kernels = kept
    passed = jnp.where(y > 0, gradient, jnp.zeros_like(gradient)) if rectified else gradient
    unwanted = jax.tree.map(jnp.zeros_like, kernels)
    return _filter(passed, kernels, BACKWARD), unwanted


convolve.defvjp(_forward, _backward)


def _filter(x: jax.Array, kernels: Kernels, names: Sequence[str]) -> jax.Array:
    _, height, width, channels = x.shape
    tiles = -(-height // ROWS)
    rows = jnp.pad(x, ((0, 0), (1, tiles * ROWS + 1 - height), (0, 0), (0, 0)))
    last = ROWS * (tiles - 1) + 1

    def every_fourth(first: int) -> jax.Array:
        return jax.lax.slice(rows, (0, first, 0, 0), (1, first + last, width, channels), (1, ROWS, 1, 1))

    seen = _combine(INPUT, [every_fourth(i) for i in range(ROWS + 2)])
    products = [_along_rows(each, kernels[name]) for each, name in zip(seen, names, strict=True)]
    out = jnp.stack(_combine(OUTPUT, products), axis=2)
    return out.reshape(1, tiles * ROWS, width, -1)[:, :height]


def _along_rows(x: jax.Array, kernel: jax.Array) -> jax.Array:
    padding = (0, 0), (1, 1)
    return jax.lax.conv_general_dilated(
        x, kernel, (1, 1), padding, dimension_numbers=("NHWC", "HWIO", "NHWC"), precision="highest"
    )


def _combine(matrix: Sequence[Sequence[int]], terms: Sequence[jax.Array]) -> list[jax.Array]:
    """Multiply a vector of arrays by a matrix, without its zeros."""
    return [
        sum((factor * term for factor, term in zip(row, terms, strict=True) if factor), start=jnp.float32(0))
        for row in matrix
    ]


def _in_rows(kernel: Array) -> tuple[Array, ...]:
    factors = np.array(KERNEL, np.float32) / 24
    return tuple(np.tensordot(factors, kernel, axes=1)[:, None])
