"""Whether what was read from a file has the types that the fields of a dataclass are declared with."""

from __future__ import annotations

import types
from collections.abc import Callable, Hashable, Mapping
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
    for name, fits in _checks(cast(Hashable, type(record))):
        if not fits(getattr(record, name)):
            raise ValueError(f"{name} is {getattr(record, name)!r:.80}")


def is_text(value: Any) -> bool:
    """Whether it is a text that can be written: JSON has halves of characters, UTF-8 has none."""
    if not isinstance(value, str):
        return False
    try:
        return value.isascii() or bool(value.encode())
    except UnicodeEncodeError:
        return False


Fits = Callable[[Any], bool]


@cache
def _checks(kind: Hashable) -> tuple[tuple[str, Fits], ...]:
    """Work out once what each field must be: folders hold ten thousand records."""
    hints = get_type_hints(kind)
    return tuple((each.name, _check(hints[each.name])) for each in fields(cast(Any, kind)))


def _check(hint: Any) -> Fits:
    origin, inner = get_origin(hint), [_check(each) for each in get_args(hint) if each is not ...]
    if origin in (Union, types.UnionType):
        return lambda value: any(fits(value) for fits in inner)
    if origin is tuple:
        item = inner[0]
        return lambda value: isinstance(value, tuple) and all(map(item, value))
    if isinstance(origin, type) and issubclass(origin, Mapping):
        key, item = inner
        return lambda value: (
            isinstance(value, Mapping) and all(map(key, value)) and all(map(item, value.values()))
        )
    if is_dataclass(hint):
        return _is_sound
    if isinstance(hint, type) and issubclass(hint, tuple):  # a named one
        parts = [_check(part) for part in get_type_hints(hint).values()]
        return lambda value: (
            isinstance(value, hint) and all(fits(part) for fits, part in zip(parts, value, strict=True))
        )
    # Whatever else is declared is looked at where it is used.
    return _PLAIN.get(hint, lambda value: True)


def _is_sound(value: Any) -> bool:
    refuse_misfits(value)
    return True


_PLAIN: Mapping[Any, Fits] = {
    str: is_text,
    Any: lambda value: is_text(value) or not isinstance(value, str),
    bool: lambda value: isinstance(value, bool),
    type(None): lambda value: value is None,
    int: lambda value: isinstance(value, int) and not isinstance(value, bool) and abs(value) < MOST,
    float: lambda value: isinstance(value, int | float) and not isinstance(value, bool),
}
