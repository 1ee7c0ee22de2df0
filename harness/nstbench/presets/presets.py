"""The presets by name; `loss_scale` goes by the same names."""

from __future__ import annotations

from collections.abc import Mapping

from nstbench.api import UnknownName
from nstbench.presets.preset import Preset
from nstbench.presets.projects import PROJECTS
from nstbench.presets.pytorch_projects import PYTORCH_PROJECTS

__all__ = ["PRESETS", "Preset", "find_preset"]

PRESETS: Mapping[str, Preset] = {each.name: each for each in (*PROJECTS, *PYTORCH_PROJECTS)}


def find_preset(name: str) -> Preset:
    """Return a preset by its name.

    Raises:
        UnknownName: there is none of that name.
    """
    if name not in PRESETS:
        raise UnknownName("preset", name, PRESETS)
    return PRESETS[name]
