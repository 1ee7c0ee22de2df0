"""The losses of `nstbench.api.losses`, in TensorFlow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import tensorflow as tf

from nstbench_tensorflow.network import Taps


class Knobs(NamedTuple):
    """Numbers that may change without retracing: all are tensors."""

    alpha: Any
    beta: Any
    tv_weight: Any
    learning_rate: Any
    content_weights: Mapping[str, Any]
    style_weights: Mapping[str, Any]


class Targets(NamedTuple):
    """What the pastiche is pulled towards: content taps and style Gram matrices."""

    content: Taps
    style: Taps


def gram(tap: Any) -> Any:
    """Return the (N, N) Gram matrix of an (h, w, N) tap, divided by its own number of positions h * w."""
    features = tf.reshape(tap, (-1, tap.shape[-1]))
    return tf.matmul(features, features, transpose_a=True) / tf.cast(tf.shape(features)[0], tf.float32)


def total_variation(image: Any) -> Any:
    """Return the summed squares of differences between neighbouring pixels."""
    return tf.reduce_sum((image[1:] - image[:-1]) ** 2) + tf.reduce_sum((image[:, 1:] - image[:, :-1]) ** 2)


def losses(taps: Taps, image: Any, targets: Targets, knobs: Knobs) -> tuple[Any, Any]:
    """Return (total, vector): total, content, style, tv, then E_l of the style layers in sorted order."""
    content = sum(
        weight * 0.5 * tf.reduce_sum(tf.square(taps[layer] - targets.content[layer]))
        for layer, weight in knobs.content_weights.items()
    )
    energies = {
        layer: tf.reduce_sum(tf.square(gram(taps[layer]) - target)) / (4.0 * target.shape[0] ** 2)
        for layer, target in sorted(targets.style.items())
    }
    style = sum(weight * energies[layer] for layer, weight in knobs.style_weights.items())
    tv = total_variation(image)
    total = knobs.alpha * content + knobs.beta * style + knobs.tv_weight * tv
    return total, tf.stack([total, content, style, tv, *energies.values()])
