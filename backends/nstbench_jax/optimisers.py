"""First-order optimisers: one step each, from optax's directions with numbers that stay traced."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax

from nstbench.api import OptimiserState


class State(NamedTuple):
    """What an iteration changes: the image (H, W, 3), the number of steps taken, Adam's moments, the average.

    Attributes:
        average: of the images since the start.
        span: the sum of their weights, that of the last being 1.
    """

    image: jax.Array
    step: jax.Array
    moments: Any
    average: jax.Array
    span: jax.Array

    @property
    def picture(self) -> jax.Array:
        """What is shown."""
        return self.average


def start_state(optimiser: str, image: jax.Array, before: OptimiserState | None = None) -> State:
    """Return the state before the first iteration, or after those that led to the image."""
    rule = optax.scale_by_adam() if optimiser == "adam" else optax.identity()
    steps = before.steps if before else 0
    moments = rule.init(image)
    if before and optimiser == "adam":
        mu, nu = map(jnp.asarray, before.moments)
        moments = optax.ScaleByAdamState(jnp.asarray(steps, jnp.int32), mu, nu)
    return State(image, jnp.asarray(steps, jnp.int32), moments, jnp.copy(image), jnp.float32(1.0))


def carried(state: State) -> OptimiserState:
    """Copy to the host what a later problem may go on from."""
    adam = state.moments if isinstance(state.moments, optax.ScaleByAdamState) else None
    return OptimiserState(int(state.step), (np.array(adam.mu), np.array(adam.nu)) if adam else ())


def take_step(optimiser: str, state: State, gradient: jax.Array, numbers: Mapping[str, jax.Array]) -> State:
    """Move against the direction at the decayed learning rate, clip the image to [0, 1], and average.

    Adam is algorithm 1 of Kingma and Ba (2015): epsilon outside the bias-corrected root.
    """
    rule = optax.identity()
    if optimiser == "adam":
        rule = optax.scale_by_adam(
            b1=numbers["adam_beta1"], b2=numbers["adam_beta2"], eps=numbers["adam_epsilon"]
        )
    direction, moments = rule.update(gradient, state.moments)
    rate = numbers["learning_rate"] * numbers["learning_rate_decay"] ** (state.step / 100.0)
    image = jnp.clip(state.image - rate * direction, 0.0, 1.0)
    span = 1.0 + numbers["averaging"] * state.span
    average = jnp.clip(image / span + state.average * (1.0 - 1.0 / span), 0.0, 1.0)
    return State(image, state.step + 1, moments, average, span)
