"""First-order optimisers: one step each, from optax's directions with numbers that stay traced."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax


class State(NamedTuple):
    """What an iteration changes: the image (H, W, 3), the number of steps taken, Adam's moments."""

    image: jax.Array
    step: jax.Array
    moments: Any


def start_state(optimiser: str, image: jax.Array) -> State:
    """Return the state before the first iteration."""
    moments = optax.scale_by_adam() if optimiser == "adam" else optax.identity()
    return State(image, jnp.asarray(0, jnp.int32), moments.init(image))


def take_step(optimiser: str, state: State, gradient: jax.Array, numbers: Mapping[str, jax.Array]) -> State:
    """Move against the direction at the decayed learning rate, and clip the image to [0, 1].

    Adam is algorithm 1 of Kingma and Ba (2015): epsilon outside the bias-corrected root.
    """
    rule = optax.identity()
    if optimiser == "adam":
        rule = optax.scale_by_adam(b1=numbers["adam_beta1"], b2=0.999, eps=numbers["adam_epsilon"])
    direction, moments = rule.update(gradient, state.moments)
    rate = numbers["learning_rate"] * numbers["learning_rate_decay"] ** (state.step / 100.0)
    return State(jnp.clip(state.image - rate * direction, 0.0, 1.0), state.step + 1, moments)
