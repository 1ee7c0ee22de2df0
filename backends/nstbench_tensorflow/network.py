"""VGG-19 up to its deepest tap, as plain TensorFlow operations."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import tensorflow as tf

from nstbench.api import BGR_MEAN, block, up_to

Taps = Mapping[str, Any]
Weights = Mapping[str, tuple[Any, Any]]


def forward(weights: Weights, image: Any, taps: Collection[str], pooling: str, precision: str) -> Taps:
    """Map an image (H, W, 3), RGB in [0, 1], to its taps, each (h, w, channels) float32."""
    dtype = tf.bfloat16 if precision == "bf16" else tf.float32
    pool = tf.nn.max_pool2d if pooling == "max" else tf.nn.avg_pool2d
    x = tf.cast(image[None, :, :, ::-1] * 255.0 - tf.constant(BGR_MEAN), dtype)
    order = up_to(taps)
    found = {}
    for previous, layer in zip((order[0], *order), order, strict=False):
        if block(layer) != block(previous):
            x = pool(x, 2, 2, "VALID")
        kernel, bias = (tf.cast(parameter, dtype) for parameter in weights[layer])
        x = tf.nn.relu(tf.nn.bias_add(tf.nn.conv2d(x, kernel, 1, "SAME"), bias))
        if layer in taps:
            found[layer] = tf.cast(x[0], tf.float32)
    return found
