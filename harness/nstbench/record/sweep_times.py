"""What each call of a sweep took by the clock on the wall, besides what its trials have on record."""

from __future__ import annotations

import math
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from nstbench.record.files import DAMAGE, as_json, read_json
from nstbench.record.inside import write_inside
from nstbench.record.layout import SWEEPS
from nstbench.record.misfits import refuse_misfits


@dataclass(frozen=True, slots=True)
class SweepTimes:
    """One call of a sweep.

    Attributes:
        ended_at: UTC, ISO 8601; wall_s: seconds until then from when it began to plan.
        starts: label of a backend -> seconds until its worker processes began to import its framework.
        parts: seconds of what was done for all trials: `planning`, `referee`, `tables`.
    """

    ended_at: str
    wall_s: float
    starts: Mapping[str, float]
    parts: Mapping[str, float]

    @property
    def span(self) -> tuple[datetime, datetime]:
        """When it began, and when it ended."""
        end = datetime.fromisoformat(self.ended_at).astimezone(UTC)
        return end - timedelta(seconds=self.wall_s), end


def write_times(folder: Path, times: SweepTimes) -> None:
    """Write it beside those of other calls, of which several may end at once.

    Raises:
        ResultsError: it cannot be written.
    """
    name = f"{datetime.fromisoformat(times.ended_at):%Y%m%dT%H%M%S}-{secrets.token_hex(3)}.json"
    write_inside(folder, SWEEPS / name, as_json(asdict(times)))


def read_times(folder: Path) -> list[SweepTimes]:
    """Return those of a results folder, in their order; damaged ones are left out."""
    found = []
    for path in sorted((folder / SWEEPS).glob("*.json")):
        with suppress(*DAMAGE):
            times = SweepTimes(**read_json(path))
            refuse_misfits(times)
            seconds = [times.wall_s, *times.starts.values(), *times.parts.values()]
            if all(math.isfinite(each) and each >= 0 for each in seconds) and times.span:
                found.append(times)
    return found
