"""Gram matrices and losses, in PyTorch."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor

from nstbench.api import Arithmetic, Look, Static, look_by
from nstbench_torch.network import Weights, forward


def _where(condition: Tensor, a: float, b: Tensor) -> Tensor:
    """As `torch.where`, which copies a number from the host, and a graph that is recorded cannot."""
    return torch.where(condition, torch.full_like(b, a), b)


def _identity(matrix: Tensor) -> Tensor:
    return torch.eye(matrix.shape[-1], device=matrix.device)


ARITHMETIC = Arithmetic(torch.sum, torch.square, torch.abs, _where, identity=_identity)


class Given(NamedTuple):
    """What the iterations leave as it is; the numbers are tensors, so that another one compiles nothing."""

    weights: Weights
    targets: Look
    numbers: Mapping[str, Tensor]
    guides: Mapping[str, Tensor] | None = None


def gram(tap: Tensor, guides: Tensor | None = None) -> Tensor:
    """Return the (N, N) Gram matrix of an (h, w, N) tap, divided by its own number of positions h * w.

    With guides each position weighs what they say instead: (h * w,), or (n, h * w) for (n, N, N).

    Both factors are the tap, and as a loss of Gram matrices has a symmetric gradient, both send back the
    same: that of one is taken twice, which is a product less in each iteration.
    """
    features = tap.reshape(-1, tap.shape[-1])
    held = features.detach()
    product = (held if guides is None else guides[..., None] * held).mT @ features
    whole = product + (product - product.detach())
    return whole / features.shape[0] if guides is None else whole


def mean(tap: Tensor, guides: Tensor | None = None) -> Tensor:
    """Return the mean (N,) of an (h, w, N) tap over its positions, which weigh what guides (h * w,) say."""
    if guides is None:
        return torch.mean(tap, dim=(0, 1))
    return torch.sum(guides[:, None] * tap.reshape(-1, tap.shape[-1]), dim=0)


look = partial(look_by, gram, mean)


def view(image: Tensor, given: Given, static: Static) -> tuple[Look, Tensor]:
    """Return what the network makes of an image, and the row of its losses."""
    seen = look(forward(given.weights, image, static.layers, static), static, given.guides)
    tv = ARITHMETIC.total_variation(image, static.tv_form)
    return seen, torch.stack(ARITHMETIC.losses(given.numbers, seen, given.targets, tv))


def reductions(rows: Tensor, others: Tensor, matrix: Tensor) -> dict[str, Tensor]:
    """Return the sums of `nstbench.api.Backend.reduce`."""
    return {
        "products": torch.sum(rows * others),
        "squares": torch.sum(torch.square(rows - others)),
        "gram": gram(rows[None]),
        "mixed": torch.sum(torch.square(matrix @ rows.T), dim=0),
        "weighted": torch.sum((rows @ torch.ones_like(matrix)) * rows, dim=1),
    }
