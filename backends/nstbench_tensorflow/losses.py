"""Gram matrices and losses, in TensorFlow."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, NamedTuple

import tensorflow as tf

from nstbench.api import Arithmetic, Look, Static, look_by
from nstbench_tensorflow.network import Taps, Weights

_TF32_BITS = -(1 << 13)
"""Keeps sign, exponent and the upper 10 of a float32's 23 fraction bits: all that TensorFloat-32 has."""


class Given(NamedTuple):
    """What the iterations leave as it is; the numbers are tensors, so that another one traces nothing."""

    weights: Weights
    targets: Look
    numbers: Mapping[str, Any]
    guides: Mapping[str, Any] | None = None


def gram(tap: Any, split: bool, guides: Any = None) -> Any:
    """Return the (N, N) Gram matrix of an (h, w, N) tap, divided by its own number of positions h * w.

    Args:
        guides: what each position weighs instead: (h * w,), or (n, h * w) for (n, N, N).
        split: stay near float32 where TensorFlow multiplies in TensorFloat-32. That is a switch of the whole
            process, so the factors are split instead, at four products for one.
    """
    features = tf.reshape(tap, (-1, tap.shape[-1]))
    right = _parts(features, split)
    left = right if guides is None else _parts(guides[..., None] * features, split)
    product = sum(tf.matmul(a, b, transpose_a=True) for a in left for b in right)
    return product / tf.cast(tf.shape(features)[0], tf.float32) if guides is None else product


def mean(tap: Any, guides: Any = None) -> Any:
    """Return the mean (N,) of an (h, w, N) tap over its positions, which weigh what guides (h * w,) say."""
    if guides is None:
        return tf.reduce_mean(tap, axis=(0, 1))
    return tf.reduce_sum(guides[:, None] * tf.reshape(tap, (-1, tap.shape[-1])), axis=0)


def look(taps: Taps, static: Static, split: bool, guides: Mapping[str, Any] | None = None) -> Look:
    """Return what `look_by` does; `split` as for `gram`."""
    return look_by(partial(gram, split=split), mean, taps, static, guides)


def product(a: Any, b: Any, split: bool) -> Any:
    """Multiply two matrices; `split` as for `gram`."""
    return sum(tf.matmul(x, y) for x in _parts(a, split) for y in _parts(b, split))


def arithmetic(split: bool) -> Arithmetic:
    """Return the equations of the losses; `split` as for `gram`."""
    return Arithmetic(
        tf.reduce_sum,
        tf.square,
        tf.abs,
        tf.where,
        product=lambda a, b: product(a, b, split),
        identity=lambda matrix: tf.eye(matrix.shape[-1]),
    )


def _parts(x: Any, split: bool) -> tuple[Any, ...]:
    return halves(x) if split else (x,)


def halves(x: Any) -> tuple[Any, Any]:
    """Split float32 numbers into two that add up to them: the first is exact in TensorFloat-32.

    The second has 13 bits of which TensorFloat-32 keeps 11: together they are right to 2^-21. Its gradient is
    that of x, so what flows back through both is whole.
    """
    upper = tf.bitcast(tf.bitwise.bitwise_and(tf.bitcast(x, tf.int32), _TF32_BITS), tf.float32)
    upper = tf.stop_gradient(upper)
    return upper, x - upper


def reductions(rows: Any, others: Any, matrix: Any) -> dict[str, Any]:
    """Return the sums of `nstbench.api.Backend.reduce`."""
    mixed = tf.matmul(matrix, rows, transpose_b=True)
    weighted = tf.matmul(rows, tf.ones_like(matrix)) * rows
    return {
        "products": tf.reduce_sum(rows * others),
        "squares": tf.reduce_sum(tf.square(rows - others)),
        "gram": gram(rows[None], split=False),
        "mixed": tf.reduce_sum(tf.square(mixed), axis=0),
        "weighted": tf.reduce_sum(weighted, axis=1),
    }
