"""Check a backend's own options against what it declares, and complete them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from nstbench.api import ExperimentError, Option, did_you_mean
from nstbench.experiment.choices import BackendChoice
from nstbench.experiment.messages import brief, shown
from nstbench.experiment.places import Mistake
from nstbench.experiment.yaml12 import parse

_WORDS: Mapping[type, str] = {bool: "true or false", int: "a whole number", float: "a number", str: "text"}


def complete_options(
    choice: BackendChoice, declared: Mapping[str, Option], mistakes: list[Mistake]
) -> dict[str, Any]:
    """Return every declared option with its value; add what is wrong to `mistakes`.

    An option's type is that of its default; whole numbers are accepted for floats.
    """
    made = {name: option.default for name, option in declared.items()}
    for name, value in choice.options.items():
        path = (*choice.path, "options", name)
        if name not in declared:
            known = ", ".join(sorted(declared)) or "none"
            text = f"backend {choice.name!r} has no option {brief(name)}; it has: {known}."
            mistakes.append(Mistake(path, text, True, partial(did_you_mean, name, declared)))
        elif not _fits(value, declared[name]):
            mistakes.append(Mistake(path, _refusal(name, value, declared[name])))
        else:
            made[name] = float(value) if isinstance(declared[name].default, float) else value
    return made


def written_options(texts: Sequence[str]) -> dict[str, Any]:
    """Return the options that `key=value` texts give, as an experiment file would have them.

    Raises:
        ExperimentError: a value is not what such a file may have.
    """
    split = (text.partition("=") for text in texts)
    return {key.strip(): parse(value.strip().encode(), f"--option {key}").value for key, _, value in split}


def read_options(name: str, texts: Sequence[str], declared: Mapping[str, Option]) -> dict[str, Any]:
    """Return every declared option with its value, those of `key=value` texts included.

    Raises:
        ExperimentError: a text is not of that form, or the backend has no such option or value.
    """
    mistakes: list[Mistake] = []
    made = complete_options(BackendChoice(name, written_options(texts)), declared, mistakes)
    if mistakes:
        raise ExperimentError([f"--option {each.path[-1]}: {each.text}" for each in mistakes])
    return made


def _fits(value: Any, option: Option) -> bool:
    wanted = type(option.default)
    of_type = type(value) is wanted or (wanted is float and type(value) is int)
    return of_type and _can_be_kept(value) and (not option.choices or value in option.choices)


def _can_be_kept(value: Any) -> bool:
    """Whether tables can hold it: 64 bits of a whole number, a finite one, some text."""
    if isinstance(value, str):
        return len(value) <= 4096
    return -(2**63) <= value < 2**63 if isinstance(value, int) else math.isfinite(value)


def _refusal(name: str, value: Any, option: Option) -> str:
    if not option.choices:
        return f"option {name!r} must be {_WORDS[type(option.default)]}, found {shown(value)}"
    allowed = ", ".join(map(str, option.choices))
    hint = did_you_mean(value, map(str, option.choices)) if isinstance(value, str) else ""
    return f"option {name!r} must be one of {allowed}; found {shown(value)}.{hint}"
