"""From the choices of an axis each to a point, with all that is fixed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from nstbench.api import Settings
from nstbench.experiment.axes import Step
from nstbench.experiment.choice import Choice
from nstbench.experiment.messages import validated
from nstbench.experiment.places import Mistake
from nstbench.experiment.point import Point
from nstbench.experiment.settings import KINDS, WRITTEN


def points_of(
    steps: Iterable[Step], fixed: Mapping[str, Choice], mistakes: list[Mistake]
) -> tuple[Point, ...]:
    """Return the points of these choices, no two with equal settings; add what is wrong to `mistakes`."""
    points: dict[Settings, Point] = {}
    for step in steps:
        point = _point(step, fixed, mistakes)
        if point:
            points.setdefault(point.settings, point)
    return tuple(points.values())


def _point(step: Step, fixed: Mapping[str, Choice], mistakes: list[Mistake]) -> Point | None:
    chosen = {**fixed, **{choice.setting: choice for choice in step}}
    missing = [name for name in KINDS if name not in chosen]
    for name in missing:
        text = f"no {name} image; give inputs: {{{name}: PATH}}, where PATH is a file or sample:NAME"
        mistakes.append(Mistake(("inputs",), text))
    if missing:
        return None
    found: list[Mistake] = []
    raw = {name: choice.raw for name, choice in chosen.items()}
    written = validated(WRITTEN, raw, (), found)
    for each in found:
        choice = chosen.get(str(each.path[0])) if each.path else None
        where = (*choice.path, *each.path[1:]) if choice else ("sweep",)
        mistakes.append(Mistake(where, each.text))
    origins = {name: choice.path for name, choice in chosen.items()}
    labels = {choice.setting: choice.label for choice in step}
    names = {choice.setting: choice.label for choice in step if choice.named}
    return Point(written.complete(), labels, names, origins) if written else None
