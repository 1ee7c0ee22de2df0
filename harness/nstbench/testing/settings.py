"""The settings a backend is asked about at planning: defaults, alternatives, and combinations of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations, product
from random import Random
from typing import Any

from nstbench.api import GATYS_CONTENT_LAYERS, GATYS_STYLE_LAYERS, TV_FORMS, Backend

DEFAULTS: Mapping[str, Any] = {
    "content": "content.png",
    "style": "style.png",
    "style_blend": [1.0],
    "size": 256,
    "style_size": 256,
    "weights": "auto",
    "content_layers": list(GATYS_CONTENT_LAYERS),
    "content_weights": [1.0],
    "style_layers": list(GATYS_STYLE_LAYERS),
    "style_weights": [0.2] * 5,
    "iterations": 100,
    "alpha": 1.0,
    "beta": 100.0,
    "tv_weight": 1.0,
    "tv_form": "squared",
    "optimiser": "adam",
    "learning_rate": 0.02,
    "learning_rate_decay": 1.0,
    "adam_beta1": 0.9,
    "adam_epsilon": 1e-8,
    "init": "content",
    "pooling": "max",
    "precision": "highest",
    "seed": 0,
    "deterministic": False,
    "device": "auto",
}
"""Every setting of `nstbench.api.VGG_SETTINGS` with a value as the planner passes it to `refuse`."""

IDLE: Mapping[str, tuple[str, ...]] = {
    "sgd": ("adam_beta1", "adam_epsilon"),
    "lbfgs": ("adam_beta1", "adam_epsilon", "learning_rate", "learning_rate_decay"),
}
"""Optimiser -> settings that mean nothing to it, which the planner leaves out."""

PROBLEM_AXES: Mapping[str, tuple[Any, ...]] = {
    "optimiser": ("adam", "sgd", "lbfgs"),
    "pooling": ("max", "avg"),
    "tv_form": TV_FORMS,
    "precision": ("highest", "default", "bf16"),
    "style_blend": ((1.0,), (0.3, 0.7)),
}
"""Choices that a `Problem` carries and a backend may refuse; the first of each is the default."""

PLANNING_AXES = {**PROBLEM_AXES, "init": ("content", "style", "noise"), "deterministic": (False, True)}


SHUFFLES = 30


def settings_for(backend: Backend, chosen: Mapping[str, Any]) -> dict[str, Any]:
    """Return what `refuse` would be given: the consumed settings, less what is idle beside the chosen."""
    blend = list(chosen.get("style_blend", (1.0,)))
    styles = "style.png" if len(blend) == 1 else ["style.png", "other.png"]
    full = {**DEFAULTS, **chosen, "style": styles, "style_blend": blend}
    idle = set(IDLE.get(full["optimiser"], ())) | ({"style_blend"} if len(blend) == 1 else set())
    return {k: v for k, v in full.items() if k in backend.capabilities.consumes and k not in idle}


def combine(axes: Mapping[str, tuple[Any, ...]], consumes: frozenset[str]) -> Iterator[dict[str, Any]]:
    """Go through every combination; an axis that is not consumed keeps its default."""
    kept = [values if name in consumes else values[:1] for name, values in axes.items()]
    for chosen in product(*kept):
        yield dict(zip(axes, chosen, strict=True))


def accepted(backend: Backend, options: Mapping[str, Any]) -> tuple[dict[str, Any], ...]:
    """Return the combinations of `PROBLEM_AXES` a backend does not refuse; the first if it refuses all."""
    combined = list(combine(PROBLEM_AXES, backend.capabilities.consumes))
    fine = [each for each in combined if _lets_pass(backend, settings_for(backend, each), options)]
    return tuple(fine or combined[:1])


def _lets_pass(backend: Backend, settings: Mapping[str, Any], options: Mapping[str, Any]) -> bool:
    try:
        return backend.refuse(settings, options) is None
    except Exception:  # a check of its own will say so
        return False


def covering(combined: Sequence[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
    """Choose few combinations in which every pair of values that occurs at all occurs.

    Greedy, so its luck depends on the order: the shortest choice from a number of shuffles is taken, as
    each combination may have to be compiled.
    """
    shuffled = (Random(seed).sample(combined, len(combined)) for seed in range(SHUFFLES))
    return min(map(_greedily, shuffled), key=len)


def _greedily(combined: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    def pairs(each: Mapping[str, Any]) -> set[Any]:
        return set(combinations(each.items(), 2))

    chosen: list[Mapping[str, Any]] = []
    missing = set().union(*map(pairs, combined))
    while missing:
        chosen.append(max(combined, key=lambda each: len(pairs(each) & missing)))
        missing -= pairs(chosen[-1])
    return chosen
