"""The compiled update: loss, gradient with respect to the image, Adam, clip to [0, 1]."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax

from nstbench_jax.losses import Knobs, Targets, gram, losses
from nstbench_jax.network import Weights, forward

ADAM = optax.scale_by_adam(b1=0.9, b2=0.999, eps=1e-8)
"""Kingma and Ba 2015, algorithm 1: epsilon outside the bias-corrected root."""


class Shape(NamedTuple):
    """All that a compiled update depends on; everything else is traced."""

    height: int
    width: int
    content_layers: tuple[str, ...]
    style_layers: tuple[str, ...]
    pooling: str
    precision: str
    loop: str
    chunk: int


class State(NamedTuple):
    """What an iteration changes: the image (H, W, 3) and Adam's moments and count."""

    image: jax.Array
    adam: Any


Arguments = tuple[Weights, State, Targets, Knobs]
Program = Callable[[Weights, State, Targets, Knobs, int], tuple[State, Any]]
"""(weights, state, targets, knobs, n) -> (state, losses): state is donated, losses are (>= n, 4 + layers)."""


def start_state(image: jax.Array) -> State:
    """Return the state before the first iteration."""
    return State(image, ADAM.init(image))


def compile_targets(shape: Shape) -> Callable[[Weights, jax.Array, jax.Array], Targets]:
    """Make the function (weights, content, style) -> targets; XLA compiles it for each size of image."""
    of_content = forward(frozenset(shape.content_layers), shape.pooling, shape.precision)
    of_style = forward(frozenset(shape.style_layers), shape.pooling, shape.precision)

    def targets(weights: Weights, content: jax.Array, style: jax.Array) -> Targets:
        grams = {layer: gram(tap) for layer, tap in of_style(weights, style).items()}
        return Targets(of_content(weights, content), grams)

    return jax.jit(targets)


def compile_update(shape: Shape, arguments: Arguments) -> Program:
    """Compile the update ahead of time for arguments like these; of them only shape and place count."""
    if shape.loop == "host":
        return _host_loop(jax.jit(_step(shape), donate_argnums=1).lower(*arguments).compile())
    count = jax.ShapeDtypeStruct((), jnp.int32)
    return jax.jit(_device_loop(shape), donate_argnums=1).lower(*arguments, count).compile()


def _step(shape: Shape) -> Callable[[Weights, State, Targets, Knobs], tuple[State, jax.Array]]:
    network = forward(frozenset(shape.content_layers + shape.style_layers), shape.pooling, shape.precision)

    def step(weights: Weights, state: State, targets: Targets, knobs: Knobs) -> tuple[State, jax.Array]:
        def objective(image: jax.Array) -> tuple[jax.Array, jax.Array]:
            return losses(network(weights, image), image, targets, knobs)

        gradient, values = jax.grad(objective, has_aux=True)(state.image)
        direction, adam = ADAM.update(gradient, state.adam)
        image = jnp.clip(state.image - knobs.learning_rate * direction, 0.0, 1.0)
        return State(image, adam), values

    return step


def _host_loop(step: Any) -> Program:
    """Dispatch n steps one after the other; the losses travel together at the end."""

    def run(weights: Weights, state: State, targets: Targets, knobs: Knobs, n: int) -> tuple[State, Any]:
        rows = []
        for _ in range(n):
            state, values = step(weights, state, targets, knobs)
            rows.append(values)
        return state, np.stack(jax.device_get(rows))

    return run


def _device_loop(shape: Shape) -> Program:
    """Loop on the device. n is traced, so one program serves every n up to the chunk."""
    step = _step(shape)

    def run(
        weights: Weights, state: State, targets: Targets, knobs: Knobs, n: int
    ) -> tuple[State, jax.Array]:
        def body(i: int, carry: tuple[State, jax.Array]) -> tuple[State, jax.Array]:
            state, rows = carry
            state, values = step(weights, state, targets, knobs)
            return state, rows.at[i].set(values)

        rows = jnp.zeros((shape.chunk, 4 + len(shape.style_layers)), jnp.float32)
        return jax.lax.fori_loop(0, n, body, (state, rows))

    return run
