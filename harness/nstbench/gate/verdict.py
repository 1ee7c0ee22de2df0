"""What the gate found: one finding for each metric of each trial, and a verdict over all of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from nstbench.gate.statistics import Estimate

REGRESSION, FAILED, INCONCLUSIVE, PASS = "regression", "failed", "inconclusive", "pass"
OUTCOMES = (REGRESSION, FAILED, INCONCLUSIVE, PASS)
"""From worst to best. `failed`: the candidate broke, so there is nothing to compare."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One metric of one trial.

    Attributes:
        subject: backend and point, for people.
        base, candidate: the metric on either side; of pairs the median.
        allowance: how much worse it may get, as a share (SSIM: in its own units).
        reason: why it is inconclusive or failed.
        estimate: what the pairs say, of a metric measured in pairs.
        screening: whether the pairs are those of the screening.
    """

    subject: str
    metric: str
    outcome: str
    base: float | None = None
    candidate: float | None = None
    allowance: float | None = None
    reason: str = ""
    estimate: Estimate | None = None
    screening: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """All findings of one comparison.

    Attributes:
        title: what was compared with what.
        remarks: sentences to keep in mind.
    """

    title: str
    findings: tuple[Finding, ...]
    remarks: tuple[str, ...] = ()

    @property
    def outcome(self) -> str:
        """The worst outcome; `inconclusive` if nothing was judged."""
        found = {finding.outcome for finding in self.findings}
        return next((outcome for outcome in OUTCOMES if outcome in found), INCONCLUSIVE)

    @property
    def counts(self) -> dict[str, int]:
        """Outcome -> number of findings, worst first."""
        counted = Counter(finding.outcome for finding in self.findings)
        return {outcome: counted[outcome] for outcome in OUTCOMES if counted[outcome]}


def worst(verdicts: Iterable[Verdict]) -> str:
    """Return the worst outcome of several verdicts."""
    found = [verdict.outcome for verdict in verdicts]
    return min(found, key=OUTCOMES.index, default=INCONCLUSIVE)
