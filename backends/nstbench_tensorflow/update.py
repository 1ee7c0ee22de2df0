"""What is traced: targets, losses and gradient of an image, and a loop of updates."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import tensorflow as tf

from nstbench_tensorflow.losses import Knobs, Targets, gram, losses, total_variation
from nstbench_tensorflow.network import Taps, Weights, forward, pool_for
from nstbench_tensorflow.optimisers import OPTIMISERS, State


class Shape(NamedTuple):
    """All that a traced update depends on; everything else is an argument."""

    height: int
    width: int
    content_layers: tuple[str, ...]
    style_layers: tuple[str, ...]
    tv_form: str
    optimiser: str
    pooling: str
    precision: str
    split_gram: bool
    xla: bool


class View(NamedTuple):
    """An image seen through the network: losses as a vector, and the gradient of their total."""

    taps: Taps
    grams: Taps
    values: Any
    gradient: Any


class Program:
    """A `tf.function` that counts how often it was traced."""

    def __init__(self, function: Callable[..., Any], xla: bool) -> None:
        self.traces = 0
        self._function = function
        self.run = tf.function(self._counted, autograph=False, jit_compile=xla or None)

    def _counted(self, *arguments: Any) -> Any:
        self.traces += 1  # Python runs while tracing only
        return self._function(*arguments)


def trace_targets(shape: Shape) -> Program:
    """Make the function (weights, content, styles, blend) -> targets; traced for each size of image."""
    pool = pool_for(shape.pooling, xla=False)

    def targets(weights: Weights, content: Any, styles: tuple[Any, ...], blend: tuple[Any, ...]) -> Targets:
        of_content = forward(weights, content, shape.content_layers, pool, shape.precision)
        of_styles = [forward(weights, style, shape.style_layers, pool, shape.precision) for style in styles]
        grams = {
            layer: sum(
                b * gram(taps[layer], shape.split_gram) for b, taps in zip(blend, of_styles, strict=True)
            )
            for layer in shape.style_layers
        }
        return Targets(of_content, grams)

    return Program(targets, xla=False)


def trace_view(shape: Shape) -> Program:
    """Make the function (weights, image, targets, knobs) -> view."""
    return Program(_viewer(shape), xla=False)


def trace_update(shape: Shape) -> Program:
    """Make what `Session.run` calls: see `_evaluation` for L-BFGS, `_loop` for the other optimisers."""
    if shape.optimiser == "lbfgs":
        return Program(_evaluation(shape), shape.xla)
    return Program(_loop(shape), xla=False)


def _viewer(shape: Shape) -> Callable[[Weights, Any, Targets, Knobs], View]:
    layers = {*shape.content_layers, *shape.style_layers}
    pool = pool_for(shape.pooling, shape.xla)

    def view(weights: Weights, image: Any, targets: Targets, knobs: Knobs) -> View:
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(image)
            taps = forward(weights, image, layers, pool, shape.precision)
            grams = {layer: gram(taps[layer], shape.split_gram) for layer in shape.style_layers}
            tv = total_variation(image, shape.tv_form)
            total, values = losses(grams, tv, taps, targets, knobs)
        return View(taps, grams, values, tape.gradient(total, image))

    return view


def _evaluation(shape: Shape) -> Callable[[Weights, Any, Targets, Knobs], tuple[Any, Any]]:
    """Make the function (weights, image, targets, knobs) -> (losses, gradient)."""
    view = _viewer(shape)

    def evaluate(weights: Weights, image: Any, targets: Targets, knobs: Knobs) -> tuple[Any, Any]:
        seen = view(weights, image, targets, knobs)
        return seen.values, seen.gradient

    return evaluate


def _loop(shape: Shape) -> Callable[[Weights, State, Targets, Knobs, Any], Any]:
    """Make the function (weights, state, targets, knobs, n) -> losses, (n, 4 + style layers).

    n is a tensor, so any n runs without retracing.
    """
    view, update = _viewer(shape), OPTIMISERS[shape.optimiser]

    def step(weights: Weights, state: State, targets: Targets, knobs: Knobs) -> Any:
        seen = view(weights, state.image.read_value(), targets, knobs)
        update(state, seen.gradient, knobs)
        return seen.values

    # XLA compiles the step, not the loop: inside a loop of its own XLA's CPU convolutions use one core.
    compiled = tf.function(step, autograph=False, jit_compile=True) if shape.xla else step
    width = 4 + len(shape.style_layers)

    def loop(weights: Weights, state: State, targets: Targets, knobs: Knobs, n: Any) -> Any:
        _, rows = tf.while_loop(
            lambda i, _: i < n,
            lambda i, rows: (i + 1, rows.write(i, compiled(weights, state, targets, knobs))),
            (tf.constant(0), tf.TensorArray(tf.float32, n, element_shape=(width,))),
            parallel_iterations=1,
        )
        return rows.stack()

    return loop
