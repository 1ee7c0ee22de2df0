"""What iterative VGG-19 backends have in common, whatever their framework.

A problem falls into a static part, which programs are compiled for, and numbers, which they take as
arguments: a sweep over numbers compiles once.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

from nstbench.api.arithmetic import Look
from nstbench.api.losses import LossTrace
from nstbench.api.masks import guides
from nstbench.api.method import METHOD
from nstbench.api.problem import Problem
from nstbench.api.vgg19 import Array

P = TypeVar("P")

LOSS_COLUMNS = ("total", "content", "style", "tv")
"""The first columns of a row of losses; behind them stands E_l of each style layer, in sorted order."""


@dataclass(frozen=True, slots=True)
class Static:
    """The part of a problem that a program is compiled for; hashable.

    Attributes:
        height, width: of the pastiche, in pixels.
        content_layers, style_layers: canonical names, in network order.
        regions: how many there are of a style of their own; 0 without content masks.
    """

    height: int
    width: int
    content_layers: tuple[str, ...]
    style_layers: tuple[str, ...]
    tv_form: str
    optimiser: str
    pooling: str
    precision: str
    taps: str
    style_loss: str
    regions: int

    @property
    def layers(self) -> frozenset[str]:
        """Every layer that the loss looks at."""
        return frozenset(self.content_layers + self.style_layers)

    @property
    def width_of_row(self) -> int:
        """How many losses an iteration has."""
        return len(LOSS_COLUMNS) + len(self.style_layers)

    def of_targets(self) -> Static:
        """Return what the program that computes the targets depends on."""
        return replace(self, height=0, width=0, tv_form="", optimiser="")

    def of_evaluation(self) -> Static:
        """Return what the program that evaluates an image depends on."""
        return replace(self, optimiser="")


def look_by(
    gram: Callable[..., Any],
    mean: Callable[..., Any],
    taps: Mapping[str, Any],
    static: Static,
    guides: Mapping[str, Any] | None = None,
) -> Look:
    """Return what the style losses compare of taps, and the taps.

    Args:
        gram, mean: take an (h, w, N) tap, and as `guides` what its positions weigh, or None.
        guides: these, by style layer.
    """
    own = {layer: guides[layer] if guides else None for layer in static.style_layers}
    with_means = own if static.style_loss == "wasserstein2" else {}
    return Look(
        taps,
        {layer: gram(taps[layer], guides=each) for layer, each in own.items()},
        {layer: mean(taps[layer], guides=each) for layer, each in with_means.items()},
    )


def static_part(problem: Problem, **fewer: Collection[str]) -> Static:
    """Return what programs are compiled for.

    Args:
        fewer: see `Problem.expect`.

    Raises:
        UnknownName: a choice that the backend does not know, or that is not one beside content masks.
    """
    beside_masks = {"style_loss": ("gram",)} if problem.content_masks else {}
    problem.expect(**fewer | beside_masks)
    height, width, _ = problem.content.shape
    return Static(
        height,
        width,
        tuple(problem.content_layers),
        tuple(problem.style_layers),
        problem.tv_form,
        problem.optimiser,
        problem.pooling,
        problem.precision,
        problem.taps,
        problem.style_loss,
        len(problem.content_masks),
    )


def numbers(problem: Problem) -> dict[str, float]:
    """Return what programs take as arguments, flat.

    Returns:
        Every traced setting by its name, and `content conv4_2`, `style conv1_1` ... for the layers' weights.
    """
    flat = {name: float(getattr(problem, name)) for name, each in METHOD.items() if each.traced}
    flat |= {f"content {layer}": float(weight) for layer, weight in problem.content_layers.items()}
    return flat | {f"style {layer}": float(weight) for layer, weight in problem.style_layers.items()}


def guides_of(problem: Problem) -> dict[str, Array] | None:
    """Return what `nstbench.api.guides` makes of the content masks, sqrt(b_i) in sum; None without masks."""
    if not problem.content_masks:
        return None
    shares = [share**0.5 for share in problem.style_blend]
    return guides(problem.content_masks, problem.style_layers, shares)


def guides_of_styles(problem: Problem) -> tuple[dict[str, Array] | None, ...]:
    """Return likewise those of each style image, (h * w,) and 1 in sum; None without masks."""
    if not problem.style_masks:
        return (None,) * len(problem.styles)
    found = (guides([mask], problem.style_layers) for mask in problem.style_masks)
    return tuple({layer: each[0] for layer, each in of_one.items()} for of_one in found)


def loss_trace(rows: Array, style_layers: Collection[str], evaluations: int) -> LossTrace:
    """Name the columns of losses.

    Args:
        rows: (n, 4 + style layers) float32: `LOSS_COLUMNS`, then E_l of the style layers in sorted order.
        evaluations: how often loss and gradient were computed.
    """
    first = len(LOSS_COLUMNS)
    layers = {layer: rows[:, first + i] for i, layer in enumerate(sorted(style_layers))}
    total, content, style, tv = rows[:, :first].T
    return LossTrace(total, content, style, tv, style_layers=layers, evaluations=evaluations)


class Programs(Generic[P]):
    """The programs made so far, by what each was made for."""

    def __init__(self) -> None:
        self._made: dict[Hashable, P] = {}

    def get(self, key: Hashable, make: Callable[[], P]) -> P:
        """Return the program for a key, made the first time."""
        if key not in self._made:
            self._made[key] = make()
        return self._made[key]

    @property
    def made(self) -> tuple[P, ...]:
        """Every program, in the order they were made."""
        return tuple(self._made.values())
