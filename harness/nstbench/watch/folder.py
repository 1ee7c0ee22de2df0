"""What a results folder is like at the moment. It is only read, and nothing in it is locked."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from nstbench.api import ResultsError, one_line
from nstbench.comparison.stylize_line import Defaults, no_defaults
from nstbench.record import Results
from nstbench.record.files import read_json, reading
from nstbench.record.layout import PLAN, TRIALS, result_path
from nstbench.record.progress import PENDING, SeenSweep, sweeps_of
from nstbench.report.html import report_html


@dataclass(frozen=True, slots=True)
class Look:
    """A folder at a moment.

    Attributes:
        version: changes with the results; empty while there are none.
        planned, done: numbers of trials.
        sweeps: those at work, and those that were killed.
        trouble: why there is nothing to be seen; empty if there is.
    """

    version: str = ""
    planned: int = 0
    done: int = 0
    sweeps: Sequence[SeenSweep] = ()
    trouble: str = ""

    @property
    def at_work(self) -> list[SeenSweep]:
        """The sweeps whose processes are there."""
        return [each for each in self.sweeps if each.alive]

    @property
    def says(self) -> str:
        """What is to be said of it in one line."""
        if self.trouble or self.at_work:
            return self.trouble
        if self.done >= self.planned:
            return "No sweep is at work, and all trials are done."
        how = "The last sweep was killed" if self.sweeps else "No sweep is at work"
        return f"{how}: {self.done} of {self.planned} trials are done. The same command goes on."

    def to_json(self) -> dict[str, Any]:
        """Return what the page is told."""
        sweeps = [asdict(each.progress) for each in self.at_work]
        return {
            "version": self.version,
            "planned": self.planned,
            "done": self.done,
            "says": self.says,
            "sweeps": sweeps,
        }


class WatchedFolder:
    """A results folder, which need not be there yet.

    Args:
        defaults: as in `nstbench.report.html.write_report`.
    """

    def __init__(self, path: Path, defaults: Defaults = no_defaults) -> None:
        self.path, self._defaults = path.absolute(), defaults
        self._name = path
        self._plan: tuple[str, frozenset[str]] = "", frozenset()

    def look(self) -> Look:
        """Say what it is like now."""
        try:
            planned, plan = self._planned()
        except FileNotFoundError:
            return Look(trouble=f"{self._name}: no results yet. They appear here once a sweep writes there.")
        except (ResultsError, OSError) as error:
            return Look(trouble=one_line(error))
        results, sweeps = self._results(), sweeps_of(self.path)
        kind = "at work" if any(each.alive for each in sweeps) else ""
        version = sha256(json.dumps([plan, kind, results]).encode()).hexdigest()[:16]
        return Look(version, len(planned), len(planned & results.keys()), sweeps)

    def report(self) -> bytes:
        """Return the report of what is there, which finds its pictures beside it.

        Raises:
            ResultsError: the results are damaged, or there are none.
        """
        results = Results([self.path]).shown
        if any(each.alive for each in sweeps_of(self.path)):
            results.runs["status"] = results.runs["status"].replace("interrupted", PENDING)
        return report_html(results, plotly_at="plotly.js", defaults=self._defaults).encode()

    def _planned(self) -> tuple[frozenset[str], str]:
        """Return the ids of the planned trials, read anew when the plan has changed, and when it was written.

        Raises:
            FileNotFoundError: there is no plan.
            ResultsError: it cannot be read.
        """
        path = self.path / PLAN
        found = path.stat()
        written = f"{found.st_mtime_ns}+{found.st_size}"
        if self._plan[0] != written:
            with reading(path, f"`nstbench repair {self._name}` makes it anew"):
                ids = frozenset(str(trial["trial_id"]) for trial in read_json(path)["trials"])
            self._plan = written, ids
        return self._plan[1], written

    def _results(self) -> dict[str, str]:
        """Return when each result was written, in nanoseconds."""
        found = {}
        try:
            names = sorted(os.listdir(self.path / TRIALS))  # noqa: PTH208 - names are all that is needed
        except OSError:
            return {}
        for name in names:
            try:
                found[name] = str(os.stat(self.path / result_path(name)).st_mtime_ns)  # noqa: PTH116
            except OSError:
                continue
        return found
