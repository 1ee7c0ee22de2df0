"""The compiled update: loss, gradient with respect to the image, Adam, clip to [0, 1]."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
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


Program = Callable[[Weights, State, Targets, Knobs, int], tuple[State, jax.Array]]
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


def compile_update(shape: Shape, weights: Weights, device: jax.Device) -> Program:
    """Compile the update for one shape of problem ahead of time."""
    arguments = _abstract_arguments(shape, weights, device)
    if shape.loop == "host":
        compiled = jax.jit(_step(shape), donate_argnums=1).lower(*arguments).compile()
        return _host_loop(compiled)
    count = jax.ShapeDtypeStruct((), jnp.int32, sharding=jax.sharding.SingleDeviceSharding(device))
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

    def run(
        weights: Weights, state: State, targets: Targets, knobs: Knobs, n: int
    ) -> tuple[State, jax.Array]:
        rows = []
        for _ in range(n):
            state, values = step(weights, state, targets, knobs)
            rows.append(values)
        return state, jnp.stack(jax.device_get(rows))

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


def _abstract_arguments(shape: Shape, weights: Weights, device: jax.Device) -> tuple[Any, ...]:
    """Describe the arguments of an update by shape alone, without computing anything."""

    def describe(image: jax.Array, weights: Weights) -> tuple[Any, ...]:
        network = forward(frozenset(shape.content_layers + shape.style_layers), shape.pooling, "default")
        taps = network(weights, image)
        targets = Targets(
            {layer: taps[layer] for layer in shape.content_layers},
            {layer: gram(taps[layer]) for layer in shape.style_layers},
        )
        number = jnp.zeros(())
        of_layers = (dict.fromkeys(layers, number) for layers in (shape.content_layers, shape.style_layers))
        knobs = Knobs(number, number, number, number, *of_layers)
        return weights, start_state(image), targets, knobs

    image = jax.ShapeDtypeStruct((shape.height, shape.width, 3), jnp.float32)
    place = jax.sharding.SingleDeviceSharding(device)
    return jax.tree.map(
        lambda leaf: jax.ShapeDtypeStruct(leaf.shape, leaf.dtype, sharding=place),
        jax.eval_shape(describe, image, weights),
    )
