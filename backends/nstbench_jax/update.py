"""The compiled programs: targets, evaluation, and the first-order update and its loops."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from nstbench_jax.losses import Knobs, Targets, blend, gram, losses
from nstbench_jax.network import Taps, Weights, forward
from nstbench_jax.optimisers import State, take_step


class Shape(NamedTuple):
    """All that a compiled update depends on; everything else is traced."""

    height: int
    width: int
    content_layers: tuple[str, ...]
    style_layers: tuple[str, ...]
    tv_form: str
    optimiser: str
    pooling: str
    precision: str
    loop: str
    unroll: int
    chunk: int


Arguments = tuple[Weights, Any, Targets, Knobs]


@dataclass(frozen=True, slots=True)
class Program:
    """A compiled update.

    Attributes:
        run: (weights, state, targets, knobs, n) -> (state, losses, evaluations). The losses are
            (>= n, 4 + layers). A first-order update may reuse the memory of the state it was given.
        compiled: the executable with the arithmetic of iterations, or of one evaluation for L-BFGS.
        steps: how many iterations' arithmetic stands in it.
    """

    run: Callable[[Weights, Any, Targets, Knobs, int], tuple[Any, Any, int]]
    compiled: Any
    steps: int = 1


def objective(shape: Shape) -> Callable[[Weights, jax.Array, Targets, Knobs], tuple[jax.Array, jax.Array]]:
    """Make (weights, image, targets, knobs) -> (gradient of the total, vector of losses)."""
    network = forward(frozenset(shape.content_layers + shape.style_layers), shape.pooling, shape.precision)

    def total(
        weights: Weights, image: jax.Array, targets: Targets, knobs: Knobs
    ) -> tuple[jax.Array, jax.Array]:
        return losses(network(weights, image), image, targets, knobs, shape.tv_form)

    return jax.grad(total, argnums=1, has_aux=True)


def compile_targets(shape: Shape) -> Callable[..., Targets]:
    """Make (weights, content, styles, shares) -> targets; XLA compiles it for each set of image sizes."""
    of_content = forward(frozenset(shape.content_layers), shape.pooling, shape.precision)
    of_style = forward(frozenset(shape.style_layers), shape.pooling, shape.precision)

    def targets(
        weights: Weights,
        content: jax.Array,
        styles: tuple[jax.Array, ...],
        shares: tuple[jax.Array, ...],
    ) -> Targets:
        return Targets(
            of_content(weights, content), blend([of_style(weights, style) for style in styles], shares)
        )

    return jax.jit(targets)


def compile_evaluation(shape: Shape) -> Callable[..., tuple[Taps, Taps, jax.Array]]:
    """Make (weights, image, targets, knobs) -> (taps, Gram matrices, gradient)."""
    network = forward(frozenset(shape.content_layers + shape.style_layers), shape.pooling, shape.precision)
    gradient_of = objective(shape)

    def evaluate(
        weights: Weights, image: jax.Array, targets: Targets, knobs: Knobs
    ) -> tuple[Taps, Taps, jax.Array]:
        taps = network(weights, image)
        grams = {layer: gram(taps[layer]) for layer in shape.style_layers}
        return taps, grams, gradient_of(weights, image, targets, knobs)[0]

    return jax.jit(evaluate)


def compile_update(shape: Shape, arguments: Arguments) -> Program:
    """Compile the update ahead of time for arguments like these; of them only shape and place count."""
    if shape.loop == "host":
        return _host_loop(jax.jit(_step(shape), donate_argnums=1).lower(*arguments).compile())
    count = jax.ShapeDtypeStruct((), jnp.int32)
    loop = jax.jit(_device_loop(shape), donate_argnums=1).lower(*arguments, count).compile()
    return _one_call(loop, steps=shape.unroll + (shape.unroll > 1))


def counted_flop(compiled: Any) -> float | None:
    """Return the floating-point operations that XLA counts in an executable, or None where it cannot.

    The body of a loop counts once if the number of rounds is not known to XLA, as in `_device_loop`. A custom
    call counts for nothing, and that is how GPUs reach cuBLAS and cuDNN: a program with one has a sum without
    its convolutions (https://github.com/jax-ml/jax/issues/22249), which is worse than none.
    """
    text = compiled.as_text()
    if text is None or "custom_call_target=" in text:
        return None
    analysis = compiled.cost_analysis()
    if isinstance(analysis, list | tuple):  # one for each program, in older versions of JAX
        analysis = analysis[0] if analysis else None
    flop = float((analysis or {}).get("flops", -1))  # -1 stands for unknown
    return flop if flop > 0 else None


def _step(shape: Shape) -> Callable[[Weights, State, Targets, Knobs], tuple[State, jax.Array]]:
    gradient_of = objective(shape)

    def step(weights: Weights, state: State, targets: Targets, knobs: Knobs) -> tuple[State, jax.Array]:
        gradient, values = gradient_of(weights, state.image, targets, knobs)
        return take_step(shape.optimiser, state, gradient, knobs), values

    return step


def _host_loop(step: Any) -> Program:
    """Dispatch n steps one after the other; the losses travel together at the end."""

    def run(weights: Weights, state: State, targets: Targets, knobs: Knobs, n: int) -> tuple[State, Any, int]:
        rows = []
        for _ in range(n):
            state, values = step(weights, state, targets, knobs)
            rows.append(values)
        return state, np.stack(jax.device_get(rows)), n

    return Program(run, step)


def _one_call(loop: Any, steps: int) -> Program:
    def run(weights: Weights, state: State, targets: Targets, knobs: Knobs, n: int) -> tuple[State, Any, int]:
        state, rows = loop(weights, state, targets, knobs, n)
        return state, rows, n

    return Program(run, loop, steps)


def _device_loop(shape: Shape) -> Callable[..., tuple[State, jax.Array]]:
    """Loop on the device, `unroll` iterations a round, and what is left over one by one.

    n is traced, so one program serves every n up to the chunk.
    """
    step = _step(shape)

    def run(
        weights: Weights, state: State, targets: Targets, knobs: Knobs, n: int
    ) -> tuple[State, jax.Array]:
        def one(i: int, carry: tuple[State, jax.Array]) -> tuple[State, jax.Array]:
            state, rows = carry
            state, values = step(weights, state, targets, knobs)
            return state, rows.at[i].set(values)

        def several(i: int, carry: tuple[State, jax.Array]) -> tuple[State, jax.Array]:
            for k in range(shape.unroll):
                carry = one(i * shape.unroll + k, carry)
            return carry

        carry, done = (state, jnp.zeros((shape.chunk, 4 + len(shape.style_layers)), jnp.float32)), 0
        if shape.unroll > 1:
            carry = jax.lax.fori_loop(0, n // shape.unroll, several, carry)
            done = n // shape.unroll * shape.unroll
        return jax.lax.fori_loop(done, n, one, carry)

    return run
