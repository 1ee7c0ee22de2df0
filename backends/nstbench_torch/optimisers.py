"""First-order optimisers: each updates the image where it lies, and clips it to [0, 1]."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import torch
from torch import Tensor

from nstbench.api import OptimiserState


class State(NamedTuple):
    """What an iteration changes: the image (H, W, 3), the count of steps, Adam's two moments, the average.

    Attributes:
        average: of the images since the start, which is the picture.
        span: the sum of their weights, that of the last being 1.
    """

    image: Tensor
    step: Tensor
    moments: tuple[Tensor, ...]
    average: Tensor
    span: Tensor

    def clone(self) -> State:
        """Return one of the same values that can go its own way."""
        moments = tuple(each.clone() for each in self.moments)
        image, step, average, span = (
            each.clone() for each in (self.image, self.step, self.average, self.span)
        )
        return State(image, step, moments, average, span)

    def carried(self) -> OptimiserState:
        """Copy to the host what a later problem may go on from."""
        moments = tuple(each.cpu().numpy().copy() for each in self.moments)
        return OptimiserState(int(self.step), moments)


def start_state(image: Tensor, optimiser: str, before: OptimiserState | None = None) -> State:
    """Return the state before the first iteration, or after those that led to the image."""
    moments = tuple(torch.zeros_like(image) for _ in range(2 if optimiser == "adam" else 0))
    none, one = torch.zeros((), device=image.device), torch.ones((), device=image.device)
    state = State(image, none, moments, image.clone(), one)
    if before:
        state.step.fill_(before.steps)
        for own, given in zip(moments, before.moments, strict=True):
            own.copy_(torch.from_numpy(given))
    return state


def take_step(state: State, gradient: Tensor, numbers: Mapping[str, Tensor]) -> None:
    """Move against the direction, Adam's where there are moments, at the decayed rate; and average."""
    rate = numbers["learning_rate"] * numbers["learning_rate_decay"] ** (state.step / 100.0)
    state.step.add_(1.0)
    step = _adam(state, gradient, numbers) if state.moments else gradient
    state.image.sub_(rate * step).clamp_(0.0, 1.0)
    state.span.mul_(numbers["averaging"]).add_(1.0)
    share = 1.0 / state.span
    state.average.mul_(1.0 - share).add_(share * state.image).clamp_(0.0, 1.0)


def _adam(state: State, gradient: Tensor, numbers: Mapping[str, Tensor]) -> Tensor:
    """Kingma and Ba 2015, algorithm 1: epsilon outside the bias-corrected root."""
    (mean, square), beta1, beta2 = state.moments, numbers["adam_beta1"], numbers["adam_beta2"]
    mean.mul_(beta1).add_((1.0 - beta1) * gradient)
    square.mul_(beta2).add_((1.0 - beta2) * torch.square(gradient))
    root = torch.sqrt(square / (1.0 - beta2**state.step))
    return mean / (1.0 - beta1**state.step) / (root + numbers["adam_epsilon"])
