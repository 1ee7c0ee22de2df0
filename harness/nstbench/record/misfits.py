"""Whether what was read from a file has the types that the fields of a dataclass are declared with."""

from __future__ import annotations

import types
from collections.abc import Hashable, Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any, Union, cast, get_args, get_origin, get_type_hints

MOST = 2**63
"""Counts lie below it, as tables have 64 bits for them."""


def refuse_misfits(record: Any) -> None:
    """Look at every field of a dataclass, and of those in it.

    Raises:
        ValueError: one is of another type; says which.
    """
    hints = _hints(cast(Hashable, type(record)))
    for each in fields(record):
        value = getattr(record, each.name)
        if not _fits(value, hints[each.name]):
            raise ValueError(f"{each.name} is {value!r:.80}")


@cache
def _hints(kind: Hashable) -> Mapping[str, Any]:
    return get_type_hints(kind)


def _fits(value: Any, hint: Any) -> bool:
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        return any(_fits(value, each) for each in inner)
    if origin is tuple:
        return isinstance(value, tuple) and all(_fits(each, inner[0]) for each in value)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return isinstance(value, Mapping) and all(
            _fits(key, inner[0]) and _fits(each, inner[1]) for key, each in value.items()
        )
    if is_dataclass(value):
        refuse_misfits(value)
    return _is_one(value, hint)


def _is_one(value: Any, hint: Any) -> bool:
    if hint in (int, float) and isinstance(value, bool):
        return False
    if hint is float:
        return isinstance(value, int | float)
    if hint is int:
        return isinstance(value, int) and abs(value) < MOST
    # Whatever else is declared is looked at where it is used.
    return isinstance(value, hint) if hint in (str, bool, type(None)) else True
