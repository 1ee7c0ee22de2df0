"""Loss and gradient of an image, run as they stand or compiled, and an update of the image."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from nstbench.api import Static
from nstbench_torch.losses import Given, view
from nstbench_torch.optimisers import State, take_step

Losses = Callable[[Tensor, Given], Tensor]
"""(image, given) -> row of losses, through which the gradient of its first can be taken."""

MOST_PROGRAMS = 1000
"""Dynamo counts a function's programs, and gives up at the ninth: here each problem has one."""


@dataclass(slots=True)
class Compiler:
    """`torch.compile`, or nothing.

    Attributes:
        wanted: whether to compile.
        made: how many graphs have been compiled.
    """

    wanted: bool
    made: int = 0

    @property
    def found(self) -> int:
        """How many graphs Inductor has taken from its cache, in this process."""
        if not self.wanted:
            return 0
        hits = torch._dynamo.utils.counters
        return hits["inductor"]["fxgraph_cache_hit"] + hits["aot_autograd"]["autograd_cache_hit"]

    def losses(self, static: Static) -> Losses:
        """Make the function for one kind of problem; compiled when it is first called."""

        def losses(image: Tensor, given: Given) -> Tensor:
            return view(image, given, static)[1]

        if not self.wanted:
            return losses
        torch._dynamo.config.recompile_limit = MOST_PROGRAMS
        torch._dynamo.config.accumulated_recompile_limit = MOST_PROGRAMS
        return torch.compile(losses, fullgraph=True, dynamic=False, backend=self._compile)

    def _compile(self, graph: Any, inputs: Any) -> Any:
        self.made += 1
        return torch._dynamo.lookup_backend("inductor")(graph, inputs)


def differentiate(losses: Losses, image: Tensor, given: Given) -> tuple[Tensor, Tensor]:
    """Return the row of losses, and the gradient of the total with respect to the image."""
    image = image.detach().requires_grad_()
    row = losses(image, given)
    (gradient,) = torch.autograd.grad(row[0], image)
    return row.detach(), gradient


def advance(losses: Losses, state: State, given: Given) -> Tensor:
    """Take one iteration; returns the losses of the image before it."""
    row, gradient = differentiate(losses, state.image, given)
    take_step(state, gradient, given.numbers)
    return row
