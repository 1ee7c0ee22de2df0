"""Figures of the tables in words for people; those that are not there are empty."""

from __future__ import annotations

import math
from collections.abc import Iterable


def seconds(value: float | None) -> str:
    """Format a duration for people: `45 ms`, `1.23 s`, `2 min 05 s`, `3 h 20 min`."""
    if value is None or math.isnan(value):
        return ""
    if value < 1:
        return f"{value * 1000:.3g} ms"
    if value < 100:
        return f"{value:.3g} s"
    minutes, rest = divmod(round(value), 60)
    if minutes >= 120:
        return f"{minutes // 60:,} h {minutes % 60:02d} min"
    return f"{minutes} min {rest:02d} s"


def compiling(anew: float | None, cached: float | None) -> str:
    """Format what it took to compile, and what it took where programs came from the cache."""
    from_cache = seconds(cached)
    return " + ".join(filter(None, (seconds(anew), from_cache and f"{from_cache} cached")))


def number(value: float | None, digits: int = 4) -> str:
    """Format a number for people; empty for None and NaN."""
    return "" if value is None or math.isnan(value) else f"{value:.{digits}g}"


def short_ids(ids: Iterable[str]) -> list[str]:
    """Return as many first digits of each trial's id as tell all of them apart, at least eight."""
    whole = list(ids)
    count = next((n for n in range(8, 64) if len({one[:n] for one in whole}) == len(set(whole))), 64)
    return [one[:count] for one in whole]
