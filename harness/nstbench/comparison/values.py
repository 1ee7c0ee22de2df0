"""What tells trials apart, setting by setting: values that can be compared, and what to call them."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd

from nstbench.api import SETTINGS, short_layer
from nstbench.experiment.settings import DEPENDENT, WEIGHTED
from nstbench.plan.trial import canonical_json

UNUSED = "not used"
"""What stands for a setting that a trial's backend does not consume."""

RESOLVED = ("device", "style_size", "weights", *DEPENDENT)
"""Settings that count as what they came to (the device that was used), unless they were swept."""

NOTHING = object()
"""Stands where a trial has no value; None is one."""

FORMS = ((6, False), (6, True), (9, True), (12, True), (17, True))
"""Ways to write values, briefest first: significant digits, and whether weights are shown beside layers."""


@dataclass(frozen=True, slots=True)
class Values:
    """The values of one setting, or of another column.

    Attributes:
        keys: a text for each row, the same for equal values only; None where a trial has no value.
        of: key -> value; names: key -> what to call it. No two keys have one name.
    """

    keys: pd.Series
    of: Mapping[str, Any]
    names: Mapping[str, str]


@dataclass(eq=False)
class Points:
    """The trials of a table of runs as points in the space of settings."""

    runs: pd.DataFrame

    @cached_property
    def axes(self) -> list[dict[str, str | None]]:
        """Of each row the axes it stands on, with the name that the experiment gave its value."""
        return [json.loads(text) for text in self.runs["axes"].fillna("{}")]

    @cached_property
    def swept(self) -> tuple[str, ...]:
        """Every axis of the experiments, in their order."""
        return tuple(dict.fromkeys(axis for row in self.axes for axis in row))

    def values(self, name: str) -> Values:
        """Return the values of a setting, or of any other column of `runs`.

        Layers come with their weights, and several styles with theirs: what was given as one is one value.
        """
        found = self._of_setting(name) if name in SETTINGS else self._column(name)
        keys = _keys(found)
        of = {key: value for key, value in zip(keys, found, strict=True) if key is not None}
        given: defaultdict[str, set[str]] = defaultdict(set)
        for key, axes in zip(keys, self.axes, strict=True):
            if key is not None and axes.get(name):
                given[key].add(str(axes[name]))
        return Values(pd.Series(keys, self.runs.index, dtype=object), of, _names(of, given))

    def asked(self, name: str) -> pd.Series:
        """Return the keys of a setting as it was asked for, whatever it came to."""
        return pd.Series(_keys(self._plain(name, resolved=())), self.runs.index, dtype=object)

    def apart(self, things: str) -> bool:
        """Whether layers (or styles) and their weights were swept independently of one another."""
        weights = WEIGHTED[things]
        rows = zip(self.axes, self.asked(things), self.asked(weights), strict=True)
        pairs = {(thing, weight) for axes, thing, weight in rows if weights in axes}
        return all(len({pair[side] for pair in pairs}) < len(pairs) for side in (0, 1))

    @cached_property
    def _asked(self) -> list[dict[str, Any]]:
        return [json.loads(text) for text in self.runs["asked"].fillna("{}")]

    def _of_setting(self, name: str) -> list[Any]:
        plain = self._plain(name)
        if name not in WEIGHTED or self.apart(name):
            return plain
        return [_weighed(*both) for both in zip(plain, self._weights_of(name, plain), strict=True)]

    def _weights_of(self, name: str, things: list[Any]) -> list[Any]:
        """Return the weights beside layers or styles, also for backends that take none.

        Such a backend stands for what its rows are called: by the weights that others have under that name,
        else by equal ones.
        """
        weights = self._plain(WEIGHTED[name])
        called = [
            (axes.get(name), NOTHING if thing is NOTHING else canonical_json(thing))
            for axes, thing in zip(self.axes, things, strict=True)
        ]
        known = {
            call: given
            for call, given in zip(called, weights, strict=True)
            if call[0] and given is not NOTHING
        }
        return [
            given
            if given is not NOTHING or thing is NOTHING
            else known.get(call, [1 / len(thing)] * len(thing))
            for call, given, thing in zip(called, weights, things, strict=True)
        ]

    def _plain(self, name: str, resolved: Collection[str] = RESOLVED) -> list[Any]:
        """Return a setting as it was asked for; as its column has it where that is not on record."""
        rows = zip(self._asked, self.axes, self._column(name), strict=True)
        return [
            asked[name] if name in asked and (name not in resolved or name in axes) else value
            for asked, axes, value in rows
        ]

    def _column(self, name: str) -> list[Any]:
        """Return the cells of a column; lists are read, and a network is its name and its hash."""
        beside = {"style": "style_blend", "weights": "weights_sha256"}.get(name, name)
        both = zip(self.runs[name].astype(object), self.runs[beside].astype(object), strict=True)
        return [NOTHING if pd.isna(cell) or cell == "" else _read(name, cell, other) for cell, other in both]


def names_of(runs: pd.DataFrame, column: str) -> pd.Series:
    """Return what the values of a column are called, row by row; None where there is none."""
    values = Points(runs).values(column)
    return values.keys.map(values.names, na_action="ignore").astype(object)


def _keys(values: Iterable[Any]) -> list[str | None]:
    return [None if value is NOTHING else canonical_json(value) for value in values]


def _read(name: str, cell: Any, beside: Any) -> Any:
    if name == "weights":
        return {"name": cell, "sha256": str(beside)}
    if name == "style" and pd.isna(beside):
        return [cell]
    if name in WEIGHTED:
        return cell.split(",")
    return [float(item) for item in cell.split(",")] if name in WEIGHTED.values() else cell


def said(value: Any, digits: int = 6, whole: bool = False) -> str:
    """Write a value in few characters: layers without `conv`, numbers without trailing zeros.

    Args:
        digits: significant digits of numbers.
        whole: whether to show weights beside layers, and hashes beside names.
    """
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "none"}[value]
    if isinstance(value, float):
        return f"{value:.{digits}g}"
    if isinstance(value, list):
        return " ".join(_item(each, digits, whole) for each in value)
    if isinstance(value, dict):
        return f"{value['name']} ({value['sha256'][:12]})" if whole else str(value["name"])
    return str(value)


def _item(item: Any, digits: int, whole: bool) -> str:
    thing, weight = item if isinstance(item, list) else (item, None)
    text = short_layer(said(thing, digits))
    return f"{said(weight, digits)}*{text}" if whole and weight is not None else text


def _weighed(things: Any, weights: Any) -> Any:
    if things is NOTHING or weights is NOTHING:
        return things
    return [[thing, weight] for thing, weight in zip(things, weights, strict=True)]


def _names(of: Mapping[str, Any], given: Mapping[str, set[str]]) -> dict[str, str]:
    """Call each value by the one name that it alone was given; others are written as briefly as is unique."""
    claims = Counter(name for names in given.values() for name in names)
    own = {key: name for key, (name, *more) in given.items() if not more and claims[name] == 1}
    for called in (own, {}):
        for digits, whole in FORMS:
            names = {key: called.get(key) or said(value, digits, whole) for key, value in of.items()}
            if len({*names.values(), UNUSED}) == len(names) + 1:
                return names
    return {key: key for key in of}
