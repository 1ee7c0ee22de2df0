"""Gram matrices and losses, in PyTorch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import torch
from torch import Tensor

from nstbench.api import Arithmetic, Look, Static
from nstbench_torch.network import Taps, Weights, forward


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


def gram(tap: Tensor) -> Tensor:
    """Return the (N, N) Gram matrix of an (h, w, N) tap, divided by its own number of positions h * w.

    Both factors are the tap, and as a loss of Gram matrices has a symmetric gradient, both send back the
    same: that of one is taken twice, which is a product less in each iteration.
    """
    features = tap.reshape(-1, tap.shape[-1])
    product = features.detach().T @ features
    return (product + (product - product.detach())) / features.shape[0]


def look(taps: Taps, static: Static) -> Look:
    """Return what the style losses compare of taps, and the taps."""
    means = static.style_layers if static.style_loss == "wasserstein2" else ()
    return Look(
        taps,
        {layer: gram(taps[layer]) for layer in static.style_layers},
        {layer: torch.mean(taps[layer], dim=(0, 1)) for layer in means},
    )


def view(image: Tensor, given: Given, static: Static) -> tuple[Look, Tensor]:
    """Return what the network makes of an image, and the row of its losses."""
    seen = look(forward(given.weights, image, static.layers, static), static)
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
