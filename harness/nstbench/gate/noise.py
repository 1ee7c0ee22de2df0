"""How noisy a machine is: an experiment against itself."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import nstbench
from nstbench.api import UsageError
from nstbench.experiment import Experiment
from nstbench.gate.cores import cores_in_order
from nstbench.gate.pairs import Pairs, PairWatcher
from nstbench.gate.side import BASE, CANDIDATE, Side, SideBroken
from nstbench.gate.statistics import detectable, estimate, pairs_needed
from nstbench.gate.timing import questions

FEWEST_PAIRS = 3


@dataclass(frozen=True, slots=True)
class Noise:
    """One metric of one trial.

    Attributes:
        seconds: median over all runs.
        spread: by how much equal pairs differ, as a share: see `Estimate.spread`.
        detectable: the least slow-down that the gate finds 9 times in 10, with the pairs it confirms with.
        pairs: how many pairs it would take for the slow-down that is wanted.
    """

    subject: str
    metric: str
    seconds: float
    spread: float
    detectable: float
    pairs: int | None


@dataclass(frozen=True, slots=True)
class MeasuredNoise:
    """What an experiment against itself came to.

    Attributes:
        figures: one for each metric of each trial that could be measured.
        broken: trial -> what went wrong with it.
    """

    figures: tuple[Noise, ...]
    broken: Mapping[str, str]


def noise(
    experiment: Experiment, pairs: int = 10, wanted: float = 0.1, watch: PairWatcher | None = None
) -> MeasuredNoise:
    """Do what `nstbench.noise` documents."""
    _refuse(pairs, wanted, experiment.gate.step_min_s)
    nstbench.plan_trials(experiment)  # both sides are this environment, so mistakes show already here
    with (
        tempfile.TemporaryDirectory() as folder,
        Side(BASE, Path(sys.executable), "this environment") as base,
        Side(CANDIDATE, Path(sys.executable), "this environment") as candidate,
    ):
        sides = {BASE: base, CANDIDATE: candidate}
        taken = Pairs(sides, experiment, Path(folder), watch or PairWatcher(), cores_in_order())
        try:
            return MeasuredNoise(tuple(measure_noise(taken, pairs, wanted)), taken.broken[BASE])
        except SideBroken as error:
            raise SideBroken(error.side, f"{experiment.name}: {error}") from error


def _refuse(pairs: int, wanted: float, allowance: float | None) -> None:
    """Refuse what would measure nothing.

    Raises:
        UsageError: says why, and what to do.
    """
    if pairs < FEWEST_PAIRS:
        raise UsageError(f"--pairs {pairs}: it takes at least {FEWEST_PAIRS} to see by how much they differ")
    if wanted <= 0:
        raise UsageError(f"--wanted {wanted:g}: a slow-down is a share above 0, as 0.1 for 10 %")
    if allowance is not None and wanted <= allowance:
        raise UsageError(
            f"--wanted {wanted:g}: the experiment allows {allowance:g}; set gate.step_min_s below it"
        )


def measure_noise(taken: Pairs, count: int, wanted: float) -> list[Noise]:
    """Take pairs of equal sides, and say what could be seen through their differences.

    Args:
        wanted: slow-down, as a share.

    Raises:
        SideBroken: the experiment does not run.
    """
    gate = taken.experiment.gate
    allowances = questions(taken.rehearse(), gate.allowances(timed=True))
    logs = taken.take(allowances, count, "measuring") if allowances else {}
    found = []
    for (subject, metric), allowance in allowances.items():
        if len(each := logs[subject, metric]) < 2:
            continue
        spread = estimate(each, allowance, gate.confidence).spread
        seconds = median(one for pair in taken.seconds[subject, metric] for one in pair)
        least = detectable(spread, gate.pairs, allowance, gate.confidence)
        needed = pairs_needed(spread, wanted, allowance, gate.confidence)
        found.append(Noise(subject, metric, seconds, spread, least, needed))
    return found
