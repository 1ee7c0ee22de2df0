"""Measuring in pairs: both sides in fresh processes, so that what happens to the machine falls on both alike.

On CPUs at the same time, on cores of their own that they swap from pair to pair (Bulej et al., Duet
benchmarking, ICPE 2020); where a side needs the whole machine, one after the other, in the order ABBA.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nstbench.experiment import Experiment
from nstbench.experiment.sources import named
from nstbench.gate.measured import Measured, read_measured
from nstbench.gate.side import BASE, CANDIDATE, Side

COMPILING = {"compile_s", "prepare_s"}
"""Metrics that mean nothing where programs come from a cache; versions before it do not know the setting."""

Question = tuple[str, str]
"""(subject, metric)"""


class PairWatcher:
    """Somebody who is told how it goes; this one does not care."""

    def stage(self, name: str, runs: int) -> None:
        """A stage begins: rehearsal, screening, confirming; so many backends will be run on a side."""

    def ran(self, sides: Collection[str], backends: int) -> None:
        """Sides have run so many of them each."""


@dataclass(slots=True)
class Pairs:
    """Two sides and what they have shown so far.

    Attributes:
        folder: results of every run go below it.
        cores: that runs may be kept on, neighbours side by side; empty: they cannot be.
        seconds: question -> (base, candidate) of each pair of the latest stage.
        broken: side -> subject -> what went wrong with it, once.
        backends: subject -> the backend's label.
        taken: stage -> how many pairs of it were taken.
        shares: the cores of each side where both run at the same time; known after the rehearsal.
    """

    sides: Mapping[str, Side]
    experiment: Experiment
    folder: Path
    watch: PairWatcher
    cores: Sequence[int] = ()
    seconds: dict[Question, list[tuple[float, float]]] = field(default_factory=dict)
    broken: dict[str, dict[str, str]] = field(default_factory=lambda: {BASE: {}, CANDIDATE: {}})
    backends: dict[str, str] = field(default_factory=dict)
    taken: Counter[str] = field(default_factory=Counter)
    shares: tuple[Sequence[int], Sequence[int]] | None = None

    @property
    def arrangement(self) -> str:
        """How both versions shared the machine, in words."""
        if not self.shares:
            return "the versions ran one after the other"
        each = len(self.shares[0])
        return f"both versions ran at the same time, on {each} core{'s' if each > 1 else ''} each"

    def rehearse(self) -> dict[str, Measured]:
        """Run both sides once, uncounted: file caches get warm, and what is broken shows.

        Raises:
            SideBroken: a side cannot run the experiment.
        """
        labels = [choice.label for choice in self.experiment.backends]
        self.watch.stage("rehearsal", 2 * len(labels))
        made = self._for_the_clock(labels)
        found = {}
        for name, side in self.sides.items():
            side.sweep(made, self.experiment.base, folder := self.folder / "rehearsal" / name)
            found[name] = self._read(name, folder)
            self.watch.ran([name], len(labels))
        devices = {record.device for each in found.values() for record in each.records.values()}
        self.shares = self._shared_out() if devices <= {"cpu", None} else None
        return found

    def take(self, questions: Collection[Question], count: int, stage: str) -> dict[Question, list[float]]:
        """Measure `count` fresh pairs; return log(candidate / base) of each that both sides finished.

        Raises:
            SideBroken: a side did not come to an end.
        """
        asked = {self.backends[subject] for subject, _ in questions}
        numbered = enumerate((choice.label for choice in self.experiment.backends), 1)
        folders = {label: f"{position}-{named(label)}" for position, label in numbered if label in asked}
        self.watch.stage(stage, 2 * count * len(folders))
        fresh: dict[Question, list[tuple[float, float]]] = {question: [] for question in questions}
        for number in range(self.taken[stage] + 1, self.taken[stage] + count + 1):
            # Backend by backend: what is compared is measured at the same time, or one right after the other.
            for label, folder in folders.items():
                runs = self._pair(label, number, self.folder / f"{stage}-{number:02d}" / folder)
                for (subject, metric), found in fresh.items():
                    both = runs[BASE].seconds(subject, metric), runs[CANDIDATE].seconds(subject, metric)
                    if both[0] and both[1]:
                        found.append((both[0], both[1]))
        for question, found in fresh.items():
            self.seconds[question] = (self.seconds[question] if self.taken[stage] else []) + found
        self.taken[stage] += count
        return {
            question: [math.log(candidate / base) for base, candidate in found]
            for question, found in fresh.items()
        }

    def _pair(self, label: str, number: int, folder: Path) -> dict[str, Measured]:
        """Run one backend on both sides."""
        made, order = self._for_the_clock([label]), (BASE, CANDIDATE) if number % 2 else (CANDIDATE, BASE)
        if self.shares:
            self._at_once(made, folder, dict(zip(order, self.shares, strict=True)))
            self.watch.ran(order, 1)
            return {name: self._read(name, folder / name) for name in order}
        runs = {}
        for name in order:
            self.sides[name].sweep(self._threaded(made), self.experiment.base, folder / name)
            runs[name] = self._read(name, folder / name)
            self.watch.ran([name], 1)
        return runs

    def _at_once(self, made: Mapping[str, Any], folder: Path, shares: Mapping[str, Sequence[int]]) -> None:
        """Run both sides at the same time; where one breaks, the other is ended too."""
        with ThreadPoolExecutor(len(shares)) as pool:
            try:
                runs = [
                    pool.submit(self.sides[name].sweep, made, self.experiment.base, folder / name, cores)
                    for name, cores in shares.items()
                ]
                for run in runs:
                    run.result()
            except BaseException:
                for side in self.sides.values():
                    side.stop()
                raise

    def _read(self, name: str, folder: Path) -> Measured:
        measured = read_measured(folder)
        for subject, record in measured.records.items():
            self.backends[subject] = record.trial.backend_label
            if record.status != "ok":
                self.broken[name].setdefault(subject, f"{record.status}: {record.error_message}")
        return measured

    def _for_the_clock(self, labels: Collection[str]) -> dict[str, Any]:
        """Return the experiment without what costs time but is not timed."""
        made = self.experiment.without_gate(labels)
        measure = {**(made.get("measure") or {}), "referee": "none"}
        if measure.get("isolation") == "none":
            del measure["isolation"]  # each run in fresh processes is what pairs are for
        if COMPILING & self.experiment.gate.allowances(timed=True).keys():
            measure["compile_cache"] = False
        return made | {"measure": measure}

    def _shared_out(self) -> tuple[Sequence[int], Sequence[int]] | None:
        """Give each side cores from one end, and those between, if there are more than two, to the rest."""
        threads = self.experiment.measure.threads
        each = threads if isinstance(threads, int) else max(1, (len(self.cores) - 1) // 2)
        return (self.cores[:each], self.cores[-each:]) if 2 * each <= len(self.cores) else None

    def _threaded(self, made: dict[str, Any]) -> dict[str, Any]:
        """Leave one core to the rest of the machine, unless the experiment says how many threads."""
        if self.cores and made["measure"].get("threads", "auto") == "auto":
            made["measure"]["threads"] = max(1, len(self.cores) - 1)
        return made
