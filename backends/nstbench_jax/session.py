"""One prepared problem: targets, state on the device, and the loop the clock measures."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import jax
import numpy as np

from nstbench.api import (
    Array,
    Evaluation,
    LossTrace,
    OptimiserState,
    Problem,
    Programs,
    Session,
    guides_of,
    guides_of_styles,
    loss_trace,
    numbers,
)
from nstbench_jax import lbfgs, optimisers, update
from nstbench_jax.losses import Given
from nstbench_jax.parameters import Parameters
from nstbench_jax.update import Program, recipe_for


class JaxSession(Session):
    """A problem on the device.

    Args:
        programs: the updates compiled so far for this device.
        options: of the backend.
    """

    def __init__(
        self,
        problem: Problem,
        device: jax.Device,
        parameters: Parameters,
        programs: Programs[Any],
        **options: Any,
    ) -> None:
        self._device, self._programs = device, programs
        self._program: Program | None = None
        self._recipe = recipe_for(problem, **options)
        static = self._recipe.static
        weights = parameters.get(static.layers, static.precision)
        singles = jax.tree.map(np.float32, (problem.style_blend, numbers(problem)))
        masks = guides_of(problem), guides_of_styles(problem)
        arrays = problem.content, problem.styles, problem.init, *singles, *masks
        with jax.default_device(device):
            content, styles, init, shares, traced, guides, of_styles = jax.device_put(arrays, device)
            targets = update.compile_targets(static.of_targets(), self._recipe.convolution)(
                weights, content, styles, shares, of_styles
            )
            self._given = jax.block_until_ready(Given(weights, targets, traced, guides))
            self._state = jax.device_put(_start_state(static.optimiser, init, problem.state), device)

    def compile(self, chunk: int) -> None:
        if self._recipe.loop == "device":  # which has room for so many losses; the host's has no bound
            self._recipe = replace(self._recipe, chunk=max(chunk, self._recipe.chunk))
        make = (lbfgs if self._recipe.static.optimiser == "lbfgs" else update).compile_update
        self._program = self._programs.get(self._recipe, lambda: make(self._recipe, self._state, self._given))

    def run(self, n: int) -> LossTrace:
        if self._program is None or (self._recipe.loop == "device" and n > self._recipe.chunk):
            self.compile(n)
        assert self._program is not None
        with jax.default_device(self._device):
            self._state, rows, evaluations = self._program.run(self._state, self._given, n)
        jax.block_until_ready(self._state)
        return loss_trace(np.asarray(rows)[:n], self._recipe.static.style_layers, evaluations)

    def flop(self) -> float | None:
        if self._program is None:
            return None
        flop = update.counted_flop(self._program.compiled)
        return flop and flop / self._program.steps

    def image(self) -> Array:
        return np.array(self._state.picture)

    def state(self) -> OptimiserState | None:
        return None if self._recipe.static.optimiser == "lbfgs" else optimisers.carried(self._state)

    def evaluate(self) -> Evaluation:
        """Show what the network makes of the current image."""
        recipe = self._recipe
        evaluate = update.compile_evaluation(recipe.static.of_evaluation(), recipe.convolution)
        return Evaluation(*jax.device_get(evaluate(self._state.image, self._given)))

    def close(self) -> None:
        for leaf in jax.tree.leaves((self._state, self._given._replace(weights={}))):
            leaf.delete()


def _start_state(optimiser: str, init: jax.Array, before: OptimiserState | None) -> Any:
    if optimiser == "lbfgs":
        return lbfgs.start_state(init)
    return optimisers.start_state(optimiser, init, before)
