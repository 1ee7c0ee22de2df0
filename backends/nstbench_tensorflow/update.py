"""The traced update: loss, gradient with respect to the image, Adam, clip to [0, 1]."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import tensorflow as tf

from nstbench_tensorflow.losses import Knobs, Targets, gram, losses
from nstbench_tensorflow.network import Weights, forward

BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-8


class Shape(NamedTuple):
    """All that a traced update depends on; everything else is an argument."""

    height: int
    width: int
    content_layers: tuple[str, ...]
    style_layers: tuple[str, ...]
    pooling: str
    precision: str
    xla: bool


class State(NamedTuple):
    """What an iteration changes: the image (H, W, 3), Adam's moments and its count of steps."""

    image: tf.Variable
    first: tf.Variable
    second: tf.Variable
    step: tf.Variable


def start_state(image: Any) -> State:
    """Return the state before the first iteration."""
    zero = tf.zeros_like(image)
    return State(tf.Variable(image), tf.Variable(zero), tf.Variable(zero), tf.Variable(0.0))


def trace_targets(shape: Shape) -> Callable[[Weights, Any, Any], Targets]:
    """Make the function (weights, content, style) -> targets; TensorFlow traces it for each size of image."""

    def targets(weights: Weights, content: Any, style: Any) -> Targets:
        of_content = forward(weights, content, shape.content_layers, shape.pooling, shape.precision)
        of_style = forward(weights, style, shape.style_layers, shape.pooling, shape.precision)
        return Targets(of_content, {layer: gram(tap) for layer, tap in of_style.items()})

    return tf.function(targets)


def adam(state: State, gradient: Any, learning_rate: Any) -> None:
    """Update the image in place and clip it (Kingma and Ba 2015, algorithm 1)."""
    step = state.step.assign_add(1.0)
    first = state.first.assign(BETA1 * state.first + (1.0 - BETA1) * gradient)
    second = state.second.assign(BETA2 * state.second + (1.0 - BETA2) * tf.square(gradient))
    direction = (first / (1.0 - BETA1**step)) / (tf.sqrt(second / (1.0 - BETA2**step)) + EPSILON)
    state.image.assign(tf.clip_by_value(state.image - learning_rate * direction, 0.0, 1.0))


class Program:
    """Several iterations as one `tf.function`; n is a tensor, so any n runs without retracing."""

    def __init__(self, shape: Shape) -> None:
        self.traces = 0
        self._shape = shape
        self.run = tf.function(self._run)
        # XLA compiles the step, not the loop: inside a loop of its own XLA's CPU convolutions use one core.
        self._compiled_step = tf.function(self._step, jit_compile=True) if shape.xla else self._step

    def _run(self, weights: Weights, state: State, targets: Targets, knobs: Knobs, n: Any) -> Any:
        """Return the losses, (n, 4 + style layers)."""
        self.traces += 1  # Python runs while tracing only
        width = 4 + len(self._shape.style_layers)
        rows = tf.TensorArray(tf.float32, n, element_shape=(width,))
        _, rows = tf.while_loop(
            lambda i, _: i < n,
            lambda i, rows: (i + 1, rows.write(i, self._compiled_step(weights, state, targets, knobs))),
            (tf.constant(0), rows),
            parallel_iterations=1,
        )
        return rows.stack()

    def _step(self, weights: Weights, state: State, targets: Targets, knobs: Knobs) -> Any:
        shape = self._shape
        layers = {*shape.content_layers, *shape.style_layers}
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(state.image)
            image = state.image.read_value()
            taps = forward(weights, image, layers, shape.pooling, shape.precision)
            total, values = losses(taps, image, targets, knobs)
        adam(state, tape.gradient(total, state.image), knobs.learning_rate)
        return values
