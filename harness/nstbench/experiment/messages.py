"""Turn what pydantic found into sentences, each at its place."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from nstbench.api import did_you_mean
from nstbench.experiment.places import Mistake, Path, dotted
from nstbench.experiment.settings import WEIGHTED
from nstbench.experiment.shape import belongs

M = TypeVar("M", bound=BaseModel)


def validated(
    model: type[M], data: Any, path: Path, mistakes: list[Mistake], context: Any = None
) -> M | None:
    """Validate the section that stands at `path`; add what is wrong with it to `mistakes`."""
    if not isinstance(data, Mapping):
        mistakes.append(Mistake(path, f"must be a mapping, found {shown(data)}"))
        return None
    try:
        return model.model_validate(data, context=context)
    except ValidationError as error:
        mistakes += [_mistake(each, data, path, model) for each in error.errors(include_url=False)]
        return None


def unknown_key(path: Path, allowed: Iterable[str]) -> Mistake:
    """Refuse the key at the end of `path`."""
    *parent, key = path
    section = f"in {dotted(tuple(parent))}" if parent else "at the top level"
    known = sorted(allowed)
    text = f"unknown key {brief(key)} {section}; allowed: {', '.join(known)}."
    return Mistake(path, text, True, lambda: belongs(str(key)) or did_you_mean(str(key), known))


def brief(value: object) -> str:
    """Write a value in at most 60 characters."""
    if isinstance(value, int) and abs(value) >= 10**60:
        return f"a number of {len(str(value))} digits"
    text = repr(value[:60] if isinstance(value, str) else value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def shown(value: Any) -> str:
    """Write a value as briefly as a message needs."""
    if value is None or isinstance(value, bool):
        return {None: "nothing", True: "true", False: "false"}[value]
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, list | tuple):
        return "a list"
    return f"the text {brief(value)}" if isinstance(value, str) else brief(value)


def _mistake(error: ErrorDetails, data: Mapping[str, Any], path: Path, model: type[BaseModel]) -> Mistake:
    kind = error["type"]
    loc = error["loc"]
    if kind == "extra_forbidden":
        return unknown_key((*path, *loc), model.model_fields)
    if kind == "conflict":
        given = [name for name in error["ctx"]["names"] if name in data]
        return Mistake((*path, *given[:1]), error["msg"])
    if kind == "missing":
        return Mistake(path, f"{loc[-1]!r} is missing")
    at_key = len(loc) > 1 and loc[0] in WEIGHTED and isinstance(data.get(str(loc[0])), Mapping)
    return Mistake((*path, *_written(loc, data)), _sentence(error), at_key)


def _written(loc: Path, data: Mapping[str, Any]) -> Path:
    """Undo what reading a mapping of things to weights did to the path."""
    for things, weights in WEIGHTED.items():
        given = data.get(things)
        if loc[0] in (things, weights) and isinstance(given, Mapping):
            keys = [str(key) for key in given]
            return (things, *(keys[part] if isinstance(part, int) else part for part in loc[1:]))
    one = len(loc) > 1 and loc[0] in WEIGHTED and isinstance(data.get(str(loc[0])), str)
    return loc[:1] if one else loc


def _sentence(error: ErrorDetails) -> str:
    kind, found, ctx = error["type"], error["input"], error.get("ctx", {})
    if kind == "literal_error":
        choices = re.findall(r"'([^']*)'", ctx["expected"])
        hint = did_you_mean(found, choices) if isinstance(found, str) else ""
        return f"must be {ctx['expected']}, found {shown(found)}.{hint}"
    if kind in _SENTENCES:
        return f"{_SENTENCES[kind](ctx)}, found {shown(found)}"
    if kind in ("auto", "printable"):
        return f"{error['msg']}, found {shown(found)}"
    return error["msg"]


def _number(limit: float) -> str:
    return f"{limit:g}" if limit > 1e15 or limit % 1 else f"{int(limit):,}"


def _fixed(text: str) -> Callable[[Mapping[str, Any]], str]:
    return lambda _: text


_SENTENCES: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    **dict.fromkeys(("int_type", "int_from_float"), _fixed("must be a whole number")),
    "float_type": _fixed("must be a number"),
    "finite_number": _fixed("must be a finite number"),
    "string_type": _fixed("must be text (put numbers in quotes)"),
    "bool_type": _fixed("must be true or false"),
    "dict_type": _fixed("must be a mapping"),
    **dict.fromkeys(("list_type", "tuple_type"), _fixed("must be a list")),
    "too_long": lambda ctx: f"must have at most {ctx['max_length']} entries",
    "greater_than": lambda ctx: f"must be above {ctx['gt']:g}",
    "greater_than_equal": lambda ctx: f"must be at least {ctx['ge']:g}",
    "less_than": lambda ctx: f"must be below {ctx['lt']:g}",
    "less_than_equal": lambda ctx: f"must be at most {_number(ctx['le'])}",
    "too_short": _fixed("must have at least one entry"),
    "string_too_short": _fixed("must not be empty"),
    "string_too_long": lambda ctx: f"must have at most {ctx['max_length']} characters",
    "string_pattern_mismatch": _fixed(
        "must be made of letters, digits, '.', '_' and '-', and not begin with a dot"
    ),
}
