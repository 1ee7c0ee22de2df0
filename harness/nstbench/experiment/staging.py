"""Stages as an experiment writes them: a number of sizes, or each size with its iterations."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from pydantic_core import PydanticCustomError

from nstbench.api import SETTINGS, Setting, Stage, growing

MOST_STAGES = 8
_PARTS = {name: SETTINGS[name] for name in Stage._fields}
_ALLOWED = f"a number from 1 to {MOST_STAGES}, or a list of {{size: PIXELS, iterations: N}}"


def read_stages(value: Any) -> int | tuple[Stage, ...]:
    """Read the value of the setting.

    Raises:
        PydanticCustomError: it is neither a number of stages nor a list of them.
    """
    if type(value) is int and 1 <= value <= MOST_STAGES:
        return value
    if isinstance(value, tuple) and all(isinstance(each, Stage) for each in value):
        return value
    if not isinstance(value, list) or not 1 <= len(value) <= MOST_STAGES:
        raise PydanticCustomError("auto", "{text}", {"text": f"must be {_ALLOWED}"})
    stages = tuple(_stage(number, each) for number, each in enumerate(value, start=1))
    for small, large in pairwise(stages):
        if small.size >= large.size:
            raise _wrong(f"sizes must grow from stage to stage, found {small.size}, then {large.size}")
    return stages


def disagreement(given: Mapping[str, Any], said: frozenset[str] | set[str]) -> tuple[str, list[str]] | None:
    """Say what of `size` and `iterations` does not fit the stages, and which settings that concerns.

    Args:
        given: the settings as written.
        said: the names of those that the experiment gives.
    """
    stages, size, iterations = (given[name] for name in ("stages", "size", "iterations"))
    if isinstance(stages, int):
        if iterations < stages:
            return f"{stages} stages cannot share {iterations} iterations; give more", [
                "stages",
                "iterations",
            ]
        if growing(stages, size, iterations)[0].size < (least := SETTINGS["size"].least or 0):
            text = f"{stages} stages up to {size} pixels begin below {least:g}; take fewer, or raise size"
            return text, ["stages", "size"]
        return None
    for name, found in _come_to(stages or ()).items():
        if name in said and given[name] != found:
            advice = f"leave {name} out, or let it be {found}"
            return f"the stages come to {name} {found}, not {given[name]}; {advice}", [name, "stages"]
    return None


def spelled_out(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return stages in full, and the size and iterations that they come to; a single one is none."""
    stages = given["stages"]
    if isinstance(stages, int):
        stages = growing(stages, given["size"], given["iterations"])
    return {"stages": stages if stages and len(stages) > 1 else None, **_come_to(stages or ())}


def _come_to(stages: tuple[Stage, ...]) -> dict[str, int]:
    if not stages:
        return {}
    return {"size": stages[-1].size, "iterations": sum(stage.iterations for stage in stages)}


def _stage(number: int, value: Any) -> Stage:
    if isinstance(value, list) and len(value) == len(_PARTS):  # as records have it
        value = dict(zip(_PARTS, value, strict=True))
    if not isinstance(value, Mapping) or value.keys() != _PARTS.keys():
        raise _wrong(f"stage {number} must be {{size: PIXELS, iterations: N}}, or [PIXELS, N]")
    for name, setting in _PARTS.items():
        if not _fits(value[name], setting):
            limits = f"from {setting.least:g} to {setting.most:,.0f}"
            raise _wrong(f"stage {number}: {name} must be a whole number {limits}")
    return Stage(**value)


def _fits(value: Any, setting: Setting) -> bool:
    assert setting.least is not None
    assert setting.most is not None
    return type(value) is int and setting.least <= value <= setting.most


def _wrong(text: str) -> PydanticCustomError:
    return PydanticCustomError("stages", "{text}", {"text": text})
