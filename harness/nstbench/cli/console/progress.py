"""Live progress on standard error: an overall bar with ETA, and one for each trial at hand."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from types import TracebackType

from rich.console import Console
from rich.progress import TaskID

from nstbench.cli.console.bars import bars
from nstbench.cli.console.console import counted
from nstbench.plan import Plan
from nstbench.plan.forecast import Forecast
from nstbench.record import RunRecord
from nstbench.record.words import number, seconds
from nstbench.run.job import Advanced, Entered, Event, Finished, Job, Lost, Recorded
from nstbench.run.slots import Slot
from nstbench.run.sweep import Watcher

WORTH_SAYING_S = 60.0
"""Seconds from which on it is told how long a sweep will take."""


@dataclass(slots=True)
class Shown:
    """The bar of a job, and how much of its present trial's work is done."""

    bar: TaskID
    name: str
    work: float = 0.0


class ProgressWatcher(Watcher):
    """Draws bars on a terminal; elsewhere prints a line per finished trial and nothing moves."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._bars = bars(console)
        self._overall = self._bars.add_task("sweep", total=None, note="", visible=False)
        self._work: dict[str, float] = {}
        self._trials = 0
        self._recorded = 0
        self._done = 0.0
        self._jobs: dict[str, Shown] = {}

    def __enter__(self) -> ProgressWatcher:
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bars.stop()

    def says(self, message: str) -> None:
        """Print a remark above the bars."""
        self._console.print(message)

    def foretold(self, forecast: Forecast) -> None:
        """Take what trials are expected to take: the overall bar measures seconds."""
        self._work |= forecast.seconds

    def planned(self, plan: Plan, pending: Collection[str]) -> None:
        """Set the overall bar."""
        self._begin(plan.experiment, counted(len(plan.trials), "trial"), len(plan.trials) - len(pending))
        self._trials = len(pending)
        self._take()

    def searching(self, plan: Plan, pending: Collection[str], most: int) -> None:
        """Lengthen the overall bar; trials to come are taken for as much work as those known."""
        done = len(plan.trials) - len(pending)
        if not self._trials:
            self._begin(plan.experiment, f"a search of {counted(most, 'trial')}", done)
            self._trials = most - done
        self._take()

    def _begin(self, experiment: str, what: str, done: int) -> None:
        already = f", {done} of them already done" if done else ""
        expected = sum(self._work.values())
        takes = f", about {seconds(expected)}" if expected >= WORTH_SAYING_S else ""
        self.says(f"{experiment}: {what}{already}{takes}")

    def _take(self) -> None:
        known = sum(self._work.values()) / max(1, len(self._work))
        self._bars.update(self._overall, total=known * self._trials, note=self._note(), visible=True)

    def submitted(self, job: Job, slot: Slot) -> None:
        """Begin a bar."""
        name = " ".join(filter(None, (slot.name, job.trials[0].backend_label)))
        self._jobs[job.key] = Shown(self._bars.add_task(name, total=None, note=""), name)

    def event(self, job: Job, event: Event) -> None:
        """Show phase, or iterations, pace and loss."""
        shown = self._jobs[job.key]
        if isinstance(event, Entered):
            self._bars.update(shown.bar, note=event.phase, total=None, completed=0)
        if isinstance(event, Advanced):
            pace = 1 / event.seconds_per_iteration
            loss = f", loss {number(event.loss)}" if event.loss is not None else ""
            note = f"{event.iterations}/{event.of}, {pace:.3g}/s{loss}"
            self._bars.update(shown.bar, note=note, total=event.of, completed=event.iterations)
            # A fraction of a trial moves the overall bar, so that its ETA is smooth.
            previous = max((c for c in job.checkpoints if c < event.of), default=0)
            fraction = (event.iterations - previous) / (event.of - previous)
            at_hand = next((t for t in job.trials if t.checkpoint == event.of), job.trials[0])
            shown.work = min(fraction, 0.99) * self._work.get(at_hand.trial_id, 0.0)
            self._move()
        if isinstance(event, Recorded):  # from here on it is among what is done
            shown.work = 0.0
        if isinstance(event, Finished | Lost):
            self._bars.remove_task(self._jobs.pop(job.key).bar)

    def recorded(self, record: RunRecord) -> None:
        """Advance the overall bar; print what became of the trial."""
        trial = record.trial
        self._recorded += 1
        self._done += self._work.get(trial.trial_id, 0.0)
        self._move()
        unit = "pass" if trial.checkpoint is None else "iteration"
        pace = f", {seconds(record.step_median_s)} per {unit}" if record.step_median_s else ""
        doubt = f"; caution: {record.caution}" if record.caution else ""
        outcome = f"ok{pace}{doubt}" if record.status == "ok" else f"{record.status}: {record.error_message}"
        name = " ".join(filter(None, (trial.backend_label, trial.label)))
        self.says(f"[{self._recorded}/{self._trials}] {name}: {outcome}")

    def _move(self) -> None:
        done = self._done + sum(shown.work for shown in self._jobs.values())
        self._bars.update(self._overall, completed=done, note=self._note())

    def _note(self) -> str:
        return f"{self._recorded}/{self._trials} trials"
