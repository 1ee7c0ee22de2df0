"""The defaults that an experiment's `preset` stands for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nstbench.api import UnknownName
from nstbench.experiment.choice import Choice, choose
from nstbench.experiment.places import Mistake
from nstbench.experiment.settings import WEIGHTED
from nstbench.experiment.shape import Outline
from nstbench.presets.presets import PRESETS


def preset_choices(
    outline: Outline, fixed: Mapping[str, Choice], mistakes: list[Mistake]
) -> dict[str, Choice]:
    """Return a choice for every setting of the preset that the experiment does not fix itself.

    Layers bring their weights: an experiment that names its own layers, fixed or as an axis, does not get the
    preset's weights for others. A list of stages brings its iterations.
    """
    if outline.preset is None:
        return {}
    if outline.preset not in PRESETS:
        mistakes.append(Mistake(("preset",), str(UnknownName("preset", outline.preset, PRESETS))))
        return {}
    given = PRESETS[outline.preset].defaults
    own = set(fixed) | _swept(outline.sweep)
    left_out = own | {weights for things, weights in WEIGHTED.items() if things in own}
    if "stages" in fixed and isinstance(fixed["stages"].raw, list):
        left_out.add("iterations")
    made = (
        choose(name, value, ("preset",), mistakes) for name, value in given.items() if name not in left_out
    )
    return {choice.setting: choice for choice in made if choice}


def _swept(sweep: Mapping[str, Any]) -> set[str]:
    groups = [sweep, *_mappings(sweep.get("zip")), *_mappings(sweep.get("include"))]
    return {str(name) for group in groups for name in group}


def _mappings(value: Any) -> list[Mapping[str, Any]]:
    entries = value if isinstance(value, list) else [value]
    return [entry for entry in entries if isinstance(entry, Mapping)]
