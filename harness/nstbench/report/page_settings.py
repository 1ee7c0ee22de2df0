"""How trials were made, for the page: settings that are not usual, and commands that make such pictures."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache

from nstbench.api import SETTINGS, ResultsError
from nstbench.comparison.stylize_line import Defaults, line_of, no_defaults
from nstbench.comparison.values import said
from nstbench.plan import Trial
from nstbench.record import Results
from nstbench.record.told import told_settings


@dataclass(frozen=True, slots=True)
class Made:
    """How trials were made.

    Attributes:
        stylize: trial id -> the command that makes such a picture of others.
        fixed: backend label -> titles and values of settings that are not as by default, where all its trials
            have them.
    """

    stylize: dict[str, str] = field(default_factory=dict)
    fixed: dict[str, list[tuple[str, str]]] = field(default_factory=dict)


def made(results: Results, defaults: Defaults = no_defaults) -> Made:
    """Return how the trials of a single folder were made.

    Args:
        defaults: tells the options of a backend that need no mention.

    Raises:
        ResultsError: the results are damaged.
    """
    (store,) = results.stores
    found, usual = Made(), cache(defaults)
    told: dict[str, dict[str, str]] = {}
    base = store.base()
    for trial in _trials(results):
        found.stylize[trial.trial_id] = line_of(trial, base, usual)
        mine = {SETTINGS[name].title: said(value) for name, value in told_settings(trial, base).items()}
        others = told.setdefault(trial.backend_label, mine)
        told[trial.backend_label] = dict(others.items() & mine.items())
    return Made(found.stylize, {label: sorted(mine.items()) for label, mine in told.items()})


def _trials(results: Results) -> Iterable[Trial]:
    """Return the trials of the tables from the plan, which is one file, and from records what it lacks."""
    (store,) = results.stores
    planned = {trial.trial_id: trial for trial in store.plan().trials}
    for trial_id in results.runs["trial_id"]:
        if trial_id in planned:
            yield planned[trial_id]
            continue
        with suppress(ResultsError):
            if record := store.record(trial_id):
                yield record.trial
