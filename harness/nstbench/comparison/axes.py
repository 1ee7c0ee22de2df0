"""Axes: the settings that tell trials apart, with what their values are called."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import pandas as pd

from nstbench.api import SETTINGS
from nstbench.comparison.values import UNUSED, Points, Values

BACKEND = "backend_label"
OTHERS = ("options", "threads", "isolation", "backend_version")
"""Columns that may be axes besides the backend and the settings."""


@dataclass(frozen=True, slots=True)
class Axis:
    """One axis.

    Attributes:
        column: of `runs`; title: what people read.
        of_row: what the value of each row of `runs` is called.
        values: the different ones in order: numbers by size, others as they first appear, `UNUSED` last.
    """

    column: str
    title: str
    of_row: tuple[str, ...]
    values: tuple[str, ...]


def axes(runs: pd.DataFrame, without: Collection[str] = ()) -> list[Axis]:
    """Return the axes of a runs table: first the backend, always, then what was swept or else differs.

    What another axis determines is left out, as one of two that advanced together.

    Args:
        without: columns that are not to be axes.
    """
    points = Points(runs)
    kept = {BACKEND: points.values(BACKEND)}
    for name in dict.fromkeys((*points.swept, *SETTINGS, *OTHERS)):
        if name in without:
            continue
        values = points.values(name)
        if len(values.of) > 1 and not any(_determines(other, values) for other in kept.values()):
            kept[name] = values
    return [_axis(name, values) for name, values in kept.items()]


def _determines(one: Values, other: Values) -> bool:
    both = pd.DataFrame({"one": one.keys, "other": other.keys}).dropna()
    return bool((both.groupby("one")["other"].nunique() <= 1).all())


def _axis(name: str, values: Values) -> Axis:
    ordered = list(values.of)
    if all(isinstance(value, int | float) for value in values.of.values()):
        ordered.sort(key=lambda key: values.of[key])
    of_row = tuple(UNUSED if key is None else values.names[key] for key in values.keys)
    names = [values.names[key] for key in ordered] + [UNUSED] * (UNUSED in of_row)
    return Axis(name, _title(name), of_row, tuple(names))


def _title(name: str) -> str:
    return SETTINGS[name].title if name in SETTINGS else name.removesuffix("_label").replace("_", " ")
