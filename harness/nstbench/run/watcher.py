"""Who is told how a sweep goes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from functools import partial
from typing import Any

from nstbench.plan import Plan
from nstbench.plan.forecast import Forecast
from nstbench.record import RunRecord
from nstbench.run.job import Event, Job
from nstbench.run.slots import Slot


class Watcher:
    """Somebody who is told how a sweep goes; this one does not care. Override what you care for."""

    def says(self, message: str) -> None:
        """A remark worth reading, for instance which weights are used."""

    def foretold(self, forecast: Forecast) -> None:
        """Trials that will run, with what each is expected to take, before they are named as planned."""

    def planned(self, plan: Plan, pending: Collection[str]) -> None:
        """The plan is made; the trials of it with these ids will run."""

    def searching(self, plan: Plan, pending: Collection[str], most: int) -> None:
        """A search goes on with these trials; with those to come it has `most` at the end."""

    def submitted(self, job: Job, slot: Slot) -> None:
        """A job begins in a slot."""

    def event(self, job: Job, event: Event) -> None:
        """Something happened to a job."""

    def recorded(self, record: RunRecord) -> None:
        """A trial is done, whatever its status."""

    def judged(self, record: RunRecord) -> None:
        """The referee has seen the pictures of a trial."""


class Together(Watcher):
    """Several who are told, one after the other."""

    def __init__(self, *watchers: Watcher) -> None:
        for name in (each for each in vars(Watcher) if not each.startswith("_")):
            setattr(self, name, partial(_tell, [getattr(each, name) for each in watchers]))


def _tell(told: Sequence[Callable[..., None]], *what: Any) -> None:
    for tell in told:
        tell(*what)
