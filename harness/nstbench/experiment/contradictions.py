"""What an experiment says in two places, one of which would silently win."""

from __future__ import annotations

from collections.abc import Iterator

from nstbench.experiment.axes import Sweep
from nstbench.experiment.measure import Measure
from nstbench.experiment.places import Mistake, Path, dotted
from nstbench.experiment.shape import Outline


def alone_and_in_turns(outline: Outline, measure: Measure | None) -> Iterator[Mistake]:
    """Find what leaves no backend to take turns with."""
    path: Path = ("measure", "interleave")
    if measure and measure.interleave and measure.isolation == "none":
        yield Mistake(path, "backends take turns in processes of their own; leave isolation: none out")
    if measure and measure.interleave and outline.search:
        yield Mistake(path, "a search tries one trial at a time, without turns; leave one of the two out")


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
