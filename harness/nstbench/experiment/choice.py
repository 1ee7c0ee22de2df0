"""One value that an experiment gives for one setting."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from nstbench.api import SETTINGS
from nstbench.experiment.labels import label_of
from nstbench.experiment.messages import unknown_key, validated
from nstbench.experiment.places import Mistake, Path
from nstbench.experiment.settings import KINDS, PARTIAL, WRITTEN, Written


@dataclass(frozen=True, slots=True)
class Choice:
    """One value given for one setting.

    Attributes:
        label: the name it was given, or else the value written out.
        named: whether the experiment gave it that name.
        raw: as written; combined with others before it is validated as a whole.
        alone: settings with only this value set, so that two spellings of one value compare equal.
        path: where it stands.
    """

    setting: str
    label: str
    raw: Any
    alone: Written
    path: Path
    named: bool = False


def choose(
    setting: str, raw: Any, path: Path, mistakes: list[Mistake], label: str | None = None
) -> Choice | None:
    """Check one value of one setting on its own."""
    if setting not in SETTINGS:
        mistakes.append(unknown_key(path, SETTINGS))
        return None
    found: list[Mistake] = []
    alone = validated(WRITTEN, {**dict.fromkeys(KINDS, "-"), setting: raw}, (), found, PARTIAL)
    mistakes += [Mistake((*path, *each.path[1:]), each.text, each.at_key) for each in found]
    if alone is None:
        return None
    return Choice(setting, label or label_of(setting, alone), raw, alone, path, named=label is not None)
