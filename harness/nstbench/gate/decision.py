"""Slower or not: a screening that most changes pass, then fresh pairs for what looks slow.

    screening   few pairs; a mean slow-down within the allowance passes
    confirming  fresh pairs of the rest, as many at a time as screen: a mean within the allowance passes
                after all; a regression if the lower bound is above the allowance, corrected for how many
                are judged and how often one looks; with all pairs taken, else inconclusive

Fresh, because pairs that raised a suspicion by chance must not confirm it as well. Corrected, because every
look is one more chance to be wrong; little of the error is spent on the way, so that the last look is nearly
as sharp as a single one: Haybittle, Repeated assessment of results in clinical trials of cancer treatment,
Br. J. Radiol. 44, 1971.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from nstbench.gate.statistics import Estimate, estimate, holm
from nstbench.gate.verdict import INCONCLUSIVE, PASS, REGRESSION

K = TypeVar("K")

Logs = Mapping[K, Sequence[float]]
Measure = Callable[[Collection[K], int], Logs[K]]
"""(what to measure, how many pairs) -> log(candidate / base) of each pair."""

EARLY = 0.2
"""Share of the error that is spent on the way, before all confirming pairs are taken."""


@dataclass(frozen=True, slots=True)
class Policy:
    """How many pairs of fresh processes, and how sure to be."""

    screening_pairs: int = 5
    pairs: int = 15
    confidence: float = 0.95


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer to one question.

    Attributes:
        estimate: from the pairs that decided; None if there were fewer than two.
        screened: what the screening said, if more pairs were taken after it.
    """

    outcome: str
    estimate: Estimate | None
    screened: Estimate | None = None

    @property
    def confirmed(self) -> bool:
        """Whether fresh pairs decided, not those of the screening."""
        return self.screened is not None


def decide(measure: Measure[K], allowances: Mapping[K, float], policy: Policy) -> dict[K, Decision]:
    """Screen everything, confirm what looks slow.

    Args:
        measure: asked for the screening, then for one part of the confirming pairs after the other; what it
            cannot measure it leaves out or short.
        allowances: question -> the slow-down that does not count, as a share.
    """
    first = _estimates(measure(tuple(allowances), policy.screening_pairs), allowances, policy)
    suspects = {
        key: allowance
        for key, allowance in allowances.items()
        if (found := first[key]) and not _within(found, allowance)
    }
    screened = {key: Decision(PASS if found else INCONCLUSIVE, found) for key, found in first.items()}
    if not suspects:
        return screened
    confirmed = _followed_up(measure, suspects, policy)
    return screened | {key: replace(found, screened=first[key]) for key, found in confirmed.items()}


def _followed_up(measure: Measure[K], suspects: Mapping[K, float], policy: Policy) -> dict[K, Decision]:
    """Take fresh pairs of suspects; what is decided on the way needs no more, but counts as judged."""
    logs: dict[K, list[float]] = {key: [] for key in suspects}
    found: dict[K, Decision] = {}
    undecided = tuple(suspects)
    for count, share in _parts(policy):
        for key, fresh in measure(undecided, count).items():
            logs[key].extend(fresh)
        judged = confirm(logs, suspects, policy, share)
        found |= {key: judged[key] for key in undecided}
        undecided = tuple(key for key in undecided if found[key].outcome == INCONCLUSIVE)
        if not undecided:
            break
    return found


def _parts(policy: Policy) -> list[tuple[int, float]]:
    """Return (pairs, share of the error) of each part of the confirming; shares add up to 1."""
    starts = range(0, policy.pairs, policy.screening_pairs)
    counts = [min(policy.screening_pairs, policy.pairs - start) for start in starts]
    before = len(counts) - 1
    shares = [*(EARLY / before for _ in range(before)), 1 - EARLY] if before else [1.0]
    return list(zip(counts, shares, strict=True))


def confirm(
    logs: Logs[K], allowances: Mapping[K, float], policy: Policy, share: float = 1.0
) -> dict[K, Decision]:
    """Judge pairs that nothing has been concluded from before.

    Args:
        share: of the policy's error that may be spent.
    """
    found = _estimates(logs, allowances, policy)
    confidence = 1 - share * (1 - policy.confidence)
    slower = holm({key: each.p for key, each in found.items() if each}, confidence)
    return {key: Decision(_outcome(found[key], allowances[key], key in slower), found[key]) for key in found}


def _estimates(logs: Logs[K], allowances: Mapping[K, float], policy: Policy) -> dict[K, Estimate | None]:
    pairs = {key: logs.get(key, ()) for key in allowances}
    return {
        key: estimate(each, allowances[key], policy.confidence) if len(each) > 1 else None
        for key, each in pairs.items()
    }


def _outcome(found: Estimate | None, allowance: float, slower: bool) -> str:
    if found is None:
        return INCONCLUSIVE
    return REGRESSION if slower else PASS if _within(found, allowance) else INCONCLUSIVE


def _within(found: Estimate, allowance: float) -> bool:
    return found.ratio <= 1 + allowance
