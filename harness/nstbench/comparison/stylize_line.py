"""The command that makes one more picture like those of a trial."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from nstbench.api import ExperimentError
from nstbench.experiment.yaml12 import parse
from nstbench.plan import Trial
from nstbench.plan.trial import canonical_json
from nstbench.record import Store
from nstbench.record.told import told_options, told_settings

PICTURES = ("PHOTO.jpg", "STYLE.jpg")
"""What stands for the user's own."""

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
    return line_of(record.trial, store.base(), defaults)


def line_of(trial: Trial, base: Path, defaults: Defaults = no_defaults) -> str:
    """Do likewise for a trial that is at hand.

    Args:
        base: the folder that files named in its settings are looked for from.
    """
    words = ["nstbench", "stylize", *PICTURES, "-o", "pastiche.png", "--backend", trial.backend]
    for name, value in told_options(trial.options, defaults(trial.backend)).items():
        words += ["--option", f"{name}={_written(value)}"]
    for name, value in told_settings(trial, base).items():
        words += ["--set", f"{name}={_written(value)}"]
    return shlex.join(words)


def _written(value: Any) -> str:
    """Write a value as experiment files do: text without quotes where it is read as text."""
    if isinstance(value, str):
        with suppress(ExperimentError):
            if parse(value.encode(), "").value == value:
                return value
    return canonical_json(value)
