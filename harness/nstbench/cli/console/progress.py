"""Live progress on standard error: an overall bar with ETA, and the trial at hand."""

from __future__ import annotations

from types import TracebackType

from rich.console import Console

from nstbench.cli.console.bars import bars
from nstbench.cli.console.console import counted, number, seconds
from nstbench.plan import Plan
from nstbench.record import RunRecord
from nstbench.run.job import Advanced, Entered, Event, Job
from nstbench.run.sweep import Watcher


class ProgressWatcher(Watcher):
    """Draws bars on a terminal; elsewhere prints a line per finished trial and nothing moves."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._bars = bars(console)
        self._overall = self._bars.add_task("sweep", total=None, note="", visible=False)
        self._trial = self._bars.add_task("", total=None, note="", visible=False)
        self._total = self._done = 0
        self._job: Job | None = None

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

    def planned(self, plan: Plan, pending: int) -> None:
        """Set the overall bar."""
        self._total = pending
        done = len(plan.trials) - pending
        already = f", {done} of them already done" if done else ""
        self.says(f"{plan.experiment}: {counted(len(plan.trials), 'trial')}{already}")
        self._bars.update(self._overall, total=pending, note=f"0/{pending} trials", visible=True)

    def event(self, job: Job, event: Event) -> None:
        """Show phase, or iterations, pace and loss."""
        name = job.trials[0].backend_label
        if job is not self._job:
            self._job = job
            self._bars.remove_task(self._trial)
            self._trial = self._bars.add_task(name, total=None, note="")
        if isinstance(event, Entered):
            self._bars.update(
                self._trial, description=name, note=event.phase, total=None, completed=0, visible=True
            )
        if isinstance(event, Advanced):
            pace = 1 / event.seconds_per_iteration
            loss = f", loss {number(event.loss)}" if event.loss is not None else ""
            note = f"{event.iterations}/{event.of}, {pace:.3g}/s{loss}"
            self._bars.update(
                self._trial, description=name, note=note, total=event.of, completed=event.iterations
            )
            # A fraction of a trial moves the overall bar, so that its ETA is smooth.
            previous = max((c for c in job.checkpoints if c < event.of), default=0)
            fraction = (event.iterations - previous) / (event.of - previous)
            self._bars.update(self._overall, completed=self._done + min(fraction, 0.99))

    def recorded(self, record: RunRecord) -> None:
        """Advance the overall bar; print what became of the trial."""
        self._done += 1
        self._bars.update(self._overall, completed=self._done, note=f"{self._done}/{self._total} trials")
        trial = record.trial
        unit = "pass" if trial.checkpoint is None else "iteration"
        pace = f", {seconds(record.step_median_s)} per {unit}" if record.step_median_s else ""
        doubt = f"; caution: {record.caution}" if record.caution else ""
        outcome = f"ok{pace}{doubt}" if record.status == "ok" else f"{record.status}, {record.error_message}"
        name = " ".join(filter(None, (trial.backend_label, trial.label)))
        self.says(f"[{self._done}/{self._total}] {name}: {outcome}")
