"""How much slower, and how sure: a t-test over pairs of fresh processes, in logarithms, outliers trimmed.

Kalibera and Jones, Rigorous benchmarking in reasonable time, ISMM 2013: what repeats is the process, so the
process is what is counted, however many rounds it makes. Tukey and McLaughlin, Less vulnerable confidence and
significance procedures for location, Sankhya A 25, 1963: a fifth of the pairs is left out at either end, as
on shared machines a neighbour strikes single processes.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, stdev
from typing import TypeVar

from scipy.special import stdtr, stdtrit

K = TypeVar("K", bound=Hashable)

POWER = 0.9
"""A slow-down counts as detectable if it is found so often."""
TRIMMED = 0.2
"""Share of the pairs left out at either end."""
MOST_PAIRS = 10_000


@dataclass(frozen=True, slots=True)
class Estimate:
    """What pairs say of the ratio of two sides.

    Attributes:
        ratio: trimmed geometric mean of candidate / base.
        low, high: bounds that the true ratio is above, or below, with the one-sided confidence asked for.
        p: probability of a mean as high as this, or higher, if the slow-down were just the allowance.
        spread: by how much pairs differ: the standard error of log(ratio) is spread / sqrt(pairs).
        pairs: how many there were.
        detectable: the least slow-down, as a share, that so many pairs with such a spread reveal with
            probability `POWER`.
    """

    ratio: float
    low: float
    high: float
    p: float
    spread: float
    pairs: int
    detectable: float

    def __str__(self) -> str:
        """Say by how much slower, with the bounds: `+3.9 % (-8.4 to +17.9)`."""
        change, low, high = (f"{100 * (ratio - 1):+.1f}" for ratio in (self.ratio, self.low, self.high))
        return f"{change} % ({low} to {high})"


def estimate(logs: Sequence[float], allowance: float, confidence: float = 0.95) -> Estimate:
    """Judge pairs by d = log(candidate / base).

    Args:
        logs: d of each pair; at least two.
        allowance: the slow-down that does not count, as a share: 0.05 for 5 %.
        confidence: of each bound on its own.

    Raises:
        ValueError: fewer than two pairs, which cannot tell how much pairs differ.
    """
    if len(logs) < 2:
        raise ValueError(f"{len(logs)} pairs; at least 2 are needed")
    mean, spread = _trimmed(logs)
    df, error = _freedom(len(logs)), spread / math.sqrt(len(logs))
    reach = float(stdtrit(df, confidence)) * error
    return Estimate(
        ratio=math.exp(mean),
        low=math.exp(mean - reach),
        high=math.exp(mean + reach),
        p=_p_value(mean - math.log1p(allowance), error, df),
        spread=spread,
        pairs=len(logs),
        detectable=detectable(spread, len(logs), allowance, confidence),
    )


def _trimmed(logs: Sequence[float]) -> tuple[float, float]:
    """Return the trimmed mean, and the winsorised standard deviation over the share that is kept."""
    out, ordered = _left_out(len(logs)), sorted(logs)
    kept = ordered[out : len(logs) - out]
    winsorised = [kept[0]] * out + kept + [kept[-1]] * out
    return fmean(kept), stdev(winsorised) / (1 - 2 * out / len(logs))


def _left_out(pairs: int) -> int:
    return math.floor(TRIMMED * pairs)


def _freedom(pairs: int) -> int:
    return pairs - 2 * _left_out(pairs) - 1


def _p_value(excess: float, error: float, df: int) -> float:
    if error == 0:
        return 0.0 if excess > 0 else 1.0
    return float(stdtr(df, -excess / error))


def detectable(spread: float, pairs: int, allowance: float, confidence: float = 0.95) -> float:
    """Return the least slow-down, as a share, found with probability `POWER`.

    The lower bound must clear the allowance: log(1 + slow-down) = log(1 + allowance) + (t_confidence +
    t_power) spread / sqrt(n), t with the degrees of freedom of the pairs that are kept.
    """
    df = _freedom(pairs)
    quantiles = float(stdtrit(df, confidence) + stdtrit(df, POWER))
    return (1 + allowance) * math.exp(quantiles * spread / math.sqrt(pairs)) - 1


def pairs_needed(spread: float, wanted: float, allowance: float, confidence: float = 0.95) -> int | None:
    """Return how many pairs reveal a slow-down of `wanted`; None if it is not above the allowance.

    At most `MOST_PAIRS`, which stands for "more than anybody would wait for".
    """
    if wanted <= allowance:
        return None
    # One after the other: where a pair more is left out at either end, a pair more can make it worse.
    counts = range(2, MOST_PAIRS)
    enough = (count for count in counts if detectable(spread, count, allowance, confidence) <= wanted)
    return next(enough, MOST_PAIRS)


def holm(ps: Mapping[K, float], confidence: float = 0.95) -> set[K]:
    """Return which of several hypotheses to reject, so that the chance of a single wrong one stays small.

    Holm, A simple sequentially rejective multiple test procedure, Scand. J. Statist. 6, 1979: the smallest
    of m p-values is held against (1 - confidence) / m, the next against (1 - confidence) / (m - 1), until one
    fails.
    """
    rejected: set[K] = set()
    for rank, key in enumerate(sorted(ps, key=lambda key: ps[key])):
        if ps[key] > (1 - confidence) / (len(ps) - rank):
            break
        rejected.add(key)
    return rejected
