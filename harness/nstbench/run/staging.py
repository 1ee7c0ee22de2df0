"""From one stage of a trial to the next: the problem at another size, from where the last one came to."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from nstbench.api import Array, OptimiserState, Problem, Session
from nstbench.assets import WeightsSource, resize, stretch
from nstbench.plan import PlannedStage, Trial, shrunk
from nstbench.run import answers
from nstbench.run.problem import noise


def at_stage(
    whole: Problem, trial: Trial, stage: PlannedStage, before: Session | None, weights: WeightsSource | None
) -> Problem:
    """Return the problem of a stage.

    Args:
        whole: that of the trial, at its own size.
        before: the session of the stage before; None in the first.
        weights: of the network, by whose losses layers are balanced.

    Raises:
        WrongAnswer: what the session hands over is not as the contract has it.
        AssetError: layers cannot be balanced.
    """
    problem = _resized(whole, trial, stage, before)
    if trial.settings.balanced_layers and weights:
        from nstbench.run.balance import balanced

        return balanced(problem, weights)
    return problem


def _resized(whole: Problem, trial: Trial, stage: PlannedStage, before: Session | None) -> Problem:
    height, width = stage.height, stage.width
    init, state = _start(whole, trial, height, width), None
    if before is not None:
        init, state = carried(before.image(), answers.state(before.state()), height, width)
    if stage.share == 1:
        return replace(whole, init=init, state=state)
    return replace(
        whole,
        content=resize(whole.content, height, width),
        styles=tuple(_shrunk(style, stage.share) for style in whole.styles),
        content_masks=tuple(_stretched_mask(mask, height, width) for mask in whole.content_masks),
        style_masks=tuple(_shrunk_mask(mask, stage.share) for mask in whole.style_masks),
        init=init,
        state=state,
    )


def carried(
    image: Array, state: OptimiserState | None, height: int, width: int
) -> tuple[Array, OptimiserState | None]:
    """Return picture and state of one stage at the size of the next."""
    return np.clip(stretch(image, height, width), 0, 1), state and _stretched(state, height, width)


def _start(whole: Problem, trial: Trial, height: int, width: int) -> Array:
    """Return where the pastiche starts; noise is drawn at its size, as shrunk noise is grey."""
    if whole.init.shape[:2] == (height, width):
        return whole.init
    if trial.settings.init == "noise":
        return noise(trial.settings.seed, (height, width, 3))
    return resize(whole.init, height, width)


def _shrunk(style: Array, share: float) -> Array:
    height, width = (shrunk(side, share) for side in style.shape[:2])
    return resize(style, height, width)


def _shrunk_mask(mask: Array, share: float) -> Array:
    return _stretched_mask(mask, *(shrunk(side, share) for side in mask.shape))


def _stretched_mask(mask: Array, height: int, width: int) -> Array:
    return stretch(mask[:, :, None], height, width, smooth=False)[:, :, 0]


def _stretched(state: OptimiserState, height: int, width: int) -> OptimiserState:
    """Stretch moments, and shrink them: of several pixels in the place of one each has its part in a loss."""
    moments = []
    for power, each in enumerate(state.moments, start=1):
        share = each.shape[0] * each.shape[1] / (height * width)
        moments.append(stretch(each, height, width, smooth=False) * np.float32(share**power))
    return OptimiserState(state.steps, tuple(moments))
