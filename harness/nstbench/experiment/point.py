"""A point: one combination of settings, before any backend has looked at it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from nstbench.api import Settings
from nstbench.experiment.places import Path


@dataclass(frozen=True, slots=True)
class Point:
    """One combination of settings.

    Attributes:
        labels: axis -> what its value is called here; names: those of them that the experiment gave.
        origins: setting -> where its value stands; settings at their default are not in it.
    """

    settings: Settings
    labels: Mapping[str, str]
    names: Mapping[str, str] = field(default_factory=dict)
    origins: Mapping[str, Path] = field(default_factory=dict, compare=False, repr=False)
