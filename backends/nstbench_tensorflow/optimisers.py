"""First-order optimisers: each updates the image in place and clips it to [0, 1]."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import tensorflow as tf

from nstbench.api import OptimiserState

Numbers = Mapping[str, Any]


class State(NamedTuple):
    """What an iteration changes: the image (H, W, 3), the count of steps, Adam's two moments, the average.

    Attributes:
        average: of the images since the start, which is the picture.
        span: the sum of their weights, that of the last being 1.
    """

    image: tf.Variable
    step: tf.Variable
    moments: tuple[tf.Variable, ...]
    average: tf.Variable
    span: tf.Variable


def start_state(image: Any, optimiser: str, before: OptimiserState | None = None) -> State:
    """Return the state before the first iteration, or after those that led to the image."""
    steps, moments = 0.0, (tf.zeros_like(image),) * (2 if optimiser == "adam" else 0)
    if before:
        steps, moments = float(before.steps), before.moments
    own = tuple(map(tf.Variable, moments))
    return State(tf.Variable(image), tf.Variable(steps), own, tf.Variable(image), tf.Variable(1.0))


def take_step(optimiser: str, state: State, gradient: Any, numbers: Numbers) -> None:
    """Move against the direction at the decayed learning rate, and average."""
    rate = numbers["learning_rate"] * numbers["learning_rate_decay"] ** (state.step / 100.0)
    count = state.step.assign_add(1.0)
    step = _adam(state, rate, count, gradient, numbers) if optimiser == "adam" else rate * gradient
    image = state.image.assign(tf.clip_by_value(state.image - step, 0.0, 1.0))
    share = 1.0 / state.span.assign(1.0 + numbers["averaging"] * state.span)
    average = share * image + (1.0 - share) * state.average
    state.average.assign(tf.clip_by_value(average, 0.0, 1.0))


def _adam(state: State, rate: Any, count: Any, gradient: Any, numbers: Numbers) -> Any:
    """Kingma and Ba 2015, algorithm 1: epsilon outside the bias-corrected root."""
    (first, second), beta1, beta2 = state.moments, numbers["adam_beta1"], numbers["adam_beta2"]
    mean = first.assign(beta1 * first + (1.0 - beta1) * gradient)
    square = second.assign(beta2 * second + (1.0 - beta2) * tf.square(gradient))
    root = tf.sqrt(square / (1.0 - beta2**count))
    return rate * (mean / (1.0 - beta1**count)) / (root + numbers["adam_epsilon"])
