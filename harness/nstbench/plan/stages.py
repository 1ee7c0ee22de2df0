"""The stages of a trial: how large its pictures are meanwhile, and when each ends."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate

from nstbench.api import scaled
from nstbench.plan.trial import Trial


@dataclass(frozen=True, slots=True)
class PlannedStage:
    """One stage.

    Attributes:
        height, width: of content and pastiche, in pixels.
        share: their size as a share of that of the trial; style images are shrunk by as much.
        iterations: of this stage, None for a single-pass backend.
        until: iterations of this and all stages before it.
    """

    height: int
    width: int
    share: float
    iterations: int | None
    until: int | None


def stages_of(trial: Trial) -> tuple[PlannedStage, ...]:
    """Return the stages of a trial, often just one."""
    if not trial.settings.stages:
        return (PlannedStage(trial.height, trial.width, 1.0, trial.checkpoint, trial.checkpoint),)
    ends = accumulate(stage.iterations for stage in trial.settings.stages)
    longest = max(trial.height, trial.width)
    return tuple(
        PlannedStage(
            height=scaled(trial.height, stage.size, longest),
            width=scaled(trial.width, stage.size, longest),
            share=stage.size / longest,
            iterations=stage.iterations,
            until=until,
        )
        for stage, until in zip(trial.settings.stages, ends, strict=True)
    )


def shrunk(side: int, share: float) -> int:
    """Return a side of a style image, in pixels, at a stage that has such a share of the size."""
    return max(1, round(side * share))
