"""A sweep: axes that multiply, axes that advance together, points added and points taken away."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, product
from typing import Any, TypeAlias

from nstbench.api import SETTINGS
from nstbench.experiment.choice import Choice, choose
from nstbench.experiment.exclusions import Exclusions, read_exclusions
from nstbench.experiment.messages import brief, shown, unknown_key
from nstbench.experiment.places import Mistake, Path
from nstbench.experiment.settings import Written
from nstbench.experiment.shape import SWEEP_RULES

_BEHIND_EXCLUDE = (("sweep",), ("fixed",), ("inputs",), ("--set",))
"""Parts whose mistakes would make an exclusion look wrong that is not."""


Step: TypeAlias = tuple[Choice, ...]
"""One position of an axis, or of axes that advance together."""


@dataclass(frozen=True, slots=True)
class Sweep:
    """What `sweep` says, understood. `groups` multiply, the first varies slowest."""

    groups: tuple[tuple[Step, ...], ...] = ()
    include: tuple[Step, ...] = ()
    exclude: Exclusions = field(default_factory=Exclusions)

    @property
    def axes(self) -> tuple[str, ...]:
        """Settings that vary, in file order."""
        steps = [*(group[0] for group in self.groups), *self.include]
        return tuple(dict.fromkeys(choice.setting for step in steps for choice in step))

    @property
    def most_points(self) -> int:
        """How many points there are before any is excluded or found equal to another."""
        return math.prod(map(len, self.groups)) + len(self.include)

    def steps(self) -> Iterator[Step]:
        """Yield the choices of every point.

        `exclude` acts on the product only: a point that `include` names is wanted. Without any axis the
        points are those of `include`, or else the one that the fixed settings make.
        """
        if self.groups or not self.include:
            for combination in product(*self.groups):
                step = tuple(choice for part in combination for choice in part)
                if not self.exclude.holds({choice.setting: choice.label for choice in step}):
                    yield step
        yield from self.include


def read_sweep(sweep: Mapping[str, Any], overridden: Mapping[str, Choice], mistakes: list[Mistake]) -> Sweep:
    """Understand the section `sweep`; add what is wrong to `mistakes`.

    Args:
        sweep: as written.
        overridden: settings that `--set` fixed; an exclusion may still name them.
    """
    root: Path = ("sweep",)
    axes: dict[str, tuple[Choice, ...]] = {}
    groups: list[tuple[Step, ...]] = []
    for name, value in sweep.items():
        if name == "zip":
            groups += _zipped(value, (*root, name), axes, mistakes)
        elif name not in SWEEP_RULES and (choices := read_axis(name, value, (*root, name), axes, mistakes)):
            groups.append(tuple((choice,) for choice in choices))
    # Generators: what they find must be found before what follows looks at the mistakes.
    added = tuple(_included(sweep.get("include"), (*root, "include"), axes, mistakes))
    mistakes += _ambiguous([*(choice for axis in axes.values() for choice in axis), *chain(*added)])
    if any(each.path[:1] in _BEHIND_EXCLUDE for each in mistakes):
        return Sweep(tuple(groups), added)
    entries = _entries(sweep.get("exclude"), (*root, "exclude"), mistakes)
    return Sweep(tuple(groups), added, read_exclusions(entries, axes, overridden, mistakes))


def read_axis(
    name: str, value: Any, path: Path, axes: dict[str, tuple[Choice, ...]], mistakes: list[Mistake]
) -> tuple[Choice, ...]:
    """Understand the values of an axis and add them to `axes`; nothing if they hold a mistake."""
    if name not in SETTINGS:
        mistakes.append(unknown_key(path, (*SETTINGS, *SWEEP_RULES)))
        return ()
    if name in axes:
        mistakes.append(Mistake(path, f"{name!r} is an axis already; keep one of the two", at_key=True))
        return ()
    if not isinstance(value, list | Mapping):
        text = f"an axis is a list of values or a mapping of labels to values, found {shown(value)}"
        mistakes.append(Mistake(path, f"{text}; one value belongs under fixed"))
        return ()
    items = value.items() if isinstance(value, Mapping) else enumerate(value)
    labels = [str(key) if isinstance(value, Mapping) else None for key, _ in items]
    values = list(value.values()) if isinstance(value, Mapping) else value
    if not values:
        mistakes.append(Mistake(path, f"the axis {name!r} is empty; give it values or remove it"))
    made = [
        choose(name, raw, (*path, label if label is not None else position), mistakes, label)
        for position, (label, raw) in enumerate(zip(labels, values, strict=True))
    ]
    for label in filter(None, labels):
        if not label.isprintable() or len(label) > 100:
            text = f"the name {brief(label)} is no printable text of at most 100 characters"
            mistakes.append(Mistake((*path, label), text, at_key=True))
    axes[name] = tuple(choice for choice in made if choice)
    return axes[name] if len(axes[name]) == len(values) else ()


def _zipped(
    value: Any, path: Path, axes: dict[str, tuple[Choice, ...]], mistakes: list[Mistake]
) -> Iterator[tuple[Step, ...]]:
    for group, where in _entries(value, path, mistakes):
        made = {name: read_axis(name, each, (*where, name), axes, mistakes) for name, each in group.items()}
        if not made or not all(made.values()):
            continue
        if len({len(choices) for choices in made.values()}) > 1:
            lengths = ", ".join(f"{name} has {len(choices)}" for name, choices in made.items())
            mistakes.append(
                Mistake(where, f"axes in one zip advance together and must be equally long; {lengths}")
            )
            continue
        yield tuple(zip(*made.values(), strict=True))


def _included(
    value: Any, path: Path, axes: Mapping[str, tuple[Choice, ...]], mistakes: list[Mistake]
) -> Iterator[Step]:
    on_axes = {name: {each.alone: each for each in reversed(axis)} for name, axis in axes.items()}
    for entry, where in _entries(value, path, mistakes):
        made = [choose(name, raw, (*where, name), mistakes) for name, raw in entry.items()]
        yield tuple(_called_as_on(on_axes.get(choice.setting, {}), choice) for choice in made if choice)


def _called_as_on(axis: Mapping[Written, Choice], choice: Choice) -> Choice:
    """Give a value that is on an axis too the name it has there."""
    same = axis.get(choice.alone, choice)
    return replace(choice, label=same.label, named=same.named)


def _ambiguous(choices: Sequence[Choice]) -> Iterator[Mistake]:
    """Refuse one name for two values of a setting."""
    called: dict[tuple[str, str], Choice] = {}
    for choice in choices:
        if called.setdefault((choice.setting, choice.label), choice).alone != choice.alone:
            text = f"another value of {choice.setting} is called {choice.label!r} too; rename one of the two"
            advice = f", as in {choice.setting}: {{NAME: VALUE}}"
            yield Mistake(choice.path, text + advice)


def _entries(value: Any, path: Path, mistakes: list[Mistake]) -> Iterator[tuple[Mapping[str, Any], Path]]:
    """Yield each mapping of a list of them, or the one that stands alone; empty entries do not count."""
    if value is None:
        return
    entries: list[tuple[Any, Path]] | None = [(value, path)] if isinstance(value, Mapping) else None
    if isinstance(value, list):
        entries = [(each, (*path, position)) for position, each in enumerate(value) if each is not None]
    for entry, where in entries or ():
        if isinstance(entry, Mapping):
            yield entry, where
        else:
            mistakes.append(Mistake(where, f"must be a mapping of settings to values, found {shown(entry)}"))
    if entries is None:
        mistakes.append(Mistake(path, f"must be a list of mappings, found {shown(value)}"))
