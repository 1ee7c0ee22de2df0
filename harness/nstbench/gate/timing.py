"""The timing gate: from two sides to a verdict."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from itertools import chain, repeat
from statistics import median

from nstbench.experiment import Gate
from nstbench.gate.decision import Decision, Policy, decide
from nstbench.gate.measured import Measured, differences
from nstbench.gate.pairs import Pairs, Question
from nstbench.gate.side import BASE, CANDIDATE, SideBroken
from nstbench.gate.verdict import FAILED, INCONCLUSIVE, Finding, Verdict

TOGETHER = "everything"
"""The subject of a finding about a side as a whole."""


NOTHING_TO_TIME = (
    "no trial has a steady round on both sides: raise iterations, or lower measure.chunk;"
    " what is refused has none"
)


def check_timing(pairs: Pairs) -> Verdict:
    """Rehearse, screen, confirm; whatever breaks on the way becomes a finding."""
    gate = pairs.experiment.gate
    remarks: list[str] = []
    findings: list[Finding] = []
    try:
        rehearsed = pairs.rehearse()
        refused_by_one(pairs, rehearsed)
        remarks += (pairs.arrangement, *differences(rehearsed[BASE], rehearsed[CANDIDATE]))
        findings += _timed(pairs, questions(rehearsed, gate.allowances(timed=True)), gate)
    except SideBroken as error:
        findings.append(broken_side(error))
    return Verdict(title(pairs), (*findings, *_broken_trials(pairs)), tuple(remarks))


def title(pairs: Pairs) -> str:
    """Say what is compared with what."""
    sides = pairs.sides
    return f"{pairs.experiment.name}: {sides[CANDIDATE].what} against {sides[BASE].what}"


def policy_of(gate: Gate) -> Policy:
    """Return how many pairs an experiment wants, and how sure it wants to be."""
    return Policy(gate.screening_pairs, gate.pairs, gate.confidence)


def broken_side(error: SideBroken) -> Finding:
    """Return the finding for a side that measured nothing: a failure of the candidate, or no base."""
    outcome = FAILED if error.side == CANDIDATE else INCONCLUSIVE
    return Finding(TOGETHER, error.side, outcome, reason=f"the {error.side} does not run: {error}")


def questions(rehearsed: Mapping[str, Measured], allowances: Mapping[str, float]) -> dict[Question, float]:
    """Ask for every metric that both sides have a figure for."""
    return {
        (subject, metric): allowance
        for subject in rehearsed[BASE].records
        for metric, allowance in allowances.items()
        if all(side.seconds(subject, metric) for side in rehearsed.values())
    }


def refused_by_one(pairs: Pairs, rehearsed: Mapping[str, Measured]) -> None:
    """Count a trial that one side alone refuses as broken there; what both refuse says nothing of either."""
    for name, other in ((BASE, CANDIDATE), (CANDIDATE, BASE)):
        for subject, record in rehearsed[name].refused.items():
            if subject in rehearsed[other].records:
                pairs.broken[name].setdefault(subject, f"refused: {record.error_message}")


def _timed(pairs: Pairs, allowances: Mapping[Question, float], gate: Gate) -> Iterator[Finding]:
    if not allowances:
        yield Finding(TOGETHER, "step_min_s", INCONCLUSIVE, reason=NOTHING_TO_TIME)
        return
    stages = chain(["screening"], repeat("confirming"))

    def measure(questions: Collection[Question], count: int) -> Mapping[Question, list[float]]:
        return pairs.take(questions, count, next(stages))

    for question, decision in decide(measure, allowances, policy_of(gate)).items():
        yield finding(question, decision, allowances[question], pairs.seconds.get(question, []))


def finding(
    question: Question, decision: Decision, allowance: float, seconds: list[tuple[float, float]]
) -> Finding:
    """Put a decision into words and numbers."""
    (subject, metric), found = question, decision.estimate
    sides = [median(side) for side in zip(*seconds, strict=True)] or [None, None]
    reason = "" if decision.outcome != INCONCLUSIVE else _why(decision)
    return Finding(
        subject,
        metric,
        decision.outcome,
        sides[0],
        sides[1],
        allowance,
        reason,
        found,
        not decision.confirmed,
    )


def _why(decision: Decision) -> str:
    if decision.estimate is None:
        return "fewer than two pairs were measured"
    return "slower than allowed, but by less than the noise: more pairs, or a quieter machine"


def _broken_trials(pairs: Pairs) -> Iterator[Finding]:
    for subject, reason in pairs.broken[CANDIDATE].items():
        yield Finding(subject, "status", FAILED, reason=f"the candidate's trial {reason}")
    for subject, reason in pairs.broken[BASE].items():
        if subject not in pairs.broken[CANDIDATE]:
            yield Finding(subject, "status", INCONCLUSIVE, reason=f"no base: its trial {reason}")
