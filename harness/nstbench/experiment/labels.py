"""What people call the values of a setting that the experiment gave no names."""

from __future__ import annotations

from typing import Any

from nstbench.experiment.settings import KINDS, WEIGHTED, Written


def label_of(setting: str, alone: Written) -> str:
    """Write one value in full, so that different values read differently: layers bare, others as name=value.

    Args:
        alone: settings in which this one has the value.
    """
    value = getattr(alone, setting)
    if setting == "stages" and isinstance(value, tuple):
        return "stages=" + "+".join(f"{stage.size}:{stage.iterations}" for stage in value)
    if setting not in WEIGHTED:
        return f"{setting}={_written(value)}"
    weights = getattr(alone, WEIGHTED[setting])
    things = value if weights is None else map(_weighted, weights, value)
    return f"{setting}=" * (setting in KINDS) + "+".join(things)


def _weighted(weight: float, thing: str) -> str:
    return f"{_written(weight)}*{thing}"


def _written(value: Any) -> str:
    if isinstance(value, tuple):
        return "+".join(map(_written, value))
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value)) if value < 1e15 else repr(value)
    return "none" if value is None else str(value)
