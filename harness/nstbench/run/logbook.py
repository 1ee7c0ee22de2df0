"""What one trajectory has shown so far: phases, rounds and losses, ready to become records."""

from __future__ import annotations

import io
import math
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np

from nstbench.api import LossTrace
from nstbench.record.run_record import Picture, Round
from nstbench.run.clock import Step
from nstbench.run.energy import EnergyMeter
from nstbench.run.load import LoadMeter
from nstbench.run.plateau import Plateau
from nstbench.run.soundness import DivergedError, why_diverged, why_doubtful, why_not_finite


@dataclass(slots=True)
class Logbook:
    """Filled while a trajectory runs; a record is a snapshot of it.

    Attributes:
        noticed: the settings that decide what its trials come to.
        stages: the phases of each stage so far; a trial without stages has one.
        energy, load: of the stretches of rounds in steady state at the stage at hand.
        moved: whether a pixel of the newest picture differs from the starting image.
    """

    started_at: str
    noticed: Collection[str] = ()
    phases: dict[str, float] = field(default_factory=dict)
    rounds: list[Round] = field(default_factory=list)
    traces: list[LossTrace] = field(default_factory=list)
    pictures: list[Picture] = field(default_factory=list)
    stages: list[dict[str, float]] = field(default_factory=list)
    plateau: Plateau = field(default_factory=lambda: Plateau(0, 0.0))
    energy: EnergyMeter = field(default_factory=EnergyMeter)
    load: LoadMeter = field(default_factory=LoadMeter)
    compile_count: int = 0
    moved: bool = True
    _start: float = field(default_factory=perf_counter)
    _in_stretch: bool = False

    def add(self, step: Step) -> None:
        """Take in one round.

        Raises:
            DivergedError: a loss of the round is not finite.
        """
        self.rounds.append(replace(step.round, stage=self.stage))
        if step.trace is None:
            return
        self.traces.append(step.trace)
        if reason := why_not_finite(self.traces, self.noticed):
            raise DivergedError(reason)
        self.plateau.see(step.trace.total)

    @property
    def stage(self) -> int:
        """The number of the stage at hand, from 1."""
        return max(1, len(self.stages))

    @property
    def is_stage_new(self) -> bool:
        """Whether the stage has had no round yet: its first one is warm-up."""
        return not self.rounds or self.rounds[-1].stage != self.stage

    def begin_stage(self, plateau: Plateau) -> None:
        """Count what follows as the next stage."""
        self.stages.append({})
        self.plateau, self.energy, self.load = plateau, EnergyMeter(self.energy.counter), LoadMeter()

    def begin_stretch(self) -> None:
        """Take notice that rounds in steady state follow, one after the other."""
        self._in_stretch = True
        self.load.start()
        self.energy.start()

    def end_stretch(self) -> None:
        """Take notice that something else follows; outside a stretch this does nothing."""
        self.energy.stop()
        self.load.stop()
        self._in_stretch = False

    @contextmanager
    def resting(self) -> Iterator[None]:
        """Interrupt a stretch while others have the machine."""
        was_in_stretch = self._in_stretch
        self.end_stretch()
        yield
        if was_in_stretch:
            self.begin_stretch()

    def spend(self, phase: str, seconds: float) -> None:
        """Note what a phase of the stage at hand has taken."""
        self.stages[-1][phase] = seconds
        self.phases[phase] = self.phases.get(phase, 0.0) + seconds

    def outcome(self) -> dict[str, Any]:
        """Return the fields of a record that say how the optimisation went so far."""
        if not self.traces:
            return {"status": "ok"}
        first = next(at for at, each in enumerate(self.rounds) if each.stage == self.stage)
        start, end = float(self.traces[first].total[0]), float(self.traces[-1].total[-1])
        if reason := why_diverged(start, end, self.noticed):
            return {"status": "diverged", "error_type": DivergedError.__name__, "error_message": reason}
        doubt = why_doubtful(start, end, self.moved, self.iterations, self.noticed)
        return {"status": "ok", "caution": doubt}

    def hand_over(self) -> tuple[dict[str, float], int]:
        """Return phases and compilations since the last record, and start counting anew."""
        phases, count = self.phases, self.compile_count
        self.phases, self.compile_count = {}, 0
        return phases, count

    @property
    def iterations(self) -> int:
        """Iterations done."""
        return sum(one.iterations for one in self.rounds)

    @property
    def iterations_of_stage(self) -> int:
        """Iterations done at the stage at hand."""
        return sum(one.iterations for one in self.rounds if one.stage == self.stage)

    @property
    def elapsed_s(self) -> float:
        """Seconds inside `run` so far."""
        return sum(one.seconds for one in self.rounds)

    @property
    def wall_s(self) -> float:
        """Seconds since the trajectory began."""
        return perf_counter() - self._start

    @property
    def last_loss(self) -> float | None:
        """The newest total loss, if there is a finite one."""
        total = float(self.traces[-1].total[-1]) if self.traces else math.nan
        return total if math.isfinite(total) else None

    def final(self) -> dict[str, float]:
        """Return total, content and style loss of the last logged iteration."""
        if not self.traces:
            return {}
        last = self.traces[-1]
        return {name: float(getattr(last, name)[-1]) for name in ("total", "content", "style")}

    def evaluations(self) -> int | None:
        """Return how often loss and gradient were evaluated."""
        return sum(trace.evaluations for trace in self.traces) if self.traces else None

    def optimise_s(self, iterative: bool) -> float | None:
        """Return the seconds that the present picture took inside `run`."""
        seconds = [one.seconds for one in self.rounds]
        if not seconds:
            return None
        return self.elapsed_s if iterative else median(seconds[1:] or seconds)

    def losses(self) -> bytes | None:
        """Return an npz file, a row per iteration: losses, and seconds inside the loop, even within a round.

        None if no losses were logged.
        """
        if not self.traces:
            return None
        columns: dict[str, Any] = {
            name: np.concatenate([getattr(trace, name) for trace in self.traces])
            for name in ("total", "content", "style", "tv")
        }
        for layer in self.traces[0].style_layers:
            columns[f"style_{layer}"] = np.concatenate([trace.style_layers[layer] for trace in self.traces])
        each = np.concatenate([np.full(r.iterations, r.seconds / r.iterations) for r in self.rounds])
        buffer = io.BytesIO()
        columns["iteration"] = np.arange(1, self.iterations + 1)
        columns["stage"] = np.concatenate([np.full(r.iterations, r.stage) for r in self.rounds])
        np.savez_compressed(buffer, elapsed_s=np.cumsum(each), **columns)
        return buffer.getvalue()


def status_of(error: Exception) -> str:
    """Tell divergence and lack of memory from other failures; frameworks have no common class for it."""
    if isinstance(error, DivergedError):
        return "diverged"
    text = f"{type(error).__name__}: {error}".lower().replace("_", "")
    signs = ("memoryerror", "resourceexhausted", "out of memory")
    return "oom" if any(sign in text for sign in signs) else "failed"
