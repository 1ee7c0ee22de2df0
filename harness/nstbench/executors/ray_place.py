"""One slot of a node, as a Ray actor has it: nstbench's own worker process, whose events go to the driver.

No framework is imported here: they run in the worker process, which ends with the actor.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from shutil import rmtree
from typing import Any

from nstbench.api import AssetError, UsageError, plugins
from nstbench.executors.depot import Depot
from nstbench.record import Store
from nstbench.run.job import Finished, Job, Lost, Painted, Recorded, event_to_json
from nstbench.run.judging import Judging
from nstbench.run.local import LocalWorkers
from nstbench.run.slots import NO_GPU, Parallel, Slot

Told = tuple[list[Any], bytes]
"""An event in JSON form, and what the log of the job has got since the last one."""


class RayPlace:
    """A slot of a node.

    Args:
        jobs: how many share the cores of the node, and `at` is which of them this one is.
        gpu: whether Ray has given it a GPU.
        variables: environment variables of the driver, None for one that is not set: Ray sets its own.
    """

    def __init__(self, jobs: int, at: int, gpu: bool, variables: Mapping[str, str | None]) -> None:
        for name, value in variables.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
        shown = os.environ.get("CUDA_VISIBLE_DEVICES", NO_GPU) if gpu else NO_GPU
        cores = Parallel(jobs=jobs).slots(exclusive=False)[at].cores
        self._slot = Slot(gpu=shown, cores=cores)
        self._workers = LocalWorkers([self._slot])
        self._depot = Depot()
        self._folder = tempfile.TemporaryDirectory(prefix="nstbench-")
        self._log = Path(self._folder.name) / "log.txt"
        self._pictures = Store(Path(self._folder.name))
        self._told = 0
        self._judging: Judging | None = None

    def facts(self) -> dict[str, str]:
        """Return the versions of what is installed; a place is ready once it answers."""
        return installed_versions()

    def lacks(self, names: Mapping[str, str]) -> list[str]:
        """Do what `Depot.lacks` does."""
        return self._depot.lacks(names)

    def receive(self, name: str, part: bytes) -> None:
        """Do what `Depot.receive` does."""
        self._depot.receive(name, part)

    def keep(self, name: str) -> None:
        """Do what `Depot.keep` does."""
        self._depot.keep(name)

    def begin(self, job: Mapping[str, Any]) -> Told:
        """Begin a job, and return what `next_event` does."""
        self._log.write_bytes(b"")
        self._told = 0
        furnished = self._depot.furnish(Job.from_json(job), self._log)
        if self._judging is None and furnished.referee:
            self._judging = Judging(furnished.referee, None, self._depot.folder)
        self._workers.submit(furnished, self._slot)
        return self.next_event()

    def next_event(self) -> Told:
        """Let the worker go on, and return what it tells next."""
        job, event = self._workers.next_event()
        if isinstance(event, Painted):
            self._pictures.write_picture(event.trial_id, event.iteration, event.png)
        if isinstance(event, Recorded):
            event = self._judged(event)
        if isinstance(event, Finished | Lost):
            for trial in job.trials:
                rmtree(self._pictures.trial_folder(trial.trial_id), ignore_errors=True)
        return event_to_json(event), self._new_in_log()

    def _judged(self, event: Recorded) -> Recorded:
        """Judge now, as the worker sleeps until the record is written; what cannot be, the driver judges."""
        if self._judging is None:
            return event
        with suppress(AssetError, UsageError):
            judged = self._judging.judge(event.run_record(), self._pictures.path)
            return replace(event, record=judged.to_json())
        return event

    def _new_in_log(self) -> bytes:
        with self._log.open("rb") as log:
            size = os.fstat(log.fileno()).st_size
            log.seek(self._told if size >= self._told else 0)  # it is cut where it is too long
            said = log.read()
        self._told = size
        return said


def installed_versions() -> dict[str, str]:
    """Return the versions of nstbench and of the backends that are installed here."""
    return {"nstbench": version("nstbench")} | {each.name: each.version for each in plugins().values()}
