"""Record what the bar hears of a sweep, and when: `python -m tests.run.recorded_sweep EXPERIMENT FILE`.

Run it twice: where a backend's pace is not known, the first sweep learns it.
"""

import json
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from time import monotonic

from rich.console import Console

import nstbench
from nstbench.cli.console.progress import ProgressWatcher
from nstbench.plan.forecast import Forecast
from nstbench.run.remaining import Remaining

HEARD = ("foretold", "expect", "enter", "advance", "finish", "leave")


class Recorder(Remaining):
    """Notes each call, with seconds since it was made."""

    def __init__(self):
        super().__init__()
        self.calls, since = [], monotonic()
        for name in HEARD:
            setattr(self, name, self._noted(name, getattr(self, name), since))

    def _noted(self, name, method, since):
        def call(*what):
            self.calls.append((round(monotonic() - since, 2), name, [plain(each) for each in what]))
            return method(*what)

        return call


def plain(value):
    """Return JSON types."""
    if isinstance(value, Forecast):
        return {name: list(of) if name == "assumed" else of for name, of in asdict(value).items()}
    return round(value, 3) if isinstance(value, float) else value


def heard(value):
    """Read what `plain` returned."""
    return Forecast(**value | {"assumed": frozenset(value["assumed"])}) if isinstance(value, dict) else value


def replayed(calls, make=Remaining):
    """Yield each moment of a recorded sweep, in seconds, with the seconds that then seemed to remain."""
    now = 0.0
    remaining = make(lambda: now)
    for moment, name, what in calls:
        while now + 1 < moment:  # also what is said while nothing is heard
            now += 1
            yield now, remaining.seconds()
        now = moment
        getattr(remaining, name)(*map(heard, what))
        yield now, remaining.seconds()


def main():
    experiment, file = sys.argv[1:]
    recorder = Recorder()
    with tempfile.TemporaryDirectory() as folder, ProgressWatcher(Console(stderr=True), recorder) as watch:
        nstbench.sweep(experiment, folder, watch=watch)
        recorder.leave("the sweep")  # the last thing heard is its end
    lines = ",\n".join(json.dumps(call) for call in recorder.calls)
    Path(file).write_text(f"[{lines}]\n")


if __name__ == "__main__":
    main()
