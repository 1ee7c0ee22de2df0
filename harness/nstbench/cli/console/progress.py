"""Live progress on standard error: an overall bar with ETA, and one for each trial at hand."""

from __future__ import annotations

from collections.abc import Collection
from types import TracebackType

from rich.console import Console
from rich.progress import TaskID

from nstbench.cli.console.bars import bars
from nstbench.cli.console.console import counted
from nstbench.plan import Plan
from nstbench.record import RunRecord
from nstbench.record.words import number, seconds
from nstbench.run.job import Advanced, Entered, Event, Finished, Job, Lost
from nstbench.run.progress import Tally
from nstbench.run.remaining import Remaining
from nstbench.run.slots import Slot

WORTH_SAYING_S = 60.0
"""Seconds from which on it is told how long a sweep will take."""


class ProgressWatcher(Tally):
    """Draws bars on a terminal; elsewhere prints a line per finished trial and nothing moves."""

    def __init__(self, console: Console, remaining: Remaining | None = None) -> None:
        super().__init__(remaining)
        self._console = console
        self._bars = bars(console)
        left = self.remaining.seconds
        self._overall = self._bars.add_task("sweep", total=None, note="", left=left, visible=False)
        self._jobs: dict[str, TaskID] = {}

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

    def planned(self, plan: Plan, pending: Collection[str]) -> None:
        """Set the overall bar."""
        super().planned(plan, pending)
        self._begin(plan.experiment, counted(len(plan.trials), "trial"), len(plan.trials) - len(pending))
        self._take()

    def searching(self, plan: Plan, pending: Collection[str], most: int) -> None:
        """Lengthen the overall bar."""
        if not self.trials:
            self._begin(
                plan.experiment, f"a search of {counted(most, 'trial')}", len(plan.trials) - len(pending)
            )
        super().searching(plan, pending, most)
        self._take()

    def _begin(self, experiment: str, what: str, done: int) -> None:
        already = f", {done} of them already done" if done else ""
        expected = self.remaining.total_s
        takes = f", about {seconds(expected)}" if expected >= WORTH_SAYING_S else ""
        self.says(f"{experiment}: {what}{already}{takes}")

    def _take(self) -> None:
        self._bars.update(self._overall, total=self.remaining.total_s, note=self._note(), visible=True)

    def submitted(self, job: Job, slot: Slot) -> None:
        """Begin a bar."""
        super().submitted(job, slot)
        name = " ".join(filter(None, (slot.name, job.trials[0].backend_label)))
        self._jobs[job.key] = self._bars.add_task(name, total=None, note="")

    def event(self, job: Job, event: Event) -> None:
        """Show phase, or iterations, pace and loss."""
        super().event(job, event)
        bar = self._jobs[job.key]
        if isinstance(event, Entered):
            self._bars.update(bar, note=event.phase, total=None, completed=0)
        if isinstance(event, Advanced):
            pace = 1 / event.seconds_per_iteration
            loss = f", loss {number(event.loss)}" if event.loss is not None else ""
            note = f"{event.iterations}/{event.of}, {pace:.3g}/s{loss}"
            self._bars.update(bar, note=note, total=event.of, completed=event.iterations)
            self._move()
        if isinstance(event, Finished | Lost):
            self._bars.remove_task(self._jobs.pop(job.key))

    def recorded(self, record: RunRecord) -> None:
        """Advance the overall bar; print what became of the trial."""
        super().recorded(record)
        trial = record.trial
        self._move()
        unit = "pass" if trial.checkpoint is None else "iteration"
        pace = f", {seconds(record.step_median_s)} per {unit}" if record.step_median_s else ""
        doubt = f"; caution: {record.caution}" if record.caution else ""
        outcome = f"ok{pace}{doubt}" if record.status == "ok" else f"{record.status}: {record.error_message}"
        name = " ".join(filter(None, (trial.backend_label, trial.label)))
        self.says(f"[{self.done}/{self.trials}] {name}: {outcome}")

    def _move(self) -> None:
        self._bars.update(self._overall, completed=self.remaining.done_s, note=self._note())

    def _note(self) -> str:
        return f"{self.done}/{self.trials} trials"
