"""What can be said of a backend without loading its framework: settings, options, devices, advice."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

CONTRACT = 1
"""Version of the contract between nstbench and a backend; it changes when an older backend would break."""


@dataclass(frozen=True, slots=True)
class Option:
    """A setting that belongs to one backend, given under `backends: - {name: ..., options: {...}}`.

    Attributes:
        default: its type is the type a value must have.
        choices: allowed values; empty for any of that type.
    """

    default: bool | int | float | str
    help: str
    choices: tuple[bool | int | float | str, ...] = ()


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What can be said of a backend without loading its framework.

    Attributes:
        summary: one line for `nstbench backends`.
        consumes: settings that change its result; trials that differ only in others are one trial.
        devices: of `cpu` and `gpu`.
        requires: modules that must be importable; the first missing one is the reason it is not ready.
        install: the line that installs what `requires` names.
        options: its own options, by name.
        variables: environment variables that change its numbers or seconds, as names or as beginnings that
            end in `_`; they are recorded with every row.
        keeps_programs: whether it keeps compiled programs for later processes, see `Backend.keep_programs`.
        contract: version of the contract that it is written for.
    """

    summary: str
    consumes: frozenset[str]
    devices: tuple[str, ...] = ("cpu",)
    requires: tuple[str, ...] = ()
    install: str = ""
    options: Mapping[str, Option] = field(default_factory=dict)
    variables: tuple[str, ...] = ()
    keeps_programs: bool = False
    contract: int = CONTRACT

    def complete(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """Return the options with the defaults of those that are not given."""
        return {name: option.default for name, option in self.options.items()} | dict(options)

    @property
    def iterative(self) -> bool:
        """Whether it takes optimiser steps; otherwise one `run(1)` is one whole picture."""
        return "iterations" in self.consumes

    @property
    def has_layers(self) -> bool:
        """Whether it sees images through chosen layers of VGG-19."""
        return "style_layers" in self.consumes

    @property
    def has_ladder(self) -> bool:
        """Whether it optimises with VGG-19, so that `nstbench verify` has something to compare."""
        return {"weights", "iterations", "style_layers"} <= self.consumes


def wrong_types(can: Capabilities) -> list[str]:
    """Say which fields are not of the types that the contract has, and what was found; empty if all are."""
    if can.contract != CONTRACT:
        return [f"it is written for contract {can.contract!r}; this version of nstbench has {CONTRACT}"]
    right: dict[str, tuple[bool, str]] = {
        "summary": (isinstance(can.summary, str), "text"),
        "consumes": (isinstance(can.consumes, set | frozenset) and _texts(can.consumes), "a set of names"),
        "devices": (_texts(can.devices), "a tuple of names"),
        "requires": (_texts(can.requires), "a tuple of names"),
        "install": (isinstance(can.install, str), "text"),
        "options": (isinstance(can.options, Mapping) and _texts([*can.options]), "options by name"),
        "variables": (_texts(can.variables), "a tuple of names"),
        "keeps_programs": (isinstance(can.keeps_programs, bool), "True or False"),
    }
    wrong = [
        f"`{name}` is {wanted}, found {getattr(can, name)!r:.60}"
        for name, (fine, wanted) in right.items()
        if not fine
    ]
    return wrong or list(_wrong_options(can.options))


def _texts(values: Any) -> bool:
    return isinstance(values, tuple | list | set | frozenset) and all(isinstance(v, str) for v in values)


def _wrong_options(options: Mapping[str, Any]) -> Iterator[str]:
    for name, option in options.items():
        if not isinstance(option, Option):
            yield f"the option {name!r} is an `Option`, found {option!r:.60}"
        elif not (_is_value(option.default) and isinstance(option.help, str)):
            yield f"the option {name!r} has a bool, finite number or text by default, and a text as help"
        elif not (isinstance(option.choices, tuple | list) and all(map(_is_value, option.choices))):
            yield f"the option {name!r} has a tuple of values to choose from, found {option.choices!r:.60}"


def _is_value(value: Any) -> bool:
    return isinstance(value, bool | int | str) or (isinstance(value, float) and math.isfinite(value))


@dataclass(frozen=True, slots=True)
class Device:
    """Where a backend computes: kind is `cpu` or `gpu`; an empty name stands for that of the processor."""

    kind: str
    name: str


@dataclass(frozen=True, slots=True)
class Advice:
    """Something to know about what is installed here.

    Attributes:
        line: one sentence; where there is something to do, what.
        urgent: whether results may be wrong until it is done. Otherwise it is taken care of.
    """

    line: str
    urgent: bool


@dataclass(frozen=True, slots=True)
class Network:
    """Which parameters produced a result: a name for people and the SHA-256 of the file they came from."""

    name: str
    sha256: str
