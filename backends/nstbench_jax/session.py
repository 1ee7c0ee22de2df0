"""One prepared problem: targets, state on the device, and the loop the clock measures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
import numpy as np

from nstbench.api import TV_FORMS, Array, Evaluation, LossTrace, Problem, Session
from nstbench_jax import lbfgs, optimisers
from nstbench_jax.losses import Knobs
from nstbench_jax.update import Arguments, Program, Shape, counted_flop

if TYPE_CHECKING:
    from nstbench_jax.backend import JaxVgg19


class JaxSession(Session):
    """A problem on the device."""

    def __init__(self, backend: JaxVgg19, problem: Problem) -> None:
        self._backend = backend
        self._weights = backend.weights
        self._shape = _shape(problem, backend.device)
        with jax.default_device(backend.device):
            content, styles, init, shares = jax.device_put(
                (problem.content, tuple(problem.styles), problem.init, _numbers(problem.style_blend)),
                backend.device,
            )
            targets = backend.targets(self._shape)(self._weights, content, styles, shares)
            self._targets = jax.block_until_ready(targets)
            self._state = jax.device_put(_start_state(problem.optimiser, init), backend.device)
            self._knobs = jax.device_put(_knobs(problem), backend.device)
        self._program: Program | None = None

    def compile(self, chunk: int) -> None:
        if self._shape.loop == "device":  # which has room for so many losses; the host's has no bound
            self._shape = self._shape._replace(chunk=max(chunk, self._shape.chunk))
        self._program = self._backend.program(self._shape, self._arguments())

    def run(self, n: int) -> LossTrace:
        if self._program is None or (self._shape.loop == "device" and n > self._shape.chunk):
            self.compile(n)
        assert self._program is not None
        with jax.default_device(self._backend.device):
            self._state, values, evaluations = self._program.run(*self._arguments(), n)
        jax.block_until_ready(self._state)
        rows = np.asarray(values)[:n]
        layers = {layer: rows[:, 4 + i] for i, layer in enumerate(sorted(self._shape.style_layers))}
        total, content, style, tv = rows[:, :4].T
        return LossTrace(total, content, style, tv, style_layers=layers, evaluations=evaluations)

    def flop(self) -> float | None:
        if self._program is None:
            return None
        flop = counted_flop(self._program.compiled)
        return flop and flop / self._program.steps

    def image(self) -> Array:
        return np.array(self._state.image)

    def evaluate(self) -> Evaluation:
        """Show what the network makes of the current image."""
        evaluate = self._backend.evaluation(self._shape)
        taps, grams, gradient = jax.device_get(
            evaluate(self._weights, self._state.image, self._targets, self._knobs)
        )
        return Evaluation(taps, grams, gradient)

    def _arguments(self) -> Arguments:
        return self._weights, self._state, self._targets, self._knobs

    def close(self) -> None:
        for leaf in jax.tree.leaves((self._state, self._targets, self._knobs)):
            leaf.delete()


def _shape(problem: Problem, device: jax.Device) -> Shape:
    loop = problem.options.get("loop", "auto")
    if loop == "auto":  # measured on CPUs, where a loop inside XLA confines its convolutions to one core
        loop = "host" if device.platform == "cpu" else "device"
    problem.expect(
        optimiser=("adam", "sgd", "lbfgs"),
        tv_form=TV_FORMS,
        pooling=("max", "avg"),
        precision=("highest", "default", "bf16"),
    )
    height, width, _ = problem.content.shape
    return Shape(
        height,
        width,
        content_layers=tuple(problem.content_layers),
        style_layers=tuple(problem.style_layers),
        tv_form=problem.tv_form,
        optimiser=problem.optimiser,
        pooling=problem.pooling,
        precision=problem.precision,
        loop="host" if problem.optimiser == "lbfgs" else loop,
        unroll=problem.options.get("unroll", 1),
        chunk=1,
    )


def _start_state(optimiser: str, init: jax.Array) -> Any:
    return lbfgs.start_state(init) if optimiser == "lbfgs" else optimisers.start_state(optimiser, init)


def _numbers(values: Any) -> Any:
    """Make every number an array: arrays are traced, so changing one compiles nothing."""
    return jax.tree.map(lambda value: jnp.asarray(value, jnp.float32), values)


def _knobs(problem: Problem) -> Knobs:
    numbers = {
        "alpha": problem.alpha,
        "beta": problem.beta,
        "tv_weight": problem.tv_weight,
        "learning_rate": problem.learning_rate,
        "learning_rate_decay": problem.learning_rate_decay,
        "adam_beta1": problem.adam_beta1,
        "adam_epsilon": problem.adam_epsilon,
        "content_weights": dict(problem.content_layers),
        "style_weights": dict(problem.style_layers),
    }
    return Knobs(**_numbers(numbers))
