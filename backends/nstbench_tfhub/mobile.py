"""Rebuild Magenta's mobile network as a TensorFlow SavedModel that takes pictures of any size.

It ships as two quantised ONNX graphs of fixed sizes (256 x 256 style, 384 x 384 content). Their weights,
turned to float, run here in NHWC with dynamic sizes, behind the signature of the TF-Hub module.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from nstbench_tfhub.graph import Graph, read_graph
from nstbench_tfhub.source import MobileFiles, cache_folder

_TRANSLATOR = 2
"""To be raised whenever the rebuilt network changes, so that cached ones are made anew."""


def mobile_module(files: MobileFiles) -> Path:
    """Return the folder of the rebuilt SavedModel, making it on the first call (some seconds)."""
    recipe = f"{files.sha256} {_TRANSLATOR} {tf.__version__}"
    folder = cache_folder() / f"magenta-mobile-{hashlib.sha256(recipe.encode()).hexdigest()[:12]}"
    if not folder.is_dir():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix="unfinished-") as unfinished:
            save(files, Path(unfinished) / "module")
            _publish(Path(unfinished) / "module", folder)
    return folder


def _publish(made: Path, folder: Path) -> None:
    try:
        made.rename(folder)
    except OSError:
        # Another process finished the same network first, and its files are as good.
        if not folder.is_dir():
            raise


def save(files: MobileFiles, folder: Path) -> None:
    """Write the rebuilt network: `module(content, style)` gives a tuple of one picture, like TF-Hub's.

    All are float32 RGB in [0, 1] of shape (N, H, W, 3). The pastiche is 4 * ceil(H / 4) by 4 * ceil(W / 4).
    `module.style_vector(style)` gives the (N, 1, 1, 100) vector in between, and `module.transform(content,
    vector)` what comes after it.
    """
    predict, transform = read_graph(files.predict), read_graph(files.transform)
    pictures = tf.TensorSpec([None, None, None, 3], tf.float32)

    module = tf.Module()

    def style_vector(style: Any) -> Any:
        return run_graph(predict, style)

    def with_vector(content: Any, vector: Any) -> Any:
        return (run_graph(transform, content, vector),)

    def stylise(content: Any, style: Any) -> Any:
        return module.transform(content, module.style_vector(style))

    vectors = tf.TensorSpec([None, 1, 1, 100], tf.float32)
    module.style_vector = tf.function(style_vector, input_signature=[pictures], autograph=False)
    module.transform = tf.function(with_vector, input_signature=[pictures, vectors], autograph=False)
    module.__call__ = tf.function(stylise, input_signature=[pictures, pictures], autograph=False)
    tf.saved_model.save(module, str(folder))


def run_graph(graph: Graph, *inputs: Any) -> Any:
    """Run the steps on NHWC tensors, given in the order of `graph.inputs`."""
    values = {**graph.constants, **dict(zip(graph.inputs, inputs, strict=True))}
    for step in graph.steps:
        operands = [values[name] for name in step.inputs]
        values[step.output] = _OPERATIONS[step.operation](step.attributes, *operands)
    return values[graph.output]


def _convolve(attributes: Mapping[str, Any], x: Any, kernel: Any, bias: Any) -> Any:
    # The shipped pads, (1, 1) at stride 1 and (0, 1) at stride 2, are what SAME meant at the shipped, even
    # sizes; SAME is what the network was trained with and also right for odd ones.
    padding = "SAME" if any(attributes.get("pads", ())) else "VALID"
    down, across = attributes["strides"]
    if attributes["group"] > 1:
        depthwise = np.transpose(kernel, (2, 3, 0, 1))
        y = tf.nn.depthwise_conv2d(x, depthwise, [1, down, across, 1], padding)
    else:
        y = tf.nn.conv2d(x, np.transpose(kernel, (2, 3, 1, 0)), [down, across], padding)
    return tf.nn.bias_add(y, bias)


def _reflect(_: Mapping[str, Any], x: Any, pads: Any) -> Any:
    # ONNX lists pads in the layout of its moment, NCHW or NHWC; here all four sides always get the same.
    side = [int(pads.max())] * 2
    return tf.pad(x, [[0, 0], side, side, [0, 0]], "REFLECT")


def _enlarge(_: Mapping[str, Any], x: Any, __: Any, scales: Any) -> Any:
    factor = int(scales.max())
    return x if factor == 1 else tf.image.resize(x, factor * tf.shape(x)[1:3], "nearest")


_OPERATIONS: Mapping[str, Callable[..., Any]] = {
    "Add": lambda _, x, y: x + y,
    "Clip": lambda _, x, low, high: tf.clip_by_value(x, low, high),
    "Conv": _convolve,
    "GlobalAveragePool": lambda _, x: tf.reduce_mean(x, [1, 2], keepdims=True),
    "Mul": lambda _, x, y: x * y,
    "Pad": _reflect,
    "Reciprocal": lambda _, x: tf.math.reciprocal(x),
    "Relu": lambda _, x: tf.nn.relu(x),
    "Resize": _enlarge,
    "Sigmoid": lambda _, x: tf.sigmoid(x),
    "Sqrt": lambda _, x: tf.sqrt(x),
    "Sub": lambda _, x, y: x - y,
}
