"""Load: what kept a worker from its CPU cores while it was timed.

Other programs, a CPU quota of its control group, and heat. All of these are counters of the system, which are
read before and after a stretch of timed rounds, never within one.
"""

from __future__ import annotations

import math
import os
import re
import resource
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import Any, NamedTuple

import psutil

from nstbench.run.machine import cores_of_this_process

LEAST_S = 1.0
"""Seconds, summed over cores, that one stretch must last: Linux counts in steps of 10 ms on each core. Of
several the steps add up as errors do, by the root of their number."""

BUSY = ("user", "nice", "system", "irq", "softirq", "steal")
"""What a core does when it is not idle; `steal` is what other virtual machines had of it."""

MEMBERSHIP, GROUPS = Path("/proc/self/cgroup"), Path("/sys/fs/cgroup")
CORES = Path("/sys/devices/system/cpu")
THROTTLED = re.compile(r"^throttled_(usec|time) (\d+)$", re.MULTILINE)
UNITS = {"usec": 1e-6, "time": 1e-9}
"""Version 2 of control groups counts microseconds, version 1 nanoseconds."""


class Counters(NamedTuple):
    """What has been counted so far, in seconds summed over the cores that this process may use.

    Attributes:
        elapsed: on the clock.
        busy: what the cores have done for anybody.
        own: what this process and those that it has started have had of them.
        quota: how long its control groups have held it back; None where there is none, or no counter.
        heat: how long the processor has been slowed down; None where it does not tell.
    """

    elapsed: float
    busy: float
    own: float
    quota: float | None = None
    heat: float | None = None


@dataclass(slots=True)
class LoadMeter:
    """Adds up stretches of timed rounds; what happens between `stop` and `start` does not count."""

    read: Callable[[], Counters] = field(default_factory=lambda: read_counters)
    _before: Counters | None = None
    _stretches: list[tuple[Counters, Counters]] = field(default_factory=list)

    def start(self) -> None:
        """Begin a stretch: the next thing that happens is a round."""
        with suppress(OSError, psutil.Error):  # where the system does not tell, nothing is known
            self._before = self.read()

    def stop(self) -> None:
        """End the stretch, if there is one."""
        before, self._before = self._before, None
        with suppress(OSError, psutil.Error):
            if before:
                self._stretches.append((before, self.read()))

    def shares(self) -> dict[str, Any]:
        """Return what shares of the cores' time were lost, by the names that they have in a record.

        What is not known is left out: all of it if the stretches were too short, or the counters stood still.
        """
        elapsed, busy, own, quota, heat = map(self._grown, range(len(Counters._fields)))
        if not (elapsed and busy) or own is None:
            return {}
        if elapsed < LEAST_S * math.sqrt(len(self._stretches)):
            return {}
        lost = {"others_share": busy - own, "quota_share": quota, "heat_share": heat}
        return {name: min(1.0, max(0.0, each / elapsed)) for name, each in lost.items() if each is not None}

    def _grown(self, at: int) -> float | None:
        sides = [(before[at], after[at]) for before, after in self._stretches]
        known = [after - before for before, after in sides if before is not None and after is not None]
        return sum(known) if len(known) == len(sides) else None


def read_counters() -> Counters:
    """Read what the system has counted.

    Raises:
        OSError, psutil.Error: it cannot be read.
    """
    every = psutil.cpu_times(percpu=True)
    cores = [core for core in cores_of_this_process() if core < len(every)] or range(len(every))
    busy = sum(getattr(every[core], name, 0.0) for core in cores for name in BUSY)
    return Counters(perf_counter() * len(cores), busy, _own_s(), _quota_s(), _heat_s(cores))


def _own_s() -> float:
    """Add up this process, those that it has waited for, and those that still run."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    running = 0.0
    for child in psutil.Process().children(recursive=True) if _has_children() else ():
        with suppress(psutil.NoSuchProcess):
            running += sum(child.cpu_times()[:4])  # its own, and of those that it has waited for
    return running + sum(each.ru_utime + each.ru_stime for each in used)


def _has_children() -> bool:
    """Tell it at once: to find them, all processes of the machine are looked at."""
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    return True


def _quota_s() -> float | None:
    found = [match for group in _groups() for match in THROTTLED.finditer(_text(group / "cpu.stat"))]
    return sum(int(match[2]) * UNITS[match[1]] for match in found) if found else None


def _groups() -> Iterator[Path]:
    """Yield the folders of the control groups that this process is in, from its own upwards.

    A container sees its own as the topmost one, whatever it is called outside.
    """
    for line in _text(MEMBERSHIP).splitlines():
        _, controllers, name = line.split(":", 2)
        if not controllers or "cpu" in controllers.split(","):
            top = GROUPS / controllers
            own = top / name.lstrip("/")
            yield from (group for group in (own, *own.parents) if group.is_relative_to(top))


def _heat_s(cores: Sequence[int]) -> float | None:
    """Add up what Intel's processors count since Linux 5.6."""
    texts = [_text(CORES / f"cpu{core}/thermal_throttle/package_throttle_total_time_ms") for core in cores]
    return sum(map(int, texts)) / 1000 if all(texts) else None


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError:
        return ""
