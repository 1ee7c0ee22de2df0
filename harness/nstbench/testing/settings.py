"""The settings that a backend is asked about: as the planner passes them, and combinations of choices."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import combinations, product
from random import Random
from typing import Any, TypeAlias

from nstbench.api import METHOD, SETTINGS, Backend, Settings

PROBLEM_AXES: Mapping[str, tuple[Any, ...]] = {
    **{name: each.choices for name, each in METHOD.items() if each.choices},
    "style_blend": ((1.0,), (0.3, 0.7)),
}
"""Choices that a `Problem` carries and a backend may refuse; the first of each is the default."""

PLANNING_AXES = {**PROBLEM_AXES, "init": ("content", "style", "noise"), "deterministic": (False, True)}

SHUFFLES = 30

Paired: TypeAlias = tuple[Mapping[str, Any], frozenset[Any]]
"""A combination, and every pair of values in it."""


def settings_for(backend: Backend, chosen: Mapping[str, Any]) -> Settings:
    """Return what `refuse` would be given: choices worked out, and defaults for what is not consumed."""
    blend = chosen.get("style_blend", (1.0,))
    styles = tuple(f"style-{i}.png" for i in range(len(blend)))
    given = {"content": "content.png", "style": styles, **chosen}
    full = Settings(**given | {"style_blend": blend if len(blend) > 1 else None})
    for name, each in SETTINGS.items():
        if each.worked_out and name not in chosen:
            full = replace(full, **{name: each.default_beside(full)})
    noticed = {name for name in backend.capabilities.consumes & set(SETTINGS) if SETTINGS[name].matters(full)}
    return Settings(**{name: getattr(full, name) for name in noticed})


def combine(axes: Mapping[str, tuple[Any, ...]], consumes: frozenset[str]) -> Iterator[dict[str, Any]]:
    """Go through every combination; an axis that is not consumed keeps its default."""
    kept = [values if name in consumes else values[:1] for name, values in axes.items()]
    for chosen in product(*kept):
        yield dict(zip(axes, chosen, strict=True))


def accepted(backend: Backend) -> tuple[dict[str, Any], ...]:
    """Return the combinations of `PROBLEM_AXES` a backend does not refuse; the first if it refuses all."""
    combined = list(combine(PROBLEM_AXES, backend.capabilities.consumes))
    fine = [each for each in combined if _lets_pass(backend, settings_for(backend, each))]
    return tuple(fine or combined[:1])


def _lets_pass(backend: Backend, settings: Settings) -> bool:
    try:
        return backend.refuse(settings) is None
    except Exception:  # a check of its own will say so
        return False


def covering(combined: Sequence[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
    """Choose few combinations in which every pair of values that occurs at all occurs.

    Greedy, so its luck depends on the order: the shortest choice from a number of shuffles is taken, as
    each combination may have to be compiled.
    """
    paired = [(each, frozenset(combinations(each.items(), 2))) for each in combined]
    shuffled = (Random(seed).sample(paired, len(paired)) for seed in range(SHUFFLES))
    return min(map(_greedily, shuffled), key=len)


def _greedily(paired: Sequence[Paired]) -> list[Mapping[str, Any]]:
    chosen: list[Mapping[str, Any]] = []
    missing = frozenset().union(*(pairs for _, pairs in paired))
    while missing:
        each, pairs = max(paired, key=lambda both: len(both[1] & missing))
        chosen.append(each)
        missing -= pairs
    return chosen
