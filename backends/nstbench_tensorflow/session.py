"""One prepared problem: targets, state on the device, and the loop the clock measures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import tensorflow as tf

from nstbench.api import Array, LossTrace, Problem, Session
from nstbench_tensorflow.losses import Knobs
from nstbench_tensorflow.update import Shape, make_targets, start_state

if TYPE_CHECKING:
    from nstbench_tensorflow.backend import TensorFlowVgg19


class TensorFlowSession(Session):
    """A problem on the device."""

    def __init__(self, backend: TensorFlowVgg19, problem: Problem) -> None:
        self._backend = backend
        self._weights = backend.weights
        height, width, _ = problem.content.shape
        self._shape = Shape(
            height,
            width,
            content_layers=tuple(problem.content_layers),
            style_layers=tuple(problem.style_layers),
            pooling=problem.pooling,
            precision=problem.precision,
            xla=bool(problem.options.get("xla", False)),
            chunk=1,
        )
        # TF32 is a switch of the whole process; see NVIDIA's Ampere and later GPUs.
        tf.config.experimental.enable_tensor_float_32_execution(problem.precision != "highest")
        with tf.device(backend.device):
            content, style = tf.constant(problem.content), tf.constant(problem.style)
            self._targets = make_targets(self._shape, self._weights, content, style)
            self._state = start_state(tf.constant(problem.init))
            self._knobs = _knobs(problem)

    def compile(self, chunk: int) -> None:
        self._shape = self._shape._replace(chunk=max(chunk, self._shape.chunk))
        self._call(0)  # traces, optimises the graph and places it, without taking a step

    def run(self, n: int) -> LossTrace:
        if n > self._shape.chunk:
            self.compile(n)
        rows = self._call(n)[:n]
        layers = {layer: rows[:, 4 + i] for i, layer in enumerate(self._shape.style_layers)}
        total, content, style, tv = rows[:, :4].T
        return LossTrace(total, content, style, tv, style_layers=layers, evaluations=n)

    def image(self) -> Array:
        return np.array(self._state.image.numpy())

    def close(self) -> None:
        del self._targets, self._state, self._knobs

    def _call(self, n: int) -> Array:
        program = self._backend.program(self._shape)
        with tf.device(self._backend.device):
            values = program.run(self._weights, self._state, self._targets, self._knobs, tf.constant(n))
        rows: Array = values.numpy()  # waits for the device
        return rows


def _knobs(problem: Problem) -> Knobs:
    numbers = (problem.alpha, problem.beta, problem.tv_weight, problem.learning_rate)
    weights = (list(problem.content_layers.values()), list(problem.style_layers.values()))
    return Knobs(*(tf.constant(value, tf.float32) for value in (*numbers, *weights)))
