"""What somebody wants: a budget of seconds, a quality, and how many pictures."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

import pandas as pd

from nstbench.api import UnknownName, UsageError
from nstbench.api.judged import JUDGED, Judged
from nstbench.record.words import number, seconds

USUAL_SHARE = 0.8
"""How much of the best quality is wanted where nothing else is said."""

DIGITS = 3
"""Of a quality, as it is shown and compared: roundings alone change the fourth."""

ROUNDING = 1e-9
"""What a quotient may be off by."""

_UNITS = {"ms": 1e-3, "": 1.0, "s": 1.0, "min": 60.0, "h": 3600.0}


@dataclass(frozen=True, slots=True)
class Wish:
    """What is wanted of a configuration.

    Attributes:
        quality: a column of `nstbench.api.judged.JUDGED`; limit: the least quality in its own unit.
        within: seconds for a picture, at most.
        at_least: the least quality, as a share of the best of all.
        pictures: how many share what is paid once.
        floors: columns of `JUDGED`, each with the least quality of what is offered at all.
        only: longer side in pixels, and device: `cpu`, `gpu` or the name of one. None: each there is.
    """

    quality: str
    limit: float | None = None
    within: float | None = None
    at_least: float | None = None
    pictures: int = 1
    only: tuple[int | None, str | None] = (None, None)
    floors: tuple[tuple[str, float], ...] = ()

    @property
    def judged(self) -> Judged:
        """Title and direction of the quality."""
        return JUDGED[self.quality]

    def with_floors(self, texts: Iterable[str]) -> Wish:
        """Return the wish for what is not under these floors, each a column with a limit, as for quality.

        Raises:
            UsageError, UnknownName: as `wish` does; or one has no limit.
        """
        return replace(self, floors=tuple(map(_floor, texts)))

    def as_loss(self, quality: pd.Series) -> pd.Series:
        """Return qualities as numbers of which less is better, as they are compared."""
        shown = quality.map(lambda value: float(f"{value:.{DIGITS}g}"))
        return shown.map(self.judged.as_loss)

    def most_loss(self, losses: pd.Series) -> float:
        """Return what `as_loss` of a picture may be, for this wish, where these are all there is."""
        best = float(losses.min())
        bounds = [math.inf]
        if self.at_least:
            bounds.append(best * self.at_least if best < 0 else best / self.at_least)
        if self.limit is not None:
            bounds.append(self.judged.as_loss(self.limit))
        least = min(bounds)
        return least + ROUNDING * abs(least) if math.isfinite(least) else least

    def in_words(self) -> str:
        """Say it after `the quickest` or `nothing`."""
        said = []
        if self.at_least:
            said.append(f"with at least {number(self.at_least)} of the best quality")
        if self.limit is not None:
            said.append(f"with {_limited(self.judged, self.limit)}")
        if self.within is not None:
            said.append(f"within {seconds(self.within)}")
        return " ".join(said)

    def floors_in_words(self) -> str:
        """Say what is offered: `MS-SSIM to the content at least 0.2`."""
        return " and ".join(_limited(JUDGED[column], limit) for column, limit in self.floors)


def _limited(judged: Judged, limit: float) -> str:
    return f"{judged.title} {'at least' if judged.higher else 'at most'} {number(limit)}"


def wish(
    quality: str | None = None,
    within: float | str | None = None,
    at_least: float | None = None,
    pictures: int = 1,
    only: tuple[int | None, str | None] = (None, None),
) -> Wish:
    """Read what is wanted.

    Args:
        quality: a column, or one with a limit: `referee_total<=0.3`, `referee_ssim>=0.5`.
        within: seconds, or a text such as `10s`, `500ms`, `2min`.
        at_least: a share of the best quality; `USUAL_SHARE` where nothing says what is enough.
        pictures, only: as in `Wish`.

    Raises:
        UsageError: one of them is not of that form. UnknownName: there is no such quality.
    """
    column, limit = _quality(next(iter(JUDGED)) if quality is None else quality)
    budget = _seconds(within) if isinstance(within, str) else within
    if budget is not None and not 0 < budget < math.inf:
        raise UsageError(f"--within {within}: must be more than 0 seconds")
    if at_least is not None and not 0 < at_least <= 1:
        raise UsageError(f"--at-least {at_least:g}: a share of the best quality, more than 0 and at most 1")
    if pictures < 1:
        raise UsageError(f"--pictures {pictures}: at least 1")
    if budget is None and limit is None and at_least is None:
        at_least = USUAL_SHARE
    return Wish(column, limit, budget, at_least, pictures, only)


def _floor(text: str) -> tuple[str, float]:
    column, limit = _quality(text, "--floor")
    if limit is None:
        sign = ">=" if JUDGED[column].higher else "<="
        raise UsageError(f"--floor {text}: needs a limit, as in '{column}{sign}0.3'")
    return column, limit


def _quality(text: str, option: str = "--quality") -> tuple[str, float | None]:
    column, sign, limit = (part.strip() for part in re.split("([<>]?=|[<>]|$)", text, maxsplit=1))
    if column not in JUDGED:
        raise UnknownName(option.removeprefix("--"), column, JUDGED)
    if not sign and not limit:
        return column, None
    wanted = ">=" if JUDGED[column].higher else "<="
    try:
        value = float(limit)
    except ValueError:
        value = math.nan
    if sign != wanted or not math.isfinite(value):
        better = "more" if JUDGED[column].higher else "less"
        raise UsageError(
            f"{option} {text}: of {column} {better} is better; write a limit as '{column}{wanted}0.3'"
        )
    return column, value


def _seconds(text: str) -> float:
    found = re.fullmatch(r"\s*([0-9.]+)\s*([a-z]*)\s*", text)
    try:
        return float(found[1]) * _UNITS[found[2]]  # type: ignore[index]
    except (TypeError, ValueError, KeyError):
        raise UsageError(
            f"--within {text}: not a time; write it as 10s, 500ms, 2min or 1h, or in seconds"
        ) from None
