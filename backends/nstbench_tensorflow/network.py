"""VGG-19 up to its deepest tap, as plain TensorFlow operations."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

import tensorflow as tf

from nstbench.api import BGR_MEAN, Static, block, up_to

Pool = Callable[[Any], Any]
Taps = Mapping[str, Any]
Weights = Mapping[str, tuple[Any, Any]]


def forward(weights: Weights, image: Any, taps: Collection[str], pool: Pool, static: Static) -> Taps:
    """Map an image (H, W, 3), RGB in [0, 1], to its taps, each (h, w, channels) float32."""
    dtype = tf.bfloat16 if static.precision == "bf16" else tf.float32
    x = tf.cast(image[None, :, :, ::-1] * 255.0 - tf.constant(BGR_MEAN), dtype)
    order = up_to(taps)
    found = {}
    for previous, layer in zip((order[0], *order), order, strict=False):
        if block(layer) != block(previous):
            x = pool(x)
        kernel, bias = (tf.cast(parameter, dtype) for parameter in weights[layer])
        linear = tf.nn.bias_add(tf.nn.conv2d(x, kernel, 1, "SAME"), bias)
        x = tf.nn.relu(linear)
        if layer in taps:
            found[layer] = tf.cast((linear if static.taps == "conv" else x)[0], tf.float32)
    return found


def pool_for(pooling: str, xla: bool) -> Pool:
    """Return the pooling over 2x2 windows, `max` or `avg`, that suits TensorFlow or XLA."""
    if pooling == "max" and xla:
        return _max_of_slices
    kind = tf.nn.max_pool2d if pooling == "max" else tf.nn.avg_pool2d
    return lambda x: kind(x, 2, 2, "VALID")


def _max_of_slices(x: Any) -> Any:
    """XLA has no deterministic gradient of max pooling on GPUs: tensorflow/tensorflow#69417."""
    h, w = x.shape[1] // 2 * 2, x.shape[2] // 2 * 2
    a, b, c, d = (x[:, i:h:2, j:w:2] for i in (0, 1) for j in (0, 1))
    return tf.maximum(tf.maximum(a, b), tf.maximum(c, d))
