"""What a trial will cost, before it runs: arithmetic, memory, time."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from nstbench.api import CHANNELS, block, gflop_per_iteration, in_channels, tap_shape, up_to
from nstbench.plan.stages import shrunk, stages_of
from nstbench.plan.trajectories import Trajectory
from nstbench.plan.trial import Trial

NOMINAL_GFLOP_PER_S = 70.0
"""Per core, where nothing has been measured: between JAX (65) and TensorFlow (85) on two Zen 4 cores."""


def nominal_rate() -> float:
    """Return the GFLOP/s that are taken for granted on the cores of this process."""
    affinity = getattr(os, "sched_getaffinity", None)
    return NOMINAL_GFLOP_PER_S * (len(affinity(0)) if affinity else os.cpu_count() or 1)


@dataclass(frozen=True, slots=True)
class Cost:
    """A prediction; None where nothing is known, as for networks other than VGG-19.

    Attributes:
        gflop: all iterations and the targets.
        bytes: peak memory of arrays, without the framework itself.
        seconds: the arithmetic at the given pace, without import, loading and compilation.
    """

    gflop: float | None
    bytes: int | None
    seconds: float | None


def predict(trial: Trial, gflop_per_s: float | None = None) -> Cost:
    """Predict what one trial costs on its own; a shared trajectory costs its longest trial.

    Args:
        gflop_per_s: pace that earlier trials of this backend had here; default nominal for all cores.
    """
    if not _is_known(trial):
        return Cost(None, None, None)
    gflop = _gflop(trial)
    return Cost(gflop, _peak_bytes(trial), gflop / (gflop_per_s or nominal_rate()))


def added(trajectories: Iterable[Trajectory], pending: Collection[str]) -> dict[str, float | None]:
    """Return what each trial adds to the work, in GFLOP; None where nothing is known.

    A shared trajectory costs its longest trial, so each is charged what it goes beyond those that are pending
    before it.
    """
    known: dict[str, float | None] = {}
    for trajectory in trajectories:
        before = 0.0
        for trial in trajectory.trials:
            gflop = _gflop(trial) if _is_known(trial) else None
            known[trial.trial_id] = None if gflop is None else gflop - before
            if trial.trial_id in pending:
                before = gflop or 0.0
    return known


def _is_known(trial: Trial) -> bool:
    return "style_layers" in trial.noticed


def _gflop(trial: Trial) -> float:
    settings = trial.settings
    content, style = settings.content_layers, settings.style_layers
    grams, gflop = style * len(settings.content_masks or (1,)), 0.0
    for stage in stages_of(trial):
        each = gflop_per_iteration((*content, *style), grams, stage.height, stage.width, settings.style_loss)
        gflop += (stage.iterations or 1) * each + _forward(content, (), stage.height, stage.width)
        sides = (shrunk(side, stage.share) for side in (trial.style_height, trial.style_width))
        gflop += _forward(style, style, *sides)
    return gflop


def _forward(taps: Sequence[str], grams: Sequence[str], height: int, width: int) -> float:
    """Undo what an iteration adds to one forward pass: convolutions twice, Gram matrices three times."""
    convolutions = gflop_per_iteration(taps, (), height, width)
    return convolutions / 2 + (gflop_per_iteration(taps, grams, height, width) - convolutions) / 3


def _peak_bytes(trial: Trial) -> int:
    """Weights, and twice what the backward pass needs kept.

    Reverse-mode differentiation keeps the output of every layer up to the deepest tap, pooled ones too. While
    it runs back, the gradient of the widest layers and the convolution's workspace stand beside them: about
    as much again in the shallow layers, where nearly all of the memory is.
    """
    settings = trial.settings
    itemsize = 2 if settings.precision == "bf16" else 4
    kept = 0
    previous = 1
    for layer in up_to((*settings.content_layers, *settings.style_layers)):
        height, width, channels = tap_shape(layer, trial.height, trial.width)
        pooled = height * width * in_channels(layer) if block(layer) > previous else 0
        kept += height * width * channels + pooled
        previous = block(layer)
    return 4 * _weight_count() + 2 * kept * itemsize


def _weight_count() -> int:
    return sum(9 * in_channels(layer) * channels + channels for layer, channels in CHANNELS.items())
