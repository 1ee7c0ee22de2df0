"""One prepared problem: targets, state on the device, and the loop the clock measures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import torch
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from nstbench.api import (
    Array,
    Evaluation,
    LbfgsSession,
    LossTrace,
    OptimiserState,
    Problem,
    Session,
    Static,
    guides_of,
    guides_of_styles,
    loss_trace,
    numbers,
)
from nstbench_torch.losses import ARITHMETIC, Given, look, view
from nstbench_torch.network import Weights, forward
from nstbench_torch.optimisers import State, start_state
from nstbench_torch.update import Losses, advance, differentiate

WARMUP = 2
"""Iterations before a capture: libraries choose their algorithms and take their memory in these."""


@dataclass(frozen=True, slots=True)
class Posed:
    """A problem on the device, all but what the iterations change."""

    device: torch.device
    static: Static
    given: Given
    losses: Losses

    def take(self, image: Array) -> Tensor:
        """Copy an image to the device."""
        return _take(image, self.device)

    def differentiate(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """Return the row of losses, and the gradient of the total."""
        _switch_tensor_float_32(self.static)
        return differentiate(self.losses, image, self.given)

    def evaluate(self, image: Array) -> tuple[Array, Array]:
        """Do the same for an image on the host."""
        row, gradient = self.differentiate(self.take(image))
        return row.cpu().numpy(), gradient.cpu().numpy()

    def trace(self, rows: Array, evaluations: int) -> LossTrace:
        """Name the losses in rows."""
        return loss_trace(rows, self.static.style_layers, evaluations)

    def flop(self, image: Tensor) -> float:
        """Count the products of one evaluation, zeros of the padding included."""
        with FlopCounterMode(display=False) as counted:
            differentiate(lambda image, given: view(image, given, self.static)[1], image, self.given)
        return float(counted.get_total_flops())


class FirstOrderSession(Session):
    """Adam or gradient descent.

    Args:
        record: on a GPU, replay a graph recorded of an iteration, instead of starting each kernel anew.
    """

    def __init__(self, posed: Posed, problem: Problem, record: bool) -> None:
        self._posed, self._records = posed, record and posed.device.type != "cpu"
        self._state = start_state(posed.take(problem.init), posed.static.optimiser, problem.state)
        self._graph: torch.cuda.CUDAGraph | None = None
        self._row: Tensor | None = None

    def compile(self, chunk: int) -> None:
        if self._graph:
            return
        scratch = self._state.clone()
        if not self._records:
            self._advance(scratch).cpu()  # waits for the device
            return
        stream = _side_stream()
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            for _ in range(WARMUP):
                self._advance(scratch)
        torch.cuda.current_stream().wait_stream(stream)
        self._graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(self._graph, stream=stream):  # records, and changes nothing
            self._row = self._advance(self._state)
        torch.cuda.synchronize()

    def run(self, n: int) -> LossTrace:
        if self._records:
            self.compile(n)
        rows = torch.empty((n, self._posed.static.width_of_row), device=self._posed.device)
        for row in rows:
            row.copy_(self._next())
        return self._posed.trace(rows.cpu().numpy(), n)  # waits for the device

    def flop(self) -> float:
        return self._posed.flop(self._state.image)

    def image(self) -> Array:
        return self._state.average.cpu().numpy().copy()

    def state(self) -> OptimiserState:
        return self._state.carried()

    def close(self) -> None:
        self._graph = self._row = None
        del self._posed, self._state

    def _next(self) -> Tensor:
        if self._graph is None:
            return self._advance(self._state)
        assert self._row is not None
        self._graph.replay()
        return self._row

    def _advance(self, state: State) -> Tensor:
        _switch_tensor_float_32(self._posed.static)
        return advance(self._posed.losses, state, self._posed.given)


class HostSession(LbfgsSession):
    """L-BFGS, and what an evaluation takes."""

    def __init__(self, posed: Posed, init: Array) -> None:
        super().__init__(posed.evaluate, init, posed.static.style_layers)
        self._posed = posed

    def flop(self) -> float:
        return self._posed.flop(self._posed.take(self.image()))

    def close(self) -> None:
        super().close()
        del self._posed


def pose(problem: Problem, static: Static, weights: Weights, losses: Losses, device: torch.device) -> Posed:
    """Take a problem to the device and compute its targets."""
    _switch_tensor_float_32(static)
    with torch.no_grad():
        content = forward(weights, _take(problem.content, device), static.content_layers, static)
        styles = []
        for style, guides in zip(problem.styles, guides_of_styles(problem), strict=True):
            taps = forward(weights, _take(style, device), static.style_layers, static)
            styles.append(look(taps, static, _take_all(guides, device)))
        stack = torch.stack if static.regions else None
        targets = ARITHMETIC.aim(content, styles, problem.style_blend, stack)
    traced = {name: torch.tensor(value, device=device) for name, value in numbers(problem).items()}
    given = Given(weights, targets, traced, _take_all(guides_of(problem), device))
    return Posed(device, static, given, losses)


def evaluate(posed: Posed, image: Array) -> Evaluation:
    """Show taps, Gram matrices and gradient of an image."""
    seen, _ = view(posed.take(image), posed.given, posed.static)
    _, gradient = posed.evaluate(image)
    taps, grams = (
        {layer: each.cpu().numpy() for layer, each in part.items()} for part in (seen.taps, seen.grams)
    )
    return Evaluation(taps, grams, gradient)


@cache
def _side_stream() -> torch.cuda.Stream:
    """Return the stream for all captures: cuBLAS keeps 32 MiB for each stream that has multiplied."""
    return torch.cuda.Stream()


def _take_all(arrays: Mapping[str, Array] | None, device: torch.device) -> dict[str, Tensor] | None:
    return {name: _take(array, device) for name, array in arrays.items()} if arrays else None


def _take(image: Array, device: torch.device) -> Tensor:
    return torch.from_numpy(image).to(device, copy=True)


def _switch_tensor_float_32(static: Static) -> None:
    # In convolutions alone; a switch of the process, so it is thrown before each use, not once.
    cudnn: Any = torch.backends.cudnn  # whose newest names its types lack
    cudnn.conv.fp32_precision = "tf32" if static.precision == "default" else "ieee"
