"""How far a sweep is: counted from what a watcher is told, and kept in the folder for those who look on."""

from __future__ import annotations

import platform
from collections.abc import Collection
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from time import monotonic, time

from nstbench.api import ResultsError
from nstbench.plan import Plan
from nstbench.plan.forecast import Forecast
from nstbench.record import RunRecord
from nstbench.record.layout import picture_path
from nstbench.record.progress import GrowingCurve, JobProgress, ProgressFile, SweepProgress
from nstbench.run.job import Advanced, Entered, Event, Finished, Job, Lost, Painted, Recorded
from nstbench.run.remaining import Remaining
from nstbench.run.slots import Slot
from nstbench.run.watcher import Watcher

WRITE_S = 1.0
"""How often it is written down that iterations are done; all else is at once."""

MOST_POINTS = 300


class Tally(Watcher):
    """Counts trials, and what remains of the seconds that they are expected to take.

    Attributes:
        trials: how many are to be done; done: how many of them are; failed: how many of these went wrong.
    """

    def __init__(self, remaining: Remaining | None = None) -> None:
        self.trials = self.done = self.failed = 0
        self.remaining = remaining or Remaining()

    def foretold(self, forecast: Forecast) -> None:
        """Take what trials are expected to take."""
        self.remaining.foretold(forecast)

    def planned(self, plan: Plan, pending: Collection[str]) -> None:
        """Count what is to be done."""
        self.trials = len(pending)
        self.remaining.expect(self.trials)

    def searching(self, plan: Plan, pending: Collection[str], most: int) -> None:
        """Count, at the beginning, what a search will do."""
        self.trials = self.trials or most - (len(plan.trials) - len(pending))
        self.remaining.expect(self.trials)

    def submitted(self, job: Job, slot: Slot) -> None:
        """Begin to count what a job does."""
        self.remaining.enter(job.key, job.trials[0].trial_id)

    def event(self, job: Job, event: Event) -> None:
        """Take the part of a trial that is done."""
        if isinstance(event, Advanced):
            previous = max((c for c in job.checkpoints if c < event.of), default=0)
            fraction = (event.iterations - previous) / (event.of - previous)
            at_hand = next((t for t in job.trials if t.checkpoint == event.of), job.trials[0])
            self.remaining.advance(job.key, at_hand.trial_id, fraction)
        elif isinstance(event, Finished | Lost):
            self.remaining.leave(job.key)

    def recorded(self, record: RunRecord) -> None:
        """Count a trial."""
        self.done += 1
        self.failed += record.status not in ("ok", "refused")
        self.remaining.finish(record.trial.trial_id)


class ProgressWriter(Tally):
    """Keeps the file with the progress of a sweep, from when its plan is made until this is closed.

    A folder in which it cannot be kept costs those who look on something, and the sweep nothing.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder
        self._file: ProgressFile | None = None
        self._jobs: dict[str, JobProgress] = {}
        self._started_at, self._written = time(), -WRITE_S

    def close(self) -> None:
        """Remove the file."""
        with suppress(ResultsError):
            if self._file:
                self._file.close()
        self._file = None

    def planned(self, plan: Plan, pending: Collection[str]) -> None:
        """Begin."""
        super().planned(plan, pending)
        self._begin()

    def searching(self, plan: Plan, pending: Collection[str], most: int) -> None:
        """Begin, or go on."""
        super().searching(plan, pending, most)
        self._begin()

    def submitted(self, job: Job, slot: Slot) -> None:
        """Add a job."""
        super().submitted(job, slot)
        trial = job.trials[0]
        name = " \u00b7 ".join(filter(None, (trial.backend_label, trial.label)))
        place = " ".join(filter(None, (slot.place or platform.node(), slot.name)))
        self._jobs[job.key] = JobProgress(trial.trial_id, name, place)
        self._write()

    def event(self, job: Job, event: Event) -> None:
        """Say what it does, or how far it is."""
        super().event(job, event)
        if job.key not in self._jobs:
            return
        if isinstance(event, Finished | Lost):
            del self._jobs[job.key]
        else:
            self._jobs[job.key] = _after(self._jobs[job.key], job, event)
        if not isinstance(event, Advanced) or monotonic() - self._written >= WRITE_S:
            self._write()

    def recorded(self, record: RunRecord) -> None:
        """Say that it is done."""
        super().recorded(record)
        self._write()

    def _begin(self) -> None:
        with suppress(ResultsError):
            self._file = self._file or ProgressFile(self._folder)
        self._write()

    def _write(self) -> None:
        self._written = monotonic()
        jobs = tuple(self._jobs.values())
        now = SweepProgress(
            platform.node(),
            self._started_at,
            *(self.trials, self.done, self.failed),
            self.remaining.seconds(),
            jobs,
        )
        with suppress(ResultsError):
            if self._file:
                self._file.write(now)


def _after(before: JobProgress, job: Job, event: Event) -> JobProgress:
    """Return how far a job is after an event."""
    if isinstance(event, Entered):
        return replace(before, phase=event.phase)
    if isinstance(event, Painted):
        return replace(before, picture=picture_path(event.trial_id, event.iteration).as_posix())
    if isinstance(event, Recorded):
        return _next_trial(before, job, str(event.record["trial"]["trial_id"]))
    if not isinstance(event, Advanced):
        return before
    if event.iterations < before.iterations:  # a fresh worker does it again
        before = replace(before, iterations=0, curve=GrowingCurve())
    pace, loss = event.seconds_per_iteration, event.loss
    elapsed = (before.curve.elapsed_s or (0.0,))[-1] + (event.iterations - before.iterations) * pace
    curve = _longer(before.curve, event.iterations, elapsed, loss)
    return replace(
        before, iterations=event.iterations, of=event.of, seconds_per_iteration=pace, loss=loss, curve=curve
    )


def _next_trial(before: JobProgress, job: Job, done: str) -> JobProgress:
    """Speak of the next trial of a trajectory once one is done."""
    ids = [trial.trial_id for trial in job.trials]
    left = job.trials[ids.index(done) + 1 :] if done in ids else ()
    if not left:
        return before
    name = " \u00b7 ".join(filter(None, (left[0].backend_label, left[0].label)))
    return replace(before, trial_id=left[0].trial_id, name=name)


def _longer(curve: GrowingCurve, iteration: int, elapsed_s: float, loss: float | None) -> GrowingCurve:
    """Add a point; of too many every other one is left out."""
    step = 2 if len(curve.iteration) >= MOST_POINTS else 1
    return GrowingCurve(
        (*curve.iteration[::step], iteration),
        (*curve.elapsed_s[::step], elapsed_s),
        (*curve.total[::step], loss),
    )
