"""The losses of `nstbench.api.losses`, in TensorFlow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import tensorflow as tf

from nstbench.api import ROUNDING
from nstbench_tensorflow.network import Taps

_TF32_BITS = -(1 << 13)
"""Keeps sign, exponent and the upper 10 of a float32's 23 fraction bits: all that TensorFloat-32 has."""


class Knobs(NamedTuple):
    """Numbers that may change without retracing: all are tensors."""

    alpha: Any
    beta: Any
    tv_weight: Any
    learning_rate: Any
    learning_rate_decay: Any
    adam_beta1: Any
    adam_epsilon: Any
    content_weights: Mapping[str, Any]
    style_weights: Mapping[str, Any]


class Targets(NamedTuple):
    """What the pastiche is pulled towards: content taps and style Gram matrices."""

    content: Taps
    style: Taps


def gram(tap: Any, split: bool) -> Any:
    """Return the (N, N) Gram matrix of an (h, w, N) tap, divided by its own number of positions h * w.

    Args:
        split: stay near float32 where TensorFlow multiplies in TensorFloat-32. That is a switch of the whole
            process, so the factors are split instead, at four products for one.
    """
    features = tf.reshape(tap, (-1, tap.shape[-1]))
    parts = halves(features) if split else (features,)
    product = sum(tf.matmul(a, b, transpose_a=True) for a in parts for b in parts)
    return product / tf.cast(tf.shape(features)[0], tf.float32)


def halves(x: Any) -> tuple[Any, Any]:
    """Split float32 numbers into two that add up to them: the first is exact in TensorFloat-32.

    The second has 13 bits of which TensorFloat-32 keeps 11: together they are right to 2^-21. Its gradient is
    that of x, so what flows back through both is whole.
    """
    upper = tf.bitcast(tf.bitwise.bitwise_and(tf.bitcast(x, tf.int32), _TF32_BITS), tf.float32)
    upper = tf.stop_gradient(upper)
    return upper, x - upper


def total_variation(image: Any, form: str) -> Any:
    """Return one of `TV_FORMS` of an (H, W, 3) image."""
    dy, dx = image[1:] - image[:-1], image[:, 1:] - image[:, :-1]
    if form == "absolute":
        return tf.reduce_sum(tf.abs(dy)) + tf.reduce_sum(tf.abs(dx))
    if form == "mahendran":
        return tf.reduce_sum((tf.square(dy[:, :-1]) + tf.square(dx[:-1])) ** 1.25)
    return tf.reduce_sum(tf.square(dy)) + tf.reduce_sum(tf.square(dx))


def distance(seen: Any, target: Any) -> Any:
    """Return sum (seen - target)^2, or 0 where that is less than `nstbench.api.ROUNDING` can make."""
    squares = tf.reduce_sum(tf.square(seen - target))
    return tf.where(squares < ROUNDING**2 * tf.reduce_sum(tf.square(target)), 0.0, squares)


def losses(grams: Taps, tv: Any, taps: Taps, targets: Targets, knobs: Knobs) -> tuple[Any, Any]:
    """Return (total, vector): total, content, style, tv, then E_l of the style layers in sorted order."""
    content = sum(
        weight * 0.5 * distance(taps[layer], targets.content[layer])
        for layer, weight in knobs.content_weights.items()
    )
    energies = {
        layer: distance(grams[layer], target) / (4.0 * target.shape[0] ** 2)
        for layer, target in sorted(targets.style.items())
    }
    style = sum(weight * energies[layer] for layer, weight in knobs.style_weights.items())
    total = knobs.alpha * content + knobs.beta * style + knobs.tv_weight * tv
    return total, tf.stack([total, content, style, tv, *energies.values()])


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
