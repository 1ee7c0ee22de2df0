"""Whether a backend obeys what it says it consumes: each setting must show in the picture or the losses."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from nstbench.api import METHOD
from nstbench.testing.checks.pictures import PIXEL, farthest
from nstbench.testing.subject import HEIGHT, WIDTH, Progress, Subject, noise
from nstbench.testing.violation import NotApplicable, demand

VISIBLE = 1e-5
"""A smaller difference, relative for losses, may be the order of additions."""


@dataclass(frozen=True, slots=True)
class Variation:
    """Two problems that whoever obeys a setting must tell apart: `base`, and `base` with `change`."""

    setting: str
    base: dict[str, Any]
    change: dict[str, Any]


def consumed_settings_matter(subject: Subject) -> None:
    """A setting in `consumes` changes picture or losses: else trials that are one would be told apart."""
    for each in _variations(subject):
        changed = each.base | each.change
        if each.setting not in subject.capabilities.consumes:
            continue
        if not (subject.allows(each.base) and subject.allows(changed)):
            continue
        one, other = (subject.advance(subject.problem(**what), 4) for what in (each.base, changed))
        remedy = f"obey {each.setting}, or take it out of `consumes`"
        seen = f"the same result with {_shown(each.change)}"
        demand(_differ(one, other), f"`{each.setting}` changes the result", seen, remedy)


def weights_are_taken(subject: Subject) -> None:
    """`load` with other parameters changes what new sessions compute; with the old ones it comes back."""
    weights, problem = subject.weights, subject.problem()
    if weights is None:
        raise NotApplicable("it consumes no `weights`")
    kernel, bias = weights["conv1_1"]
    before = subject.advance(problem, 2)
    try:
        subject.backend.load({**weights, "conv1_1": (kernel[::-1].copy(), bias)})
        other = subject.advance(problem, 2)
    finally:
        subject.backend.load(weights)
    remedy = "replace what the compiled program uses"
    demand(_differ(before, other), "other weights give another result", "the same result", remedy)
    gap = farthest(before.image, subject.advance(problem, 2).image)
    demand(gap <= PIXEL, "the old weights give the old result", f"pixels {gap:.3g} apart", remedy)


def _variations(subject: Subject) -> Iterator[Variation]:
    yield from _pictures()
    yield from _numbers()
    yield from _layers()
    only_tv = {"alpha": 0.0, "beta": 0.0}
    for form in subject.values("tv_form"):
        yield from _unlike_first(subject, "tv_form", form, only_tv)
    for axis in ("optimiser", "pooling", "taps", "style_loss"):
        for value in subject.values(axis):
            yield from _unlike_first(subject, axis, value, {})
    yield Variation("precision", {"precision": "highest"}, {"precision": "bf16"})


def _pictures() -> Iterator[Variation]:
    picture, style = noise((HEIGHT, WIDTH), (37, 45), seed=9)
    yield Variation("content", {"beta": 0.0}, {"content": picture})
    yield Variation("style", {"alpha": 0.0}, {"styles": (0.3 * style,), "style_blend": (1.0,)})
    yield Variation("style_blend", {"alpha": 0.0, "style_blend": (0.3, 0.7)}, {"style_blend": (0.7, 0.3)})
    left, right = np.zeros((2, HEIGHT, WIDTH), np.float32)
    left[:, : WIDTH // 2], right[:, WIDTH // 2 :] = 1, 1
    regions = {"alpha": 0.0, "style_blend": (0.3, 0.7), "content_masks": (left, right)}
    yield Variation("content_masks", regions, {"content_masks": (right, left)})
    upper = np.zeros((37, 45), np.float32)
    upper[:18] = 1
    yield Variation("style_masks", {"alpha": 0.0, "style_blend": (1.0,)}, {"style_masks": (upper,)})
    yield Variation("init", {}, {"init": 0.5 * picture})


def _numbers() -> Iterator[Variation]:
    """Every number of the method; with Adam, beside which all of them matter."""
    for name, each in METHOD.items():
        if each.contrast:
            first, second = each.contrast
            yield Variation(name, {"optimiser": "adam", name: first}, {name: second})


def _layers() -> Iterator[Variation]:
    yield Variation("content_layers", {"beta": 0.0}, {"content_layers": {"conv2_1": 1.0}})
    yield Variation("content_weights", {"beta": 0.0}, {"content_layers": {"conv1_2": 3.0}})
    yield Variation("style_layers", {"alpha": 0.0}, {"style_layers": {"conv1_1": 1.0}})
    yield Variation("style_weights", {"alpha": 0.0}, {"style_layers": {"conv2_1": 0.1, "conv1_1": 0.9}})


def _unlike_first(subject: Subject, axis: str, value: Any, base: dict[str, Any]) -> Iterator[Variation]:
    if value != subject.accepted[0][axis]:
        yield Variation(axis, base, {axis: value})


def _differ(one: Progress, other: Progress) -> bool:
    """Compare pictures and the terms of the loss; the total may differ by arithmetic alone."""
    if farthest(one.image, other.image) > VISIBLE:
        return True
    mine, others = one.losses(), other.losses()
    return any(
        name not in others or not np.allclose(column, others[name], rtol=VISIBLE, atol=0)
        for name, column in mine.items()
        if name != "total"
    )


def _shown(change: dict[str, Any]) -> str:
    return ", ".join(
        f"other {name}"
        if name in ("content", "styles", "content_masks", "style_masks", "init")
        else f"{name} = {value}"
        for name, value in change.items()
    )
