"""A job array on a Slurm cluster, each element of which is a sweep. It is submitit that speaks to Slurm."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext, redirect_stderr
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from threading import current_thread, main_thread
from time import monotonic, sleep
from typing import Any, ClassVar

from nstbench.api import UsageError, one_line
from nstbench.executors.slurm_element import Element
from nstbench.run.launcher import Launcher, SweepCommand
from nstbench.run.slots import Parallel

TIMEOUT_MIN = 60
"""Submitit's own default is five minutes."""

CANCEL_S = 20.0
"""How long to wait until what was cancelled has ended."""

CLUSTERS = ("slurm", "local", "debug")
PROGRAMS = ("sbatch", "srun", "sacct", "scancel")
FINE = (0, 3)
"""How a sweep ends whose table says it all."""


def _flag(text: str) -> bool | str:
    return True if text == "true" else text


COMMON: Mapping[str, Callable[[str], Any]] = {
    "name": str,
    "timeout_min": int,
    "cpus_per_task": int,
    "gpus_per_node": int,
    "mem_gb": float,
}
"""Submitit's parameters for any cluster, and those for Slurm alone, each with what reads its text."""
OF_SLURM: Mapping[str, Callable[[str], Any]] = {
    **dict.fromkeys(("partition", "account", "qos", "constraint", "gres", "nodelist", "exclude"), str),
    **dict.fromkeys(("comment", "dependency", "mail_type", "mail_user", "wckey"), str),
    "exclusive": _flag,
    "array_parallelism": int,
    "signal_delay_s": int,
}


@dataclass(slots=True)
class Launched:
    """An element that was submitted.

    Attributes:
        told: of how many beginnings the launcher has spoken.
        ended: whether nothing more is to be said of it.
    """

    name: str
    job: Any
    nodes: Path
    told: int = 0
    ended: bool = False

    def begun_on(self) -> list[str]:
        """Return the nodes that it has begun on since this was asked last."""
        lines = self.nodes.read_text().splitlines() if self.nodes.exists() else []
        new, self.told = lines[self.told :], len(lines)
        return new


class SlurmArray(Launcher):
    """As many sweeps as `--jobs` says, in the place of which Slurm decides, with the options of submitit."""

    requires: ClassVar[str] = "submitit"
    install: ClassVar[str] = "pip install 'nstbench[slurm]'"
    options: ClassVar[tuple[str, ...]] = ("cluster", *COMMON, *OF_SLURM)

    def __init__(
        self, parallel: Parallel, cluster: str, given: Mapping[str, Any], say: Callable[[str], None]
    ) -> None:
        self._parallel = parallel
        self._cluster = cluster
        self._given = given
        self._say = say
        self._launched: list[Launched] = []

    @classmethod
    def open(cls, parallel: Parallel, say: Callable[[str], None]) -> SlurmArray:
        """Read the options, and look for Slurm."""
        options = dict(parallel.options)
        cluster = options.pop("cluster", "slurm")
        if cluster not in CLUSTERS:
            raise UsageError(f"executor slurm: found cluster={cluster}; {', '.join(CLUSTERS)} are allowed")
        missing = [each for each in PROGRAMS if shutil.which(each) is None]
        if cluster == "slurm" and missing:
            raise UsageError(
                f"executor slurm: there is no {', '.join(missing)} here; run it where jobs are submitted,"
                " or try it on this machine with slurm:cluster=local"
            )
        given = {"timeout_min": TIMEOUT_MIN} | {name: _read(name, text) for name, text in options.items()}
        return cls(parallel, cluster, given, say)

    def launch(self, sweep: SweepCommand, most: int, folder: Path) -> None:
        """Submit the array."""
        from submitit import AutoExecutor
        from submitit.core.utils import FailedJobError, FailedSubmissionError

        devices = self._parallel.devices
        words = (*sweep.words, *(("--devices", ",".join(devices)) if devices else ()))
        count = min(self._parallel.jobs, most)
        nodes = [folder / f"{number}.nodes" for number in range(count)]
        elements = [Element(words, sweep.file, sweep.sha256, each) for each in nodes]
        given = {name if name in COMMON else f"slurm_{name}": value for name, value in self._given.items()}
        executor = AutoExecutor(folder, cluster=self._cluster)
        executor.update_parameters(**{"name": "nstbench"} | given)
        try:
            apart = _apart(folder / "controllers.txt") if self._cluster == "local" else nullcontext()
            with apart, redirect_stderr(StringIO()):  # what sbatch says is in the error too
                jobs = executor.submit_array(elements)
        except (FailedJobError, FailedSubmissionError, OSError) as error:
            raise UsageError(f"executor slurm: nothing was submitted: {one_line(error)}") from error
        self._launched = [
            Launched(f"element {job.job_id}", job, element.nodes)
            for job, element in zip(jobs, elements, strict=True)
        ]
        self._say(f"slurm: {count} element{'s' * (count != 1)} submitted; what they print: {folder}")

    def look(self) -> bool:
        """Name the node that an element begins on, and the log of one that has failed."""
        for each in self._launched:
            if each.ended:
                continue
            each.ended = each.job.done()
            for node in each.begun_on():
                self._say(f"slurm: {each.name} runs on {node}")
            if each.ended and (failure := self._failure(each.job)):
                self._say(f"slurm: {each.name} {failure}; its log: {each.job.paths.stderr}")
        return not all(each.ended for each in self._launched)

    def close(self) -> None:
        """Cancel the array."""
        launched, self._launched = self._launched, []
        if self._cluster == "debug":  # an element has run here, if at all, and to ask for it would run it
            return
        left = [each for each in launched if not each.job.done()]
        for each in left:
            each.job.cancel(check=False)
        deadline = monotonic() + CANCEL_S
        while left and monotonic() < deadline:
            sleep(0.1)
            left = [each for each in left if not each.job.done()]
        if left:
            self._say(f"slurm: cancelled, but not ended yet: {', '.join(each.name for each in left)}")

    def _failure(self, job: Any) -> str:
        """Say how an element has failed; empty if it has not."""
        if self._cluster != "debug" and not job.paths.result_pickle.exists():
            return "is gone"
        try:
            code = job.result()
        except Exception as error:  # whatever it raised on its node
            return f"failed: {one_line(error, 200)}"
        return "" if code in FINE else f"ended with {code}"


@contextmanager
def _apart(log: Path) -> Iterator[None]:
    """Start local jobs that are cancelled without a word on standard error.

    Submitit cancels them with SIGINT, which what a script has put into the background would overlook.
    """
    error, before = os.dup(2), signal.getsignal(signal.SIGINT)
    overlooked = before is signal.SIG_IGN and current_thread() is main_thread()
    with log.open("w") as said:
        os.dup2(said.fileno(), 2)
    if overlooked:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        os.dup2(error, 2)
        os.close(error)
        if overlooked:
            signal.signal(signal.SIGINT, before)


def _read(name: str, text: str) -> Any:
    reader = {**COMMON, **OF_SLURM}[name]
    try:
        return reader(text)
    except ValueError as error:
        what = "a whole number" if reader is int else "a number"
        raise UsageError(f"executor slurm: {name}={text}: {what} is needed") from error
