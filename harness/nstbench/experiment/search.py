"""A search: axes that are ranges or choices, of which points are tried one after the other."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice, product
from typing import Any, Literal, TypeAlias

from pydantic import Field, create_model

from nstbench.api import SETTINGS
from nstbench.api.judged import JUDGED
from nstbench.experiment.axes import Step, read_axis
from nstbench.experiment.choice import Choice, choose
from nstbench.experiment.messages import shown, unknown_key, validated
from nstbench.experiment.places import Mistake, Path
from nstbench.experiment.shape import SEARCH_RULES, Outline
from nstbench.experiment.values import Strict

MOST_CORNERS = 1000
"""How many points at the ends of the axes are looked at before anything runs."""

Values: TypeAlias = Mapping[str, float | str]
"""Axis -> a number in its range, or the label of one of its choices."""


class Limits(Strict):
    """A range as an experiment writes it."""

    low: float = Field(description="The least value")
    high: float = Field(description="The largest value")
    log: bool = Field(False, description="Whether to go through orders of magnitude rather than differences")


RULES: type[Strict] = create_model(
    "Rules",
    __base__=Strict,
    trials=(int, Field(ge=1, le=10_000, description="How many points to try, for each backend")),
    within_s=(
        float | None,
        Field(None, gt=0, description="Seconds of preparing and iterating that a picture may take"),
    ),
    **{
        "for": (
            Literal[tuple(JUDGED)],
            Field(next(iter(JUDGED)), description="The figure of the referee that is to be best"),
        )
    },
)  # type: ignore[call-overload]
"""What a search says besides its axes."""


@dataclass(frozen=True, slots=True)
class Range:
    """All numbers from `low` to `high`, both included; `whole`: those without a fraction."""

    low: float
    high: float
    log: bool
    whole: bool

    def __str__(self) -> str:
        steps = ", logarithmic" if self.log else ""
        return f"{self.low:g} to {self.high:g}{steps}"

    def rounded(self, value: float) -> float:
        """Return a value that people can read: three digits tell it from others of the range."""
        scale = min(abs(value), self.high - self.low)
        short = round(value, 2 - math.floor(math.log10(scale))) if scale else 0.0
        inside = min(max(short, self.low), self.high)
        return round(inside) if self.whole else inside

    def holds(self, value: Any) -> bool:
        """Whether a value is one of them."""
        return isinstance(value, int | float) and self.low <= value <= self.high


Labelled: TypeAlias = Mapping[str, Choice]
"""An axis of choices: label -> value."""

Axis: TypeAlias = Range | Labelled


@dataclass(frozen=True, slots=True)
class Search:
    """What `search` says, understood.

    Attributes:
        trials: how many to try, for each backend.
        quality: the column of `nstbench.api.judged.JUDGED` that is to be best.
        within_s: seconds of preparing and iterating that a picture may take; None for no limit.
        seed: of what is tried.
        fixed: the settings that have one value.
    """

    axes: Mapping[str, Axis]
    trials: int
    quality: str
    within_s: float | None
    seed: int = 0
    fixed: Mapping[str, Choice] = field(default_factory=dict, repr=False)

    def step(self, values: Values) -> Step:
        """Return the choices of a point."""
        chosen = (
            choose(name, values[name], ("search", name), [])
            if isinstance(axis, Range)
            else axis[str(values[name])]
            for name, axis in self.axes.items()
        )
        return tuple(choice for choice in chosen if choice)

    def corners(self) -> Iterator[Step]:
        """Yield the points at the ends of ranges, with every choice, whose mistakes are those of others."""
        ends: list[list[Any]] = [
            [axis.rounded(axis.low), axis.rounded(axis.high)] if isinstance(axis, Range) else [*axis]
            for axis in self.axes.values()
        ]
        for each in islice(product(*ends), MOST_CORNERS):
            yield self.step(dict(zip(self.axes, each, strict=True)))


def read_search(outline: Outline, fixed: Mapping[str, Choice], mistakes: list[Mistake]) -> Search | None:
    """Understand the section `search`; add what is wrong to `mistakes`. None if there is none."""
    written = outline.search
    if not written:
        return None
    before = len(mistakes)
    rules = validated(
        RULES, {name: value for name, value in written.items() if name in SEARCH_RULES}, ("search",), mistakes
    )
    axes = {
        name: _axis(name, value, ("search", name), mistakes)
        for name, value in written.items()
        if name not in SEARCH_RULES
    }
    mistakes += _contradictions(outline, axes)
    if rules is None or len(mistakes) > before:
        return None
    known = {name: axis for name, axis in axes.items() if axis}
    said = dict(rules)
    return Search(known, said["trials"], said["for"], said["within_s"], outline.seed, fixed)


def _axis(name: str, value: Any, path: Path, mistakes: list[Mistake]) -> Axis | None:
    """A mapping is a range of a number, and otherwise has labels; a list has choices."""
    setting = SETTINGS.get(name)
    if setting and setting.kind in ("number", "count") and isinstance(value, Mapping):
        return _range(name, value, path, mistakes)
    if setting is None:
        mistakes.append(unknown_key(path, (*SETTINGS, *SEARCH_RULES)))
        return None
    if not isinstance(value, list | Mapping):
        text = f"an axis of a search is a list of values or {{low: ..., high: ...}}, found {shown(value)}"
        mistakes.append(Mistake(path, f"{text}; one value belongs under fixed"))
        return None
    choices = read_axis(name, value, path, {}, mistakes)
    return {choice.label: choice for choice in choices} or None


def _range(name: str, value: Mapping[str, Any], path: Path, mistakes: list[Mistake]) -> Range | None:
    before = len(mistakes)
    limits = validated(Limits, value, path, mistakes)
    if limits is None:
        return None
    for end in ("low", "high"):
        choose(name, value[end], (*path, end), mistakes)
    if len(mistakes) > before:
        return None
    if limits.low >= limits.high:
        mistakes.append(Mistake((*path, "high"), f"must be above low, {limits.low:g}, found {limits.high:g}"))
    if limits.log and limits.low <= 0:
        text = f"with log: true the range begins above 0, found {limits.low:g}"
        mistakes.append(Mistake((*path, "low"), text))
    if len(mistakes) > before:
        return None
    return Range(limits.low, limits.high, limits.log, SETTINGS[name].kind == "count")


def _contradictions(outline: Outline, axes: Mapping[str, Any]) -> Iterator[Mistake]:
    if not axes:
        yield Mistake(("search",), "names no axis, as in beta: {low: 1, high: 1.0e+5, log: true}")
    if outline.sweep:
        text = "a search has no sweep beside it; move its axes to search, as lists, or give them one value"
        yield Mistake(("sweep",), text, at_key=True)
    if outline.measure.get("referee") == "none":
        yield Mistake(("measure", "referee"), "a search needs the referee: it is for what the referee judges")
    written: list[Path] = [
        (section, name) for section in ("inputs", "fixed") for name in getattr(outline, section)
    ]
    written += [("seed",)] if "seed" in outline.model_fields_set else []
    for path in written:
        if path[-1] in axes:
            text = f"{path[-1]!r} is fixed here and an axis in search; keep one of the two"
            yield Mistake(path, text, at_key=True)
