"""The command that makes one more picture like those of a trial."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from nstbench.api import SETTINGS, ExperimentError
from nstbench.experiment.settings import WEIGHTED
from nstbench.experiment.yaml12 import parse
from nstbench.plan import Trial
from nstbench.plan.trial import canonical_json, in_json
from nstbench.record import Store

PICTURES = ("PHOTO.jpg", "STYLE.jpg")
"""What stands for the user's own."""

OF_PICTURES = ("content", "style", "style_blend")
"""Settings that say which pictures they were."""

Defaults = Callable[[str], Mapping[str, Any]]
"""Name of a backend -> its options where nothing is given."""


def no_defaults(_: str) -> Mapping[str, Any]:
    """Know no backend: every option is written."""
    return {}


def stylize_line(store: Store, trial_id: str, defaults: Defaults = no_defaults) -> str:
    """Return the `nstbench stylize` of a trial's backend, options and settings, with others' pictures.

    Args:
        store: where the trial lies; files that its settings name are looked for from its experiment.
        defaults: options that they give need no mention.

    Raises:
        ResultsError: the record is damaged.
    """
    record = store.record(trial_id)
    assert record is not None, "the tables have a row of it"
    trial = record.trial
    usual = defaults(trial.backend)
    options = {
        name: value for name, value in trial.options.items() if name not in usual or usual[name] != value
    }
    words = ["nstbench", "stylize", *PICTURES, "-o", "pastiche.png", "--backend", trial.backend]
    for name, value in options.items():
        words += ["--option", f"{name}={_written(value)}"]
    for name, value in _told(trial, store.base()).items():
        words += ["--set", f"{name}={_written(value)}"]
    return shlex.join(words)


def _told(trial: Trial, base: Path) -> dict[str, Any]:
    """Return the settings that are not as they are by default, in the units of the experiment."""
    asked = trial.asked or trial.noticed_settings()
    told = {}
    for name, value in asked.items():
        setting = SETTINGS.get(name)
        if setting is None or name in OF_PICTURES or value is None or value == in_json(setting.default):
            continue
        if setting.kind == "weights" and _are_equal(value, name, asked):
            continue
        path = base / value if setting.kind == "file" else None
        told[name] = str(path.resolve()) if path and path.is_file() else value
    return told


def _are_equal(weights: Any, name: str, asked: Mapping[str, Any]) -> bool:
    things = next(things for things, weighed in WEIGHTED.items() if weighed == name)
    count = len(asked.get(things) or weights)
    return all(weight == 1 / count for weight in weights)


def _written(value: Any) -> str:
    """Write a value as experiment files do: text without quotes where it is read as text."""
    if isinstance(value, str):
        with suppress(ExperimentError):
            if parse(value.encode(), "").value == value:
                return value
    return canonical_json(value)
