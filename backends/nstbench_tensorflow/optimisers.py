"""First-order optimisers: each updates the image in place and clips it to [0, 1]."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import tensorflow as tf

Numbers = Mapping[str, Any]

BETA2 = 0.999


class State(NamedTuple):
    """What an iteration changes: the image (H, W, 3), the count of steps, Adam's two moments."""

    image: tf.Variable
    step: tf.Variable
    moments: tuple[tf.Variable, ...]


def start_state(image: Any, optimiser: str) -> State:
    """Return the state before the first iteration."""
    count = 2 if optimiser == "adam" else 0
    moments = tuple(tf.Variable(tf.zeros_like(image)) for _ in range(count))
    return State(tf.Variable(image), tf.Variable(0.0), moments)


def adam(state: State, gradient: Any, numbers: Numbers) -> None:
    """Kingma and Ba 2015, algorithm 1: epsilon outside the bias-corrected root."""
    rate, beta1 = _rate(state, numbers), numbers["adam_beta1"]
    step = state.step.assign_add(1.0)
    first, second = state.moments
    mean = first.assign(beta1 * first + (1.0 - beta1) * gradient)
    square = second.assign(BETA2 * second + (1.0 - BETA2) * tf.square(gradient))
    root = tf.sqrt(square / (1.0 - BETA2**step))
    _move(state, rate * (mean / (1.0 - beta1**step)) / (root + numbers["adam_epsilon"]))


def sgd(state: State, gradient: Any, numbers: Numbers) -> None:
    """Plain gradient descent."""
    rate = _rate(state, numbers)
    state.step.assign_add(1.0)
    _move(state, rate * gradient)


OPTIMISERS: Mapping[str, Callable[[State, Any, Numbers], None]] = {"adam": adam, "sgd": sgd}


def _rate(state: State, numbers: Numbers) -> Any:
    return numbers["learning_rate"] * numbers["learning_rate_decay"] ** (state.step / 100.0)


def _move(state: State, step: Any) -> None:
    state.image.assign(tf.clip_by_value(state.image - step, 0.0, 1.0))
