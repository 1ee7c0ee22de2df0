"""Measuring in pairs: both sides in fresh processes, in the order ABBA, so that drift falls on both alike.

Bulej et al., Duet benchmarking, ICPE 2020, for measuring both sides in one job; one after the other rather
than at the same time, as both would want every core.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nstbench.gate.measured import Measured, read_measured
from nstbench.gate.side import BASE, CANDIDATE, Side
from nstbench.plan import Experiment
from nstbench.plan.sources import named

Question = tuple[str, str]
"""(subject, metric)"""


class PairWatcher:
    """Somebody who is told how it goes; this one does not care."""

    def stage(self, name: str, runs: int) -> None:
        """A stage begins: rehearsal, screening, confirming; so many backends will be run on a side."""

    def ran(self, side: str, backends: int) -> None:
        """A side has run so many of them."""


@dataclass(slots=True)
class Pairs:
    """Two sides and what they have shown so far.

    Attributes:
        folder: results of every run go below it.
        threads: of what measures, where the experiment leaves it open; None: it stays open.
        seconds: question -> (base, candidate) of each pair.
        broken: side -> subject -> what went wrong with it, once.
        backends: subject -> the backend's label.
    """

    sides: Mapping[str, Side]
    experiment: Experiment
    folder: Path
    watch: PairWatcher
    threads: int | None = None
    seconds: dict[Question, list[tuple[float, float]]] = field(default_factory=dict)
    broken: dict[str, dict[str, str]] = field(default_factory=lambda: {BASE: {}, CANDIDATE: {}})
    backends: dict[str, str] = field(default_factory=dict)

    def rehearse(self) -> dict[str, Measured]:
        """Run both sides once, uncounted: file caches get warm, and what is broken shows.

        Raises:
            SideBroken: a side cannot run the experiment.
        """
        labels = [choice.label for choice in self.experiment.backends]
        self.watch.stage("rehearsal", 2 * len(labels))
        return {name: self._run(name, labels, "rehearsal") for name in (BASE, CANDIDATE)}

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
        for number in range(count):
            # Backend by backend: what is compared is measured one right after the other.
            for label, folder in folders.items():
                order = (BASE, CANDIDATE) if number % 2 == 0 else (CANDIDATE, BASE)
                run = f"{stage}-{number + 1:02d}/{folder}"
                runs = {name: self._run(name, [label], run) for name in order}
                for (subject, metric), found in fresh.items():
                    both = runs[BASE].seconds(subject, metric), runs[CANDIDATE].seconds(subject, metric)
                    if both[0] and both[1]:
                        found.append((both[0], both[1]))
        self.seconds |= fresh
        return {
            question: [math.log(candidate / base) for base, candidate in found]
            for question, found in fresh.items()
        }

    def _run(self, name: str, labels: Collection[str], run: str) -> Measured:
        folder = self.folder / run / name
        self.sides[name].sweep(self._for_the_clock(labels), self.experiment.base, folder)
        measured = read_measured(folder)
        for subject, record in measured.records.items():
            self.backends[subject] = record.trial.backend_label
            if record.status != "ok":
                self.broken[name].setdefault(subject, f"{record.status}: {record.error_message}")
        self.watch.ran(name, len(labels))
        return measured

    def _for_the_clock(self, labels: Collection[str]) -> dict[str, Any]:
        """Return the experiment without what costs time but is not timed."""
        made = self.experiment.without_gate(labels)
        measure = {**(made.get("measure") or {}), "referee": "none"}
        if self.threads and measure.get("threads", "auto") == "auto":
            measure["threads"] = self.threads
        if measure.get("isolation") == "none":
            del measure["isolation"]  # each run in fresh processes is what pairs are for
        return made | {"measure": measure}
