"""One prepared problem: targets, state on the device, and the loop the clock measures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from nstbench.api import (
    Array,
    Evaluation,
    Lbfgs,
    Look,
    LossTrace,
    Problem,
    Session,
    Static,
    blend,
    loss_trace,
    numbers,
)
from nstbench_torch.losses import Given, gram, view
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
        return torch.from_numpy(image).to(self.device, copy=True)

    def differentiate(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """Return the row of losses, and the gradient of the total."""
        self.switch()
        return differentiate(self.losses, image, self.given)

    def switch(self) -> None:
        """Allow TensorFloat-32 in convolutions or not: a switch of the process, so thrown before each use."""
        cudnn: Any = torch.backends.cudnn  # whose newest names its types lack
        cudnn.conv.fp32_precision = "tf32" if self.static.precision == "default" else "ieee"

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

    def __init__(self, posed: Posed, init: Array, record: bool) -> None:
        self._posed, self._records = posed, record and posed.device.type != "cpu"
        self._state = start_state(posed.take(init), posed.static.optimiser)
        self._graph: torch.cuda.CUDAGraph | None = None
        self._row: Tensor | None = None

    def compile(self, chunk: int) -> None:
        if self._graph:
            return
        scratch = self._state.clone()
        if not self._records:
            self._advance(scratch).cpu()  # waits for the device
            return
        stream = torch.cuda.Stream()
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            for _ in range(WARMUP):
                self._advance(scratch)
        torch.cuda.current_stream().wait_stream(stream)
        self._graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(self._graph):  # records, and changes nothing
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
        return self._state.image.cpu().numpy().copy()

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
        self._posed.switch()
        return advance(self._posed.losses, state, self._posed.given)


class LbfgsSession(Session):
    """L-BFGS on the host; losses and gradient come from the device."""

    def __init__(self, posed: Posed, init: Array) -> None:
        self._posed = posed
        self._search = Lbfgs(self._evaluate, init)

    def compile(self, chunk: int) -> None:
        self._evaluate(self._search.image)

    def run(self, n: int) -> LossTrace:
        before = self._search.evaluations
        rows = np.stack([self._search.step() for _ in range(n)])
        return self._posed.trace(rows, self._search.evaluations - before)

    def flop(self) -> float:
        return self._posed.flop(self._posed.take(self._search.image))

    def image(self) -> Array:
        return self._search.image.copy()

    def close(self) -> None:
        self._search.close()
        del self._posed, self._search

    def _evaluate(self, image: Array) -> tuple[Array, Array]:
        row, gradient = self._posed.differentiate(self._posed.take(image))
        return row.cpu().numpy(), gradient.cpu().numpy()


def pose(problem: Problem, static: Static, weights: Weights, losses: Losses, device: torch.device) -> Posed:
    """Take a problem to the device and compute its targets."""
    traced = {name: torch.tensor(value, device=device) for name, value in numbers(problem).items()}
    posed = Posed(device, static, Given(weights, Look({}, {}), traced), losses)
    posed.switch()
    with torch.no_grad():
        content = forward(weights, posed.take(problem.content), static.content_layers, static.pooling)
        styles = []
        for style in problem.styles:
            taps = forward(weights, posed.take(style), static.style_layers, static.pooling)
            styles.append({layer: gram(taps[layer]) for layer in static.style_layers})
        targets = Look(
            {layer: content[layer] for layer in static.content_layers}, blend(styles, problem.style_blend)
        )
    return Posed(device, static, posed.given._replace(targets=targets), losses)


def evaluate(posed: Posed, image: Array) -> Evaluation:
    """Show taps, Gram matrices and gradient of an image."""
    seen, _ = view(posed.take(image), posed.given, posed.static)
    _, gradient = posed.differentiate(posed.take(image))
    taps, grams = ({layer: each.cpu().numpy() for layer, each in part.items()} for part in seen)
    return Evaluation(taps, grams, gradient.cpu().numpy())
