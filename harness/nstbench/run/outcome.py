"""How a sweep ended."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from nstbench.api import ResultsError
from nstbench.record import Results, Store
from nstbench.run.tried import Tried
from nstbench.run.wall_clock import WallClock


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a sweep ended.

    Attributes:
        results: what the folder holds now.
        counts: status -> number of planned trials; one that another sweep is running is `interrupted`.
        ran: how many trials this call executed; refused ones are recorded, not executed.
        no_device: whether a backend did not find the device it was asked to use.
        not_applied: what is asked for now and is not done, as finished trials stay; a sentence each.
        stopped: why it ended before all was done; else empty.
        best: of a search, the best trial of each backend that has one.
    """

    results: Results
    counts: Mapping[str, int]
    ran: int
    no_device: bool
    not_applied: tuple[str, ...] = ()
    stopped: str = ""
    best: tuple[Tried, ...] = ()

    @property
    def failed(self) -> bool:
        """Whether a planned trial went wrong; refused ones and those of another sweep did not."""
        return bool(set(self.counts) - {"ok", "refused", "interrupted"})

    @property
    def all_refused(self) -> bool:
        """Whether nothing could be done as it was asked for."""
        return set(self.counts) == {"refused"}


def write_tables(
    store: Store, results: Results | None, say: Callable[[str], None], clock: WallClock
) -> Results | None:
    """Write the tables and then what the sweep took; a damaged file must not hide how it ended.

    Args:
        results: what the folder holds; None to read it, as something was done.
        say: is told what is wrong.

    Returns:
        The results; None if the folder has no plan any more.
    """
    given = results
    try:
        with clock.spending("tables"):
            results = results or Results([store.path])
            results.write_tables()
        for line in results.damaged:
            say(line)
    except ResultsError as error:
        say(f"tables not written: {error}")
    if given is None and (wrong := clock.write(store)):
        say(wrong)
    return results


def counted(statuses: Iterable[str], planned: int, left: int = 0) -> Counter[str]:
    """Count how trials ended; those without an end, and what a search did not come to, are interrupted."""
    counts = Counter(statuses)
    if interrupted := planned - counts.total() + left:
        counts["interrupted"] += interrupted
    return counts
