"""The stages of a trial: how large its pictures are meanwhile, and when each ends."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate

from nstbench.plan.trial import Trial


@dataclass(frozen=True, slots=True)
class PlannedStage:
    """One stage.

    Attributes:
        number: from 1.
        height, width: of content and pastiche, in pixels.
        share: their size as a share of that of the trial; style images are shrunk by as much.
        iterations: of this stage, None for a single-pass backend.
        until: iterations of this and all stages before it.
    """

    number: int
    height: int
    width: int
    share: float
    iterations: int | None
    until: int | None


def stages_of(trial: Trial) -> tuple[PlannedStage, ...]:
    """Return the stages of a trial, often just one."""
    if not trial.settings.stages:
        return (PlannedStage(1, trial.height, trial.width, 1.0, trial.checkpoint, trial.checkpoint),)
    ends = accumulate(stage.iterations for stage in trial.settings.stages)
    longest = max(trial.height, trial.width)
    return tuple(
        PlannedStage(
            number=number,
            height=scaled(trial.height, stage.size, longest),
            width=scaled(trial.width, stage.size, longest),
            share=stage.size / longest,
            iterations=stage.iterations,
            until=until,
        )
        for number, (stage, until) in enumerate(zip(trial.settings.stages, ends, strict=True), start=1)
    )


def scaled(side: int, size: int, longest: int) -> int:
    """Return a side in pixels once the longest of its image has `size`; halves are rounded up."""
    return max(1, (2 * side * size + longest) // (2 * longest))
