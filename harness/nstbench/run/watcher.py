"""Who is told how a sweep goes."""

from __future__ import annotations

from nstbench.plan import Plan
from nstbench.record import RunRecord
from nstbench.run.job import Event, Job


class Watcher:
    """Somebody who is told how a sweep goes; this one does not care. Override what you care for."""

    def says(self, message: str) -> None:
        """A remark worth reading, for instance which weights are used."""

    def planned(self, plan: Plan, pending: int) -> None:
        """The plan is made; `pending` trials of it will run."""

    def event(self, job: Job, event: Event) -> None:
        """Something happened to a job."""

    def recorded(self, record: RunRecord) -> None:
        """A trial is done, whatever its status."""

    def judged(self, record: RunRecord) -> None:
        """The referee has seen the pictures of a trial."""
