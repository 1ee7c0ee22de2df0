"""What an experiment says in two places, one of which would silently win."""

from __future__ import annotations

from collections.abc import Iterator

from nstbench.experiment.axes import Sweep
from nstbench.experiment.places import Mistake, Path, dotted
from nstbench.experiment.shape import Outline


def fixed_and_swept(outline: Outline, sweep: Sweep) -> Iterator[Mistake]:
    """Find settings that have one value and several; a point that `include` adds may say otherwise."""
    axes = {choice.setting: choice.path for group in sweep.groups for choice in group[0]}
    written: list[Path] = [
        (section, name) for section in ("inputs", "fixed") for name in getattr(outline, section)
    ]
    written += [("seed",)] if "seed" in outline.model_fields_set else []
    for path in written:
        if place := axes.get(str(path[-1])):
            text = f"{path[-1]!r} is fixed here and an axis in {dotted(place[:-1])}; keep one of the two"
            yield Mistake(path, text, at_key=True)
