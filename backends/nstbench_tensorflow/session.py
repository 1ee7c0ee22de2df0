"""One prepared problem: targets, state on the device, and the loop the clock measures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import tensorflow as tf

from nstbench.api import TV_FORMS, Array, Evaluation, LossTrace, Problem, Session
from nstbench_tensorflow.lbfgs import Lbfgs
from nstbench_tensorflow.losses import Knobs, Targets
from nstbench_tensorflow.network import Weights
from nstbench_tensorflow.optimisers import OPTIMISERS, State, start_state
from nstbench_tensorflow.update import Shape, View

if TYPE_CHECKING:
    from nstbench_tensorflow.backend import TensorFlowVgg19


@dataclass(frozen=True, slots=True)
class Posed:
    """A problem on the device, all but what the iterations change."""

    device: str
    shape: Shape
    weights: Weights
    targets: Targets
    knobs: Knobs

    def call(self, function: Callable[..., Any], image_or_state: Any, *more: Any) -> Any:
        """Call a traced function; `tf.device` holds for the calling thread only."""
        _switch_tensor_float_32(self.shape)
        with tf.device(self.device):
            return function(self.weights, image_or_state, self.targets, self.knobs, *more)


class FirstOrderSession(Session):
    """Adam or gradient descent: several updates in one call."""

    def __init__(self, backend: TensorFlowVgg19, problem: Problem) -> None:
        self._posed = pose(backend, problem)
        self._program = backend.program(self._posed.shape)
        self._state = self._start(problem.init)

    def compile(self, chunk: int) -> None:
        if self._posed.shape.xla:
            # XLA compiles at its first step, so one is taken on a state that is thrown away.
            self._call(1, self._start(self.image()))
        else:
            self._call(0, self._state)  # traces, optimises the graph and places it, without a step

    def run(self, n: int) -> LossTrace:
        return _trace(self._posed.shape, self._call(n, self._state), n)

    def image(self) -> Array:
        return np.array(self._state.image.numpy())

    def close(self) -> None:
        del self._posed, self._state

    def _start(self, image: Any) -> State:
        with tf.device(self._posed.device):
            return start_state(tf.constant(image), self._posed.shape.optimiser)

    def _call(self, n: int, state: State) -> Array:
        rows: Array = self._posed.call(
            self._program.run, state, tf.constant(n)
        ).numpy()  # waits for the device
        return rows


class LbfgsSession(Session):
    """L-BFGS on the host; losses and gradient come from the device."""

    def __init__(self, backend: TensorFlowVgg19, problem: Problem) -> None:
        self._posed = pose(backend, problem)
        self._program = backend.program(self._posed.shape)
        self._search = Lbfgs(self._evaluate, problem.init)

    def compile(self, chunk: int) -> None:
        self._evaluate(self._search.image)

    def run(self, n: int) -> LossTrace:
        before = self._search.evaluations
        rows = np.empty((n, 4 + len(self._posed.shape.style_layers)), np.float32)
        for row in rows:
            row[:] = self._search.step()
        return _trace(self._posed.shape, rows, self._search.evaluations - before)

    def image(self) -> Array:
        return self._search.image.copy()

    def close(self) -> None:
        self._search.close()
        del self._posed, self._search

    def _evaluate(self, image: Array) -> tuple[Array, Array]:
        values, gradient = self._posed.call(self._program.run, tf.constant(image))
        return values.numpy(), gradient.numpy()


def pose(backend: TensorFlowVgg19, problem: Problem) -> Posed:
    """Take a problem to the device and compute its targets."""
    shape = _shape(backend, problem)
    _switch_tensor_float_32(shape)
    with tf.device(backend.device):
        styles = tuple(tf.constant(style) for style in problem.styles)
        blend = tuple(_number(weight) for weight in problem.style_blend)
        targets = backend.targets(shape).run(backend.weights, tf.constant(problem.content), styles, blend)
        knobs = _knobs(problem)
    tf.test.experimental.sync_devices()
    return Posed(backend.device, shape, backend.weights, targets, knobs)


def evaluate(backend: TensorFlowVgg19, problem: Problem) -> Evaluation:
    """Show taps, Gram matrices and gradient of the starting image."""
    posed = pose(backend, problem)
    seen: View = posed.call(backend.view(posed.shape).run, tf.constant(problem.init))
    return Evaluation(
        {layer: tap.numpy() for layer, tap in seen.taps.items()},
        {layer: matrix.numpy() for layer, matrix in seen.grams.items()},
        seen.gradient.numpy(),
    )


def _shape(backend: TensorFlowVgg19, problem: Problem) -> Shape:
    problem.expect(
        optimiser=("lbfgs", *OPTIMISERS),
        tv_form=TV_FORMS,
        pooling=("max", "avg"),
        precision=("highest", "default", "bf16"),
    )
    height, width, _ = problem.content.shape
    return Shape(
        height,
        width,
        content_layers=tuple(problem.content_layers),
        style_layers=tuple(problem.style_layers),
        tv_form=problem.tv_form,
        optimiser=problem.optimiser,
        pooling=problem.pooling,
        precision=problem.precision,
        split_gram=problem.precision == "default" and backend.device != "/CPU:0",
        xla=bool(problem.options.get("xla", False)),
    )


def _switch_tensor_float_32(shape: Shape) -> None:
    # A switch of the whole process, so it is thrown before each use, not once.
    tf.config.experimental.enable_tensor_float_32_execution(shape.precision == "default")


def _trace(shape: Shape, rows: Array, evaluations: int) -> LossTrace:
    layers = {layer: rows[:, 4 + i] for i, layer in enumerate(sorted(shape.style_layers))}
    total, content, style, tv = rows[:, :4].T
    return LossTrace(total, content, style, tv, style_layers=layers, evaluations=evaluations)


def _knobs(problem: Problem) -> Knobs:
    return Knobs(
        _number(problem.alpha),
        _number(problem.beta),
        _number(problem.tv_weight),
        _number(problem.learning_rate),
        _number(problem.learning_rate_decay),
        _number(problem.adam_beta1),
        _number(problem.adam_epsilon),
        {layer: _number(weight) for layer, weight in problem.content_layers.items()},
        {layer: _number(weight) for layer, weight in problem.style_layers.items()},
    )


def _number(value: float) -> Any:
    return tf.constant(value, tf.float32)
