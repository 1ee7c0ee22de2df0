"""One prepared problem: targets, state on the device, and the loop the clock measures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
import numpy as np

from nstbench.api import Array, LossTrace, Problem, Session
from nstbench_jax.losses import Knobs
from nstbench_jax.update import Arguments, Program, Shape, start_state

if TYPE_CHECKING:
    from nstbench_jax.backend import JaxVgg19


class JaxSession(Session):
    """A problem on the device."""

    def __init__(self, backend: JaxVgg19, problem: Problem) -> None:
        self._backend = backend
        self._weights = backend.weights
        loop = problem.options.get("loop", "auto")
        height, width, _ = problem.content.shape
        self._shape = Shape(
            height,
            width,
            content_layers=tuple(problem.content_layers),
            style_layers=tuple(problem.style_layers),
            pooling=problem.pooling,
            precision=problem.precision,
            loop=_faster_loop(backend.device) if loop == "auto" else loop,
            chunk=1,
        )
        with jax.default_device(backend.device):
            content, style, init = (
                jax.device_put(image, backend.device)
                for image in (problem.content, problem.style, problem.init)
            )
            self._targets = jax.block_until_ready(backend.targets(self._shape)(self._weights, content, style))
            self._state = jax.device_put(start_state(init), backend.device)
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
        self._state, values = self._program(*self._arguments(), n)
        jax.block_until_ready(self._state)
        rows = np.asarray(values)[:n]
        layers = {layer: rows[:, 4 + i] for i, layer in enumerate(sorted(self._shape.style_layers))}
        total, content, style, tv = rows[:, :4].T
        return LossTrace(total, content, style, tv, style_layers=layers, evaluations=n)

    def image(self) -> Array:
        return np.array(self._state.image)

    def _arguments(self) -> Arguments:
        return self._weights, self._state, self._targets, self._knobs

    def close(self) -> None:
        for leaf in jax.tree.leaves((self._state, self._targets, self._knobs)):
            leaf.delete()


def _faster_loop(device: jax.Device) -> str:
    """Measured on CPUs, where a loop inside XLA confines its convolutions to one core."""
    return "host" if device.platform == "cpu" else "device"


def _knobs(problem: Problem) -> Knobs:
    def number(value: float) -> Any:
        return jnp.asarray(value, jnp.float32)

    return Knobs(
        number(problem.alpha),
        number(problem.beta),
        number(problem.tv_weight),
        number(problem.learning_rate),
        {layer: number(weight) for layer, weight in problem.content_layers.items()},
        {layer: number(weight) for layer, weight in problem.style_layers.items()},
    )
