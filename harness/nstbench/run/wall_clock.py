"""The clock on the wall: what a sweep takes besides the seconds that its trials have on record."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from time import monotonic

from nstbench.api import ResultsError
from nstbench.record import Store
from nstbench.record.sweep_times import SweepTimes, write_times


@dataclass(slots=True)
class WallClock:
    """Runs from when it is made, as a sweep begins to plan.

    Attributes:
        starts, parts: as in `SweepTimes`.
    """

    starts: dict[str, float] = field(default_factory=dict)
    parts: dict[str, float] = field(default_factory=dict)
    _since: float = field(default_factory=monotonic)

    def planned(self) -> None:
        """Note that planning is over."""
        self.parts["planning"] = monotonic() - self._since

    @contextmanager
    def spending(self, part: str) -> Iterator[None]:
        """Count what is done meanwhile as a part."""
        since = monotonic()
        try:
            yield
        finally:
            self.parts[part] = self.parts.get(part, 0.0) + monotonic() - since

    def started(self, label: str, seconds: float) -> None:
        """Note that a process has started for a backend."""
        self.starts[label] = self.starts.get(label, 0.0) + seconds

    def write(self, store: Store) -> str:
        """Write all of it into the results; returns what is wrong if it cannot be written."""
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        try:
            write_times(store.path, SweepTimes(now, monotonic() - self._since, self.starts, self.parts))
        except ResultsError as error:
            return str(error)
        return ""
