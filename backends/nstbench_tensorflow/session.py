"""One prepared problem: targets, state on the device, and the loop the clock measures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import tensorflow as tf

from nstbench.api import Array, LossTrace, Problem, Session
from nstbench_tensorflow.losses import Knobs
from nstbench_tensorflow.update import Shape, State, start_state

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
        )
        # A switch of the whole process: with `default`, Gram matrices on recent GPUs are TF32 too.
        tf.config.experimental.enable_tensor_float_32_execution(problem.precision == "default")
        with tf.device(backend.device):
            content, style = tf.constant(problem.content), tf.constant(problem.style)
            self._targets = backend.targets(self._shape)(self._weights, content, style)
            self._state = start_state(tf.constant(problem.init))
            self._knobs = _knobs(problem)
        tf.test.experimental.sync_devices()

    def compile(self, chunk: int) -> None:
        if self._shape.xla:
            # XLA compiles at its first step, so one is taken on a state that is thrown away.
            self._call(1, start_state(self._state.image))
        else:
            self._call(0, self._state)  # traces, optimises the graph and places it, without a step

    def run(self, n: int) -> LossTrace:
        rows = self._call(n, self._state)
        layers = {layer: rows[:, 4 + i] for i, layer in enumerate(sorted(self._shape.style_layers))}
        total, content, style, tv = rows[:, :4].T
        return LossTrace(total, content, style, tv, style_layers=layers, evaluations=n)

    def image(self) -> Array:
        return np.array(self._state.image.numpy())

    def close(self) -> None:
        del self._targets, self._state, self._knobs

    def _call(self, n: int, state: State) -> Array:
        program = self._backend.program(self._shape)
        with tf.device(self._backend.device):
            values = program.run(self._weights, state, self._targets, self._knobs, tf.constant(n))
        rows: Array = values.numpy()  # waits for the device
        return rows


def _knobs(problem: Problem) -> Knobs:
    def number(value: float) -> Any:
        return tf.constant(value, tf.float32)

    return Knobs(
        number(problem.alpha),
        number(problem.beta),
        number(problem.tv_weight),
        number(problem.learning_rate),
        {layer: number(weight) for layer, weight in problem.content_layers.items()},
        {layer: number(weight) for layer, weight in problem.style_layers.items()},
    )
