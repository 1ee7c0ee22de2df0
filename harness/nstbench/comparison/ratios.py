"""Ratios of seconds with an interval, and what to call them.

Logarithms turn ratios into differences: two medians of rounds within a pair, the mean over several pairs.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

FEWEST_ROUNDS = 3
NEGLIGIBLE = 0.05
"""Below this a difference is called equal whatever the interval says: rounds of one process each cannot
show by how much two processes that run the same code differ."""
UNDECIDED = 0.10
"""An interval that holds 1 and reaches further than this decides nothing."""


@dataclass(frozen=True, slots=True)
class Ratio:
    """How many times as long, with its 95 % interval; not a number where it is unknown."""

    value: float
    low: float = math.nan
    high: float = math.nan

    @property
    def reach(self) -> float:
        """How far the interval goes from 1, as a share."""
        return max(abs(self.low - 1), abs(self.high - 1))

    @property
    def verdict(self) -> str:
        """Say it in words; empty where there is no ratio."""
        if math.isnan(self.value):
            return ""
        if math.isnan(self.low):
            return "too few rounds"
        if self.reach <= NEGLIGIBLE or self.low <= 1 <= self.high:
            return f"equal within {percent(self.reach)}" if self.reach <= UNDECIDED else "undecided"
        if max(self.value, 1 / self.value) >= 2:
            far = f"{max(self.value, 1 / self.value):.3g} times as"
            return f"{far} long" if self.value > 1 else f"{far} quick"
        return f"{percent(abs(self.value - 1))} {'more' if self.value > 1 else 'less'} time"


def percent(share: float) -> str:
    """Write a share as a percentage of two digits."""
    return f"{100 * share:.0f} %" if share >= 0.1 else f"{100 * share:.2g} %"


def ratio_of_medians(base: Sequence[float], other: Sequence[float]) -> Ratio:
    """Return median(other) / median(base) of seconds per iteration, round by round.

    The standard error of a median is sqrt(pi / 2) sigma / sqrt(n) for normal noise (Cramér, Mathematical
    Methods of Statistics, 1946, section 28.5); sigma is 1.4826 times the median absolute deviation, so that a
    stray round counts for little. Student's t with the degrees of freedom of the shorter side.
    """
    if not len(base) or not len(other):
        return Ratio(math.nan)
    logs = [np.log(np.asarray(side, float)) for side in (base, other)]
    middle = float(np.median(logs[1]) - np.median(logs[0]))
    fewest = min(map(len, logs))
    if fewest < FEWEST_ROUNDS:
        return Ratio(math.exp(middle))
    return _around(middle, math.hypot(*map(_error_of_median, logs)), fewest - 1)


def spread_of_median(rounds: Sequence[float]) -> Ratio:
    """Return the 95 % interval of a median, as shares of it; unknown with too few rounds."""
    if len(rounds) < FEWEST_ROUNDS:
        return Ratio(1.0)
    return _around(0.0, _error_of_median(np.log(np.asarray(rounds, float))), len(rounds) - 1)


def mean_ratio(ratios: Sequence[Ratio]) -> Ratio:
    """Return the geometric mean of the ratios of several pairs, with a t-interval over the pairs.

    Two pairs cannot tell how much pairs differ (t is 12.7 there): their own intervals are combined instead.
    """
    known = [ratio for ratio in ratios if not math.isnan(ratio.value)]
    if len(known) < 2:
        return known[0] if known else Ratio(math.nan)
    logs = np.log([ratio.value for ratio in known])
    if len(known) == 2:
        middle, reach = float(logs.mean()), math.hypot(*(math.log(r.high / r.value) for r in known)) / 2
        return Ratio(math.exp(middle), math.exp(middle - reach), math.exp(middle + reach))
    return _around(float(logs.mean()), float(logs.std(ddof=1)) / math.sqrt(len(logs)), len(logs) - 1)


def _error_of_median(logs: np.ndarray[tuple[int], np.dtype[np.float64]]) -> float:
    deviation = 1.4826 * float(np.median(np.abs(logs - np.median(logs))))
    return math.sqrt(math.pi / 2 / len(logs)) * deviation


def _around(middle: float, error: float, df: int) -> Ratio:
    reach = float(stdtrit(df, 0.975)) * error
    return Ratio(math.exp(middle), math.exp(middle - reach), math.exp(middle + reach))
