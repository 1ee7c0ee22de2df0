"""Where on a machine jobs may run: one job at a time in each slot."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from nstbench.api import UsageError
from nstbench.plan import Trial
from nstbench.run.machine import physical_cores, visible_gpus

Cores = tuple[int, ...] | None
"""Numbers of cores; None for all that a worker would use anyway."""

NO_GPU = ""
"""What `CUDA_VISIBLE_DEVICES` is where no GPU is to be seen."""


@dataclass(frozen=True, slots=True)
class Slot:
    """Room for one job.

    Attributes:
        name: for people.
        devices: which of `auto`, `cpu` and `gpu` a trial may ask for that runs here.
        alone: whether a job here runs beside no other one in its place.
        place: the machine that it is on; empty for this one.
        gpu: what `CUDA_VISIBLE_DEVICES` is for its worker; None to leave it alone.
        cores: of its worker; None for those of this process.
        backend: the label of the only backend that runs here, in turns with the other slots; None for any.
    """

    name: str = ""
    devices: tuple[str, ...] = ("auto", "cpu", "gpu")
    alone: bool = True
    place: str = ""
    gpu: str | None = None
    cores: Cores = None
    backend: str | None = None

    def takes(self, trial: Trial) -> bool:
        """Whether a trial may run here."""
        return trial.settings.device in self.devices and self.backend in (None, trial.backend_label)

    def disturbs(self, other: Slot) -> bool:
        """Whether a job that runs here is at work while one in another slot is."""
        return self.place == other.place and self.backend is None


@dataclass(frozen=True, slots=True)
class Parallel:
    """What a sweep may use at once.

    Attributes:
        executor: who runs the trials; `local` is this machine. Options follow a colon, as in
            `NAME:key=value,key=value`.
        devices: `gpu:0`, `gpu:1` ..., of those that this process sees, or `gpu` for all of these. A trial
            that asks for a GPU, or leaves the choice to its backend, runs on one of them.
        jobs: how many trials may run on the CPU at once, sharing out whole cores, or how many sweeps an
            executor launches.
    """

    devices: tuple[str, ...] = ()
    jobs: int = 1
    executor: str = "local"

    @property
    def asked_for(self) -> bool:
        """Whether trials may run beside one another."""
        return bool(self.devices) or self.jobs > 1 or self.executor != "local"

    @property
    def kind(self) -> str:
        """The name of the executor."""
        return self.executor.partition(":")[0]

    @property
    def options(self) -> Mapping[str, str]:
        """The options of the executor by name; a value may have commas.

        Raises:
            UsageError: one is no `key=value`.
        """
        text = self.executor.partition(":")[2]
        pairs = [each.partition("=") for each in re.split(r",(?=\w+=)", text)] if text else []
        for name, equals, value in pairs:
            if not (name and equals and value):
                raise UsageError(f"--executor {self.executor}: options are key=value,key=value")
        return {name: value for name, _, value in pairs}

    def slots(self, exclusive: bool) -> tuple[Slot, ...]:
        """Return the slots: by default one that takes every trial.

        Args:
            exclusive: whether no trial may run beside another; then one GPU is as good as many.

        Raises:
            UsageError: a device is not there, or there are fewer cores than jobs.
        """
        return self.divide(exclusive, _gpus(self.devices), _shares)

    def divide(
        self, exclusive: bool, gpus: Mapping[int, str | None], shares: Callable[[int], Sequence[Cores]]
    ) -> tuple[Slot, ...]:
        """Divide a machine into slots, this one or another.

        Args:
            gpus: number -> name of those that may be used, as `Slot.gpu` takes it.
            shares: shares out the cores for so many jobs.
        """
        if not self.devices and self.jobs == 1:
            return (Slot(),)
        for_cpu = ("cpu",) if self.devices else ("cpu", "auto")
        own = shares(1 if exclusive else self.jobs)
        cpu = [
            Slot(f"cpu:{at}", for_cpu, len(own) == 1, gpu=NO_GPU, cores=cores) for at, cores in enumerate(own)
        ]
        gpu = [Slot(f"gpu:{number}", ("gpu", "auto"), exclusive, gpu=name) for number, name in gpus.items()]
        return *gpu[: 1 if exclusive else None], *cpu


def free_slots(slots: Iterable[Slot], busy: Collection[Slot]) -> list[Slot]:
    """Return those that a job may begin in beside the ones that run."""
    return [slot for slot in slots if not any(_in_the_way(other, slot) for other in busy)]


def _in_the_way(other: Slot, slot: Slot) -> bool:
    return other == slot or (other.place == slot.place and (other.alone or slot.alone))


def refuse_without_slot(trials: Iterable[Trial], slots: Sequence[Slot]) -> None:
    """Find out whether every trial has somewhere to run.

    Raises:
        UsageError: one has not.
    """
    if any(not any(slot.takes(trial) for slot in slots) for trial in trials if not trial.refusal):
        raise UsageError("trials with device gpu have nowhere to run; --devices gpu uses the GPUs")


def _gpus(devices: Sequence[str]) -> dict[int, str]:
    """Return number -> name of the GPUs that are meant."""
    seen = visible_gpus() if devices else []
    return {number: seen[number] for device in devices for number in _numbers(device, len(seen))}


def _numbers(device: str, count: int) -> Sequence[int]:
    """Return which of the GPUs are meant."""
    found = re.fullmatch(r"gpu(?::(\d{1,4}))?", device)
    if not found:
        raise UsageError(f"--devices: found {device!r}; gpu or gpu:0,gpu:1 ... are allowed")
    if not count:
        raise UsageError(f"--devices {device}: this machine shows no GPU; `nstbench doctor` says what it has")
    if found[1] is None:
        return range(count)
    if int(found[1]) >= count:
        there = "the GPU here is gpu:0" if count == 1 else f"the GPUs here are gpu:0 to gpu:{count - 1}"
        raise UsageError(f"--devices {device}: {there}")
    return [int(found[1])]


def _shares(jobs: int) -> list[Cores]:
    """Share out the cores, threads of one core together; None where a worker may use them all."""
    pieces = physical_cores()
    if jobs == 1 or not pieces:
        return [None] * jobs
    if jobs > len(pieces):
        raise UsageError(f"--jobs {jobs}: there are {len(pieces)} cores here, and every job has its own")
    ends = [at * len(pieces) // jobs for at in range(jobs + 1)]
    shares = [pieces[start:end] for start, end in pairwise(ends)]
    return [tuple(core for piece in share for core in piece) for share in shares]
