"""How noisy a machine is: an experiment against itself."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median

from nstbench.gate.pairs import Pairs
from nstbench.gate.statistics import detectable, estimate, pairs_needed
from nstbench.gate.timing import questions


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
