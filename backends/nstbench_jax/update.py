"""The compiled programs: targets, evaluation, and the first-order update and its loops."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from nstbench.api import Look, Problem, Static, static_part
from nstbench_jax.losses import ARITHMETIC, Given, look, losses
from nstbench_jax.network import Taps, Weights, forward
from nstbench_jax.optimisers import State, take_step


@dataclass(frozen=True, slots=True)
class Recipe:
    """All that a compiled update depends on; everything else is an argument.

    Attributes:
        convolution: a key of `NETWORKS`.
        loop: where iterations loop, `host` or `device`.
        unroll, chunk: iterations in a round of the loop on the device, and the most in a call of it.
    """

    static: Static
    convolution: str
    loop: str
    unroll: int
    chunk: int = 1


def recipe_for(problem: Problem, convolution: str, loop: str, unroll: int) -> Recipe:
    """Say what to compile; L-BFGS needs the host, wherever others loop."""
    static = static_part(problem)
    return Recipe(static, convolution, "host" if static.optimiser == "lbfgs" else loop, unroll)


@dataclass(frozen=True, slots=True)
class Program:
    """A compiled update.

    Attributes:
        run: (state, given, n) -> (state, losses, evaluations). The losses are (>= n, 4 + style layers). A
            first-order update may reuse the memory of the state it was given.
        compiled: the executable with the arithmetic of iterations, or of one evaluation for L-BFGS.
        steps: how many iterations' arithmetic stands in it.
    """

    run: Callable[[Any, Given, int], tuple[Any, Any, int]]
    compiled: Any
    steps: int = 1


def objective(static: Static, convolution: str) -> Callable[[jax.Array, Given], tuple[jax.Array, jax.Array]]:
    """Make (image, given) -> (gradient of the total, row of losses)."""
    network = forward(static.layers, static, convolution)

    def total(image: jax.Array, given: Given) -> tuple[jax.Array, jax.Array]:
        return losses(network(given.weights, image), image, given, static)

    return jax.grad(total, has_aux=True)


@cache
def compile_targets(static: Static, convolution: str) -> Callable[..., Look]:
    """Make (weights, content, styles, shares, guides) -> targets; XLA compiles it for each set of sizes."""
    of_content, of_style = (
        forward(frozenset(layers), static, convolution)
        for layers in (static.content_layers, static.style_layers)
    )

    def targets(weights: Weights, content: Any, styles: Any, shares: Any, guides: Any) -> Look:
        both = zip(styles, guides, strict=True)
        seen = [look(of_style(weights, style), static, own) for style, own in both]
        stack = jnp.stack if static.regions else None
        return ARITHMETIC.aim(of_content(weights, content), seen, shares, stack)

    return jax.jit(targets)


@cache
def compile_evaluation(
    static: Static, convolution: str
) -> Callable[[jax.Array, Given], tuple[Taps, Taps, jax.Array]]:
    """Make (image, given) -> (taps, Gram matrices, gradient)."""
    network = forward(static.layers, static, convolution)
    gradient_of = objective(static, convolution)

    def evaluate(image: jax.Array, given: Given) -> tuple[Taps, Taps, jax.Array]:
        taps = network(given.weights, image)
        grams = look(taps, static, given.guides).grams
        return taps, grams, gradient_of(image, given)[0]

    return jax.jit(evaluate)


def compile_update(recipe: Recipe, state: State, given: Given) -> Program:
    """Compile the update ahead of time for arguments like these; of them only shape and place count."""
    if recipe.loop == "host":
        return _host_loop(jax.jit(_step(recipe), donate_argnums=0).lower(state, given).compile())
    count = jax.ShapeDtypeStruct((), jnp.int32)
    loop = jax.jit(_device_loop(recipe), donate_argnums=0).lower(state, given, count).compile()
    steps = recipe.unroll + (recipe.unroll > 1)
    return Program(lambda state, given, n: (*loop(state, given, n), n), loop, steps)


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


def _step(recipe: Recipe) -> Callable[[State, Given], tuple[State, jax.Array]]:
    gradient_of = objective(recipe.static, recipe.convolution)

    def step(state: State, given: Given) -> tuple[State, jax.Array]:
        gradient, row = gradient_of(state.image, given)
        return take_step(recipe.static.optimiser, state, gradient, given.numbers), row

    return step


def _host_loop(step: Any) -> Program:
    """Dispatch n steps one after the other; the losses travel together at the end."""

    def run(state: State, given: Given, n: int) -> tuple[State, Any, int]:
        rows = []
        for _ in range(n):
            state, row = step(state, given)
            rows.append(row)
        return state, np.stack(jax.device_get(rows)), n

    return Program(run, step)


def _device_loop(recipe: Recipe) -> Callable[[State, Given, Any], tuple[State, jax.Array]]:
    """Loop on the device, `unroll` iterations a round, and what is left over one by one.

    n is traced, so one program serves every n up to the chunk.
    """
    step, unroll = _step(recipe), recipe.unroll

    def run(state: State, given: Given, n: Any) -> tuple[State, jax.Array]:
        def one(i: Any, carry: tuple[State, jax.Array]) -> tuple[State, jax.Array]:
            state, row = step(carry[0], given)
            return state, carry[1].at[i].set(row)

        def several(i: Any, carry: tuple[State, jax.Array]) -> tuple[State, jax.Array]:
            for k in range(unroll):
                carry = one(i * unroll + k, carry)
            return carry

        carry, done = (state, jnp.zeros((recipe.chunk, recipe.static.width_of_row), jnp.float32)), 0
        if unroll > 1:
            carry = jax.lax.fori_loop(0, n // unroll, several, carry)
            done = n // unroll * unroll
        return jax.lax.fori_loop(done, n, one, carry)

    return run
