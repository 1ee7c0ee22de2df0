"""What has to be said to have a trial's settings again: those that are not as they are by default."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from nstbench.api import SETTINGS, Setting
from nstbench.experiment.settings import WEIGHTED
from nstbench.plan import Trial
from nstbench.plan.trial import in_json

OF_PICTURES = ("content", "style", "style_blend", "content_masks", "style_masks")
"""Settings that say which pictures they were."""


def told_settings(trial: Trial, base: Path) -> dict[str, Any]:
    """Return a trial's settings but for its pictures, in the units of the experiment and in JSON types.

    Args:
        base: the folder that files named in them are looked for from.
    """
    asked = trial.asked or trial.noticed_settings()
    told = {}
    for name, given in asked.items():
        setting = SETTINGS.get(name)
        value = _no_longer_default(trial, name, asked) if given is None else given
        if setting is None or name in OF_PICTURES or value is None or _is_default(value, setting):
            continue
        if setting.kind == "weights" and _are_equal(value, name, asked):
            continue
        path = base / value if setting.kind == "file" else None
        told[name] = str(path.resolve()) if path and path.is_file() else value
    return told


def told_options(options: Mapping[str, Any], usual: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options of a backend that differ from the usual ones."""
    return {name: value for name, value in options.items() if name not in usual or usual[name] != value}


def _no_longer_default(trial: Trial, name: str, asked: Mapping[str, Any]) -> Any:
    """Return what a setting came to that was left to its default, if that has changed since; else None.

    In other units than those of Gatys et al. it cannot be told, as trials have their numbers in those.
    """
    setting = SETTINGS.get(name)
    if not (setting and setting.worked_out) or asked.get("loss_scale", "gatys") != "gatys":
        return None
    beside = replace(trial.settings, size=asked.get("size", trial.settings.size))
    value = in_json(getattr(trial.settings, name))
    return None if value == in_json(setting.default_beside(beside)) else value


def _is_default(value: Any, setting: Setting) -> bool:
    """Whether leaving it out comes to this value; a default that is worked out may be another one."""
    return setting.worked_out is None and bool(value == in_json(setting.default))


def _are_equal(weights: Any, name: str, asked: Mapping[str, Any]) -> bool:
    things = next(things for things, weighed in WEIGHTED.items() if weighed == name)
    count = len(asked.get(things) or weights)
    return all(weight == 1 / count for weight in weights)
