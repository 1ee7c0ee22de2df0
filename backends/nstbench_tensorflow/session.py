"""One prepared problem: targets, state on the device, and the loop the clock measures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import tensorflow as tf

from nstbench.api import (
    Array,
    Evaluation,
    LbfgsSession,
    LossTrace,
    OptimiserState,
    Problem,
    Session,
    guides_of,
    guides_of_styles,
    loss_trace,
    numbers,
    static_part,
)
from nstbench_tensorflow.losses import Given
from nstbench_tensorflow.network import Weights
from nstbench_tensorflow.optimisers import State, start_state
from nstbench_tensorflow.update import Program, Recipe, trace_targets, trace_view


@dataclass(frozen=True, slots=True)
class Posed:
    """A problem on the device, all but what the iterations change."""

    device: str
    recipe: Recipe
    given: Given

    def call(self, function: Callable[..., Any], image_or_state: Any, *more: Any) -> Any:
        """Call a traced function; `tf.device` holds for the calling thread only."""
        _switch_tensor_float_32(self.recipe)
        with tf.device(self.device):
            return function(image_or_state, self.given, *more)

    def evaluate(self, program: Program, image: Array) -> tuple[Array, Array]:
        """Return the row of losses of an image and the gradient of their total."""
        row, gradient = self.call(program.run, tf.constant(image))
        return row.numpy(), gradient.numpy()

    def trace(self, rows: Array, evaluations: int) -> LossTrace:
        """Name the losses in rows."""
        return loss_trace(rows, self.recipe.static.style_layers, evaluations)


class FirstOrderSession(Session):
    """Adam or gradient descent: several updates in one call."""

    def __init__(self, posed: Posed, program: Program, problem: Problem) -> None:
        self._posed, self._program = posed, program
        self._state = self._start(problem.init, problem.state)

    def compile(self, chunk: int) -> None:
        if self._posed.recipe.xla:
            # XLA compiles at its first step, so one is taken on a state that is thrown away.
            self._call(1, self._start(self.image()))
        else:
            self._call(0, self._state)  # traces, optimises the graph and places it, without a step

    def run(self, n: int) -> LossTrace:
        return self._posed.trace(self._call(n, self._state), n)

    def image(self) -> Array:
        return np.array(self._state.average.numpy())

    def state(self) -> OptimiserState:
        moments = tuple(np.array(each.numpy()) for each in self._state.moments)
        return OptimiserState(int(self._state.step.numpy()), moments)

    def close(self) -> None:
        del self._posed, self._state

    def _start(self, image: Array, before: OptimiserState | None = None) -> State:
        with tf.device(self._posed.device):
            return start_state(tf.constant(image), self._posed.recipe.static.optimiser, before)

    def _call(self, n: int, state: State) -> Array:
        rows: Array = self._posed.call(
            self._program.run, state, tf.constant(n)
        ).numpy()  # waits for the device
        return rows


def open_session(posed: Posed, program: Program, problem: Problem) -> Session:
    """Start from the problem's image, with its optimiser."""
    static = posed.recipe.static
    if static.optimiser == "lbfgs":
        return LbfgsSession(partial(posed.evaluate, program), problem.init, static.style_layers)
    return FirstOrderSession(posed, program, problem)


def pose(problem: Problem, device: str, weights: Weights, xla: bool) -> Posed:
    """Take a problem to the device and compute its targets."""
    static = static_part(problem)
    recipe = Recipe(static, split_products=static.precision == "default" and device != "/CPU:0", xla=xla)
    _switch_tensor_float_32(recipe)
    with tf.device(device):
        content, *styles = map(tf.constant, (problem.content, *problem.styles))
        shares = tuple(tf.constant(share, tf.float32) for share in problem.style_blend)
        program = trace_targets(replace(recipe, static=static.of_targets(), xla=False))
        guides, of_styles = tf.nest.map_structure(_constant, (guides_of(problem), guides_of_styles(problem)))
        targets = program.run(weights, content, tuple(styles), shares, of_styles)
        tensors = {name: tf.constant(value, tf.float32) for name, value in numbers(problem).items()}
    tf.test.experimental.sync_devices()
    return Posed(device, recipe, Given(weights, targets, tensors, guides))


def evaluate(posed: Posed, image: Array) -> Evaluation:
    """Show taps, Gram matrices and gradient of an image."""
    program = trace_view(replace(posed.recipe, static=posed.recipe.static.of_evaluation(), xla=False))
    seen, _, gradient = posed.call(program.run, tf.constant(image))
    parts = seen.taps, seen.grams, gradient
    return Evaluation(*tf.nest.map_structure(lambda tensor: tensor.numpy(), parts))


def _constant(array: Array | None) -> Any:
    return None if array is None else tf.constant(array)


def _switch_tensor_float_32(recipe: Recipe) -> None:
    # A switch of the whole process, so it is thrown before each use, not once.
    tf.config.experimental.enable_tensor_float_32_execution(recipe.static.precision == "default")
