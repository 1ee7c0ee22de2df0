"""What is traced: targets, losses and gradient of an image, and a loop of updates."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import tensorflow as tf

from nstbench.api import Look, Static
from nstbench_tensorflow.losses import Given, arithmetic, look
from nstbench_tensorflow.network import Weights, forward, pool_for
from nstbench_tensorflow.optimisers import State, take_step


@dataclass(frozen=True, slots=True)
class Recipe:
    """All that a traced function depends on; everything else is an argument."""

    static: Static
    split_products: bool
    xla: bool


class Program:
    """A `tf.function` that counts how often it was traced."""

    def __init__(self, function: Callable[..., Any], xla: bool = False) -> None:
        self.traces = 0
        self._function = function
        self.run = tf.function(self._counted, autograph=False, jit_compile=xla or None)

    def _counted(self, *arguments: Any) -> Any:
        self.traces += 1  # Python runs while tracing only
        return self._function(*arguments)


@cache
def trace_targets(recipe: Recipe) -> Program:
    """Make the function (weights, content, styles, shares, guides) -> targets; traced for each size."""
    static, pool = recipe.static, pool_for(recipe.static.pooling, xla=False)

    def targets(weights: Weights, content: Any, styles: Any, shares: Any, guides: Any) -> Look:
        of_content = forward(weights, content, static.content_layers, pool, static)
        seen = []
        for style, own in zip(styles, guides, strict=True):
            taps = forward(weights, style, static.style_layers, pool, static)
            seen.append(look(taps, static, recipe.split_products, own))
        stack = tf.stack if static.regions else None
        return arithmetic(recipe.split_products).aim(of_content, seen, shares, stack)

    return Program(targets)


@cache
def trace_view(recipe: Recipe) -> Program:
    """Make the function (image, given) -> (taps and Gram matrices, row of losses, gradient)."""
    return Program(_viewer(recipe))


def trace_update(recipe: Recipe) -> Program:
    """Make what `Session.run` calls: see `_evaluation` for L-BFGS, `_loop` for the other optimisers."""
    if recipe.static.optimiser == "lbfgs":
        return Program(_evaluation(recipe), recipe.xla)
    return Program(_loop(recipe))


def _viewer(recipe: Recipe) -> Callable[[Any, Given], tuple[Look, Any, Any]]:
    static, pool = recipe.static, pool_for(recipe.static.pooling, recipe.xla)
    of = arithmetic(recipe.split_products)

    def view(image: Any, given: Given) -> tuple[Look, Any, Any]:
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(image)
            taps = forward(given.weights, image, static.layers, pool, static)
            seen = look(taps, static, recipe.split_products, given.guides)
            tv = of.total_variation(image, static.tv_form)
            row = of.losses(given.numbers, seen, given.targets, tv)
        return seen, tf.stack(row), tape.gradient(row[0], image)

    return view


def _evaluation(recipe: Recipe) -> Callable[[Any, Given], tuple[Any, Any]]:
    """Make the function (image, given) -> (row of losses, gradient)."""
    view = _viewer(recipe)
    return lambda image, given: view(image, given)[1:]


def _loop(recipe: Recipe) -> Callable[[State, Given, Any], Any]:
    """Make the function (state, given, n) -> rows of losses; n is a tensor: any n runs without retracing."""
    static, view = recipe.static, _viewer(recipe)

    def step(given: Given, state: State) -> Any:
        _, row, gradient = view(state.image.read_value(), given)
        take_step(static.optimiser, state, gradient, given.numbers)
        return row

    # XLA compiles the step, not the loop: inside a loop of its own XLA's CPU convolutions use one core.
    compiled = tf.function(step, autograph=False, jit_compile=True) if recipe.xla else step

    def loop(state: State, given: Given, n: Any) -> Any:
        _, rows = tf.while_loop(
            lambda i, _: i < n,
            lambda i, rows: (i + 1, rows.write(i, compiled(given, state))),
            (tf.constant(0), tf.TensorArray(tf.float32, n, element_shape=(static.width_of_row,))),
            parallel_iterations=1,
        )
        return rows.stack()

    return loop
