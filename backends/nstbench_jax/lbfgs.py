"""L-BFGS within [0, 1], with a line search that the host drives.

`optax.lbfgs` is not taken: it knows no bounds, searches inside a loop of the device, where XLA's
convolutions use one core on CPUs, and keeps the total alone, so that the parts of the loss would cost another
forward pass.

The bounds are kept by two-metric projection (Bertsekas 1982, "Projected Newton methods for optimization
problems with simple constraints"; with L-BFGS: Schmidt, Kim and Sra 2012, "Projected Newton-type methods in
machine learning"). Pixels at 0 or 1 that the gradient pushes further out are held. The others move against
the gradient times the inverse Hessian that L-BFGS makes of their own steps, and every point on the way is
clipped to [0, 1]. As that matrix is positive definite, the way descends.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from nstbench_jax.losses import Given
from nstbench_jax.update import Program, Recipe, objective

MEMORY = 10
DECREASE, CURVATURE, PROBES = 1e-4, 0.9, 20
FIRST_STEP = 0.05
"""Root mean square over the pixels of the first step that is tried, before any curvature is known."""

LEAST_COSINE = 1e-6
"""Between a step and the change of the gradient along it; a smaller one is rounding, or no curvature."""


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


class Memory(NamedTuple):
    """The last steps and what each changed in the gradient, newest first: (10, H, W, 3), at first zeros."""

    steps: jax.Array
    changes: jax.Array


class State(NamedTuple):
    """What an iteration changes; at the start the image has not been evaluated yet."""

    image: jax.Array
    memory: Memory
    here: Point | None

    @property
    def picture(self) -> jax.Array:
        """What is shown."""
        return self.image


def start_state(image: jax.Array) -> State:
    """Return the state before the first iteration."""
    return State(image, _nothing(image), None)


def compile_update(recipe: Recipe, state: State, given: Given) -> Program:
    """Compile what the host calls in turn: the next line, and the evaluation of a point on it."""
    line = Line(state.image, state.image, np.float32(0))
    next_line = jax.jit(_next_line).lower(state.image, state.image, state.memory).compile()
    remember = jax.jit(_remember).lower(state.memory, line[:2], line[:2]).compile()
    evaluate = jax.jit(_evaluate(recipe)).lower(line, np.float32(0), given).compile()

    def run(state: State, given: Given, n: int) -> tuple[State, Any, int]:
        evaluations = count()

        def probe(line: Line, step: float) -> Point:
            next(evaluations)
            return evaluate(line, np.float32(step), given)

        rows = []
        for _ in range(n):
            here = state.here or probe(Line(state.image, jnp.zeros_like(state.image), np.float32(0)), 0.0)
            rows.append(here.losses)
            found = search(probe, next_line(here.image, here.gradient, state.memory), here)
            if found:
                state = State(found.image, remember(state.memory, here[:2], found[:2]), found)
            else:  # the image stays, and the next iteration starts from the steepest descent
                state = State(here.image, _nothing(here.image), here)
        return state, np.stack(jax.device_get(rows)), next(evaluations)

    return Program(run, evaluate)


def _evaluate(recipe: Recipe) -> Callable[[Line, jax.Array, Given], Point]:
    gradient_of = objective(recipe.static, recipe.convolution)

    def evaluate(line: Line, step: jax.Array, given: Given) -> Point:
        aim = line.image + step * line.direction
        image = jnp.clip(aim, 0.0, 1.0)
        gradient, row = gradient_of(image, given)
        return Point(image, gradient, row, _dot(gradient, jnp.where(aim == image, line.direction, 0.0)))

    return evaluate


def _next_line(image: jax.Array, gradient: jax.Array, memory: Memory) -> Line:
    free = ~_leaves(image, -gradient)
    of_free = jnp.where(free, gradient, 0.0), Memory(*(jnp.where(free, each, 0.0) for each in memory))
    direction = -_ascent(*of_free)
    direction = jnp.where(_leaves(image, direction), 0.0, direction)
    return Line(image, direction, _dot(direction, gradient))


def _leaves(image: jax.Array, direction: jax.Array) -> jax.Array:
    """Tell which pixels a step in a direction would take out of [0, 1] at once."""
    return ((image <= 0.0) & (direction < 0.0)) | ((image >= 1.0) & (direction > 0.0))


def _ascent(gradient: jax.Array, memory: Memory) -> jax.Array:
    """Multiply a gradient by the inverse Hessian (Nocedal and Wright 2006, algorithm 7.4).

    A pair without positive curvature, which clipping may leave, counts for nothing.
    """
    curvature, size = _dot(*memory), jnp.sqrt(_dot(memory.changes, memory.changes))
    least = LEAST_COSINE * jnp.sqrt(_dot(memory.steps, memory.steps)) * size
    usable = curvature > least
    shares = jnp.where(usable, 1.0 / jnp.where(usable, curvature, 1.0), 0.0)
    newest = jnp.argmax(usable)
    length = jnp.sqrt(_dot(gradient, gradient))
    first = jnp.where(length > 0.0, FIRST_STEP * gradient.size**0.5 / length, 0.0)
    scale = jnp.where(usable[newest], curvature[newest] / jnp.square(size[newest]), first)

    def back(x: jax.Array, pair: Any) -> tuple[jax.Array, jax.Array]:
        (step, change), share = pair
        amount = share * _dot(step, x)
        return x - amount * change, amount

    def forth(x: jax.Array, pair: Any) -> tuple[jax.Array, None]:
        (step, change), share, amount = pair
        return x + (amount - share * _dot(change, x)) * step, None

    x, amounts = jax.lax.scan(back, gradient, (memory, shares))
    return jax.lax.scan(forth, scale * x, (memory, shares, amounts), reverse=True)[0]


def _remember(memory: Memory, before: tuple[Any, Any], after: tuple[Any, Any]) -> Memory:
    """Note a step from one (image, gradient) to another, and forget the oldest."""
    pair = (new - old for new, old in zip(after, before, strict=True))
    return Memory(*(jnp.concatenate([new[None], old[:-1]]) for new, old in zip(pair, memory, strict=True)))


def _nothing(image: jax.Array) -> Memory:
    zeros = jnp.zeros((MEMORY, *image.shape), image.dtype)
    return Memory(zeros, zeros)


def _dot(a: jax.Array, b: jax.Array) -> jax.Array:
    """Sum the products over height, width and channels."""
    return jnp.sum(a * b, axis=(-3, -2, -1))


def search(probe: Callable[[Line, float], Point], line: Line, here: Point) -> Point | None:
    """Find a point that meets the weak Wolfe conditions, by doubling and bisection from step 1.

    They are those of the total along the clipped line. Meant for functions with kinks, as clipping, ReLU, max
    pooling and absolute TV have them (Lewis and Overton 2013, "Nonsmooth optimization via quasi-Newton
    methods", algorithm 2.6).

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
