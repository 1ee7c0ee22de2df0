"""L-BFGS with optax's direction and a line search that the host drives.

`optax.lbfgs` is not taken whole: it searches inside a loop of the device, where XLA's convolutions use one
core on CPUs, and keeps the total alone, so that the parts of the loss would cost another forward pass.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax

from nstbench_jax.losses import Knobs, Targets
from nstbench_jax.network import Weights
from nstbench_jax.update import Arguments, Program, Shape, objective

RULE = optax.scale_by_lbfgs(memory_size=10)
DECREASE, CURVATURE, PROBES = 1e-4, 0.9, 20


class Line(NamedTuple):
    """Where a search starts, (H, W, 3), its direction, and the slope of the total there."""

    image: jax.Array
    direction: jax.Array
    slope: Any


class Point(NamedTuple):
    """One evaluation: image, gradient, losses, and the slope along the line that led here."""

    image: jax.Array
    gradient: jax.Array
    losses: jax.Array
    slope: jax.Array


class State(NamedTuple):
    """What an iteration changes; at the start the image has not been evaluated yet."""

    image: jax.Array
    memory: Any
    here: Point | None


def start_state(image: jax.Array) -> State:
    """Return the state before the first iteration."""
    return State(image, RULE.init(image), None)


def compile_update(shape: Shape, arguments: Arguments) -> Program:
    """Compile what the host calls in turn: the next line, and the evaluation of a point on it."""
    weights, state, targets, knobs = arguments
    line = Line(state.image, state.image, np.float32(0))
    next_line = jax.jit(_next_line).lower(state.image, state.image, state.memory).compile()
    evaluate = jax.jit(_evaluate(shape)).lower(weights, line, np.float32(0), targets, knobs).compile()

    def run(weights: Weights, state: State, targets: Targets, knobs: Knobs, n: int) -> tuple[State, Any, int]:
        evaluations = count()

        def probe(line: Line, step: float) -> Point:
            next(evaluations)
            return evaluate(weights, line, np.float32(step), targets, knobs)

        rows = []
        for _ in range(n):
            here = state.here or probe(Line(state.image, jnp.zeros_like(state.image), np.float32(0)), 0.0)
            rows.append(here.losses)
            line, memory = next_line(here.image, here.gradient, state.memory)
            found = search(probe, line, here)
            # Where nothing helps, the image stays and the next iteration starts from the steepest descent.
            state = (
                State(found.image, memory, found) if found else State(here.image, RULE.init(here.image), here)
            )
        return state, np.stack(jax.device_get(rows)), next(evaluations)

    return Program(run, evaluate)


def _evaluate(shape: Shape) -> Callable[..., Point]:
    gradient_of = objective(shape)

    def evaluate(weights: Weights, line: Line, step: jax.Array, targets: Targets, knobs: Knobs) -> Point:
        image = line.image + step * line.direction
        gradient, values = gradient_of(weights, image, targets, knobs)
        return Point(image, gradient, values, jnp.sum(gradient * line.direction))

    return evaluate


def _next_line(image: jax.Array, gradient: jax.Array, memory: Any) -> tuple[Line, Any]:
    ascent, memory = RULE.update(gradient, memory, image)
    return Line(image, -ascent, -jnp.sum(ascent * gradient)), memory


def search(probe: Callable[[Line, float], Point], line: Line, here: Point) -> Point | None:
    """Find a point that meets the weak Wolfe conditions, by doubling and bisection from step 1.

    Meant for functions with kinks, as ReLU, max pooling and absolute TV have them (Lewis and Overton 2013,
    "Nonsmooth optimization via quasi-Newton methods", algorithm 2.6).

    Returns:
        The point; or the last that decreased enough, if the slope will not rise; or None if nothing
        decreases, or the loss is not a number.
    """
    total, slope = float(here.losses[0]), float(line.slope)
    low, high, step, found = 0.0, np.inf, 1.0, None
    for _ in range(PROBES if slope < 0 else 0):
        point = probe(line, step)
        values, rise = jax.device_get((point.losses, point.slope))
        # Compared as float32, which the losses are: a decrease too small for it to show counts as one.
        if not values[0] <= np.float32(total + DECREASE * step * slope):
            high = step
        else:
            low, found = step, point
            if rise >= CURVATURE * slope:
                break
        step = (low + high) / 2 if high < np.inf else 2 * low
    return found
