"""Read a quantised ONNX graph as a short list of float steps; NumPy and onnx only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nstbench.api import AssetError

# Between float steps in NHWC these change nothing: the reshapes and transposes only move an image or a 1 x 1
# map between layouts, and quantising merely rounds.
_PASS_THROUGH = frozenset(["QuantizeLinear", "DequantizeLinear", "Reshape", "Transpose"])


@dataclass(frozen=True, slots=True)
class Step:
    """One operation: the names of its inputs in ONNX's order, and of the one value it makes."""

    operation: str
    inputs: tuple[str, ...]
    output: str
    attributes: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Graph:
    """A network in float.

    Attributes:
        inputs, output: names of values.
        constants: name -> array, in ONNX's layouts (convolution kernels are OIHW).
        steps: in an order in which they can run.
    """

    inputs: tuple[str, ...]
    output: str
    constants: Mapping[str, NDArray[Any]]
    steps: tuple[Step, ...]


def read_graph(path: Path) -> Graph:
    """Read an ONNX file, turning quantised weights to float and dropping the rounding of activations.

    Raises:
        AssetError: the package `onnx` is missing.
    """
    try:
        import onnx
    except ImportError as error:
        raise AssetError(f"{path}: reading it needs onnx: pip install 'nstbench[bundled]'") from error
    graph = onnx.load(path).graph
    constants = {each.name: onnx.numpy_helper.to_array(each) for each in graph.initializer}
    same_as: dict[str, str] = {}
    steps = []
    for node in graph.node:
        inputs = tuple(same_as.get(name, name) for name in node.input)
        attributes = {each.name: onnx.helper.get_attribute_value(each) for each in node.attribute}
        if node.op_type == "DequantizeLinear" and inputs[0] in constants:
            constants[node.output[0]] = _dequantise(*(constants[name] for name in inputs))
        elif node.op_type in _PASS_THROUGH:
            same_as[node.output[0]] = inputs[0]
        else:
            steps.append(Step(node.op_type, inputs, node.output[0], attributes))
    output = graph.output[0].name
    return Graph(
        tuple(each.name for each in graph.input), same_as.get(output, output), constants, tuple(steps)
    )


def _dequantise(codes: NDArray[Any], scale: NDArray[Any], zero: NDArray[Any]) -> NDArray[Any]:
    """Compute (codes - zero) * scale; a scale per output channel belongs to the first axis."""
    shape = (-1, *[1] * (codes.ndim - 1)) if scale.ndim else ()
    steps = codes.astype(np.float32) - zero.astype(np.float32).reshape(shape)
    return np.asarray(steps * scale.reshape(shape), np.float32)
