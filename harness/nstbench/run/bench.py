"""One backend in one process: started once, then given job after job."""

from __future__ import annotations

import gc
import platform
import traceback
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from nstbench.api import AssetError, Device, Problem, Session, plugin, with_place
from nstbench.assets import load_weights, programs_dir
from nstbench.plan import Trial, stages_of
from nstbench.record import RunRecord
from nstbench.run import answers
from nstbench.run.at_work import AtWork
from nstbench.run.clock import rounds, timed
from nstbench.run.code import code_of
from nstbench.run.energy import Counter, EnergyMeter, find_counter
from nstbench.run.job import Advanced, Entered, Environment, Event, Finished, Job, Recorded
from nstbench.run.logbook import Logbook, status_of
from nstbench.run.machine import cpu_name, environment, peak_rss_bytes, usable_cores
from nstbench.run.painting import Painting
from nstbench.run.plateau import Plateau
from nstbench.run.problem import build_problem
from nstbench.run.staging import at_stage

WARMUP_PASSES = 1


class Bench:
    """A backend in this process. What one job paid for (import, load) the next does not report again.

    Args:
        options: of the backend.
        origin: of its plugin; empty for the first of that name.
        counter_of: finds the energy counter of the device that the backend has taken.
    """

    def __init__(
        self,
        backend: str,
        options: Mapping[str, Any],
        origin: str = "",
        counter_of: Callable[[Device], Counter | None] = find_counter,
    ) -> None:
        found = plugin(backend, origin)
        self._code = code_of(found)
        self.backend = found.make(options)
        self._counter_of = counter_of
        self._counter: Counter | None = None
        self._device: Device | None = None
        self._loaded: object = None
        self._flop: float | None = None
        self._environment_id: str | None = None
        self._at_work: AtWork | None = None
        self._log: Logbook | None = None

    def execute(self, job: Job) -> Iterator[Event]:
        """Run a job to its end; every event comes while the clock stands still.

        Whatever goes wrong becomes a record; only interrupts are raised.
        """
        log = self._log = Logbook(datetime.now(UTC).isoformat(timespec="seconds"), job.trials[0].noticed)
        session: Session | None = None
        self._flop, self._at_work = None, AtWork()
        waiting = list(job.trials)
        try:
            yield from self._get_ready(job, log)
            whole = build_problem(job.trials[0], job.base, job.inputs)
            *earlier, last = stages_of(job.trials[-1])
            for stage in (*earlier, last):
                problem = at_stage(whole, job.trials[0], stage, session, job.weights)
                if session is not None:
                    session.close()
                    session = None  # should the next one not come to be, nothing is closed twice
                session = yield from self._prepared(problem, job, log)
                painting = Painting(session, problem, whole.content, job, log)
                yield Entered("rounds")
                if stage is not last:
                    yield from self._advance(painting, waiting[0], stage.iterations)
            before = sum(stage.iterations or 0 for stage in earlier)
            while waiting:
                goal = waiting[0].checkpoint and waiting[0].checkpoint - before
                yield from self._advance(painting, waiting[0], goal)
                yield painting.picture(waiting[0])
                yield self._recorded(job, waiting[0], log, self._asked(), **log.outcome())
                del waiting[0]
        except Exception as error:
            traceback.print_exc()
            cause = _raised(error)
            for trial in waiting:
                yield self._failure(cause, job, trial, log)
        finally:
            self._at_work.close()
            if session is not None:
                session.close()
            gc.collect()
        yield Finished()

    @contextmanager
    def resting(self) -> Iterator[None]:
        """Leave the machine to another turn for a while."""
        if self._at_work is None or self._log is None:
            yield
            return
        with self._log.resting(), self._at_work.resting():
            yield

    def _get_ready(self, job: Job, log: Logbook) -> Iterator[Event]:
        """Start the backend and load the weights, unless an earlier job has."""
        trial = job.trials[0]
        if self._device is None:
            yield Entered("import")
            if self.backend.capabilities.keeps_programs:
                self.backend.keep_programs(programs_dir(job.backend) if job.compile_cache else None)
            device = trial.settings.device
            found, log.phases["import"] = timed(lambda: self.backend.start(device, job.deterministic))
            gc.freeze()  # what frameworks made stays: to search it after each job takes up to 0.2 s
            started = answers.device(found)
            self._device, self._counter = started, self._counter_of(started)
            self._environment_id, facts = environment(self.backend.capabilities.variables)
            yield Environment(self._environment_id, facts)
        log.energy = EnergyMeter(self._counter)
        if self._loaded != (wanted := (job.weights,)):
            yield Entered("load")
            network = self.backend.identify()
            if network and network.sha256 != trial.weights_sha256:
                raise AssetError(
                    f"planned with {trial.weights}, but now it would be {network.name}; sweep again"
                )
            _, log.phases["load"] = timed(lambda: self._load(job))
            self._loaded = wanted

    def _prepared(self, problem: Problem, job: Job, log: Logbook) -> Generator[Event, None, Session]:
        """Go through the phases that every problem needs."""
        settings = job.trials[0].settings
        log.begin_stage(Plateau(settings.patience, settings.min_delta))
        yield Entered("prepare")
        session, seconds = timed(lambda: self.backend.prepare(problem))
        log.spend("prepare", seconds)
        before, found = self._compilations(), self._programs_found()
        yield Entered("compile")
        _, seconds = timed(lambda: session.compile(job.chunk_size()))
        log.spend("compile" if self._programs_found() == found else "compile_cached", seconds)
        log.compile_count += self._compilations() - before
        self._flop = answers.flop(session.flop())
        return session

    def _load(self, job: Job) -> None:
        weights = load_weights(job.weights) if job.weights else None
        self.backend.load(weights)

    def _advance(self, painting: Painting, trial: Trial, wanted: int | None) -> Iterator[Event]:
        """Go on until the stage has so many iterations; a single-pass backend makes its timing rounds."""
        job, log, before = painting.job, painting.log, self._compilations()
        passes = job.rounds + WARMUP_PASSES
        left = 0 if log.plateau.reached else (wanted or passes) - log.iterations_of_stage
        if not log.is_stage_new:
            log.begin_stretch()
        for taken in rounds(painting.session, left, job.chunk_size(), warmup=log.is_stage_new):
            step = replace(taken, trace=answers.trace(taken.trace, taken.round.iterations, log.traces))
            log.add(step)
            pace = step.round.seconds / step.round.iterations
            yield Advanced(log.iterations, trial.checkpoint or passes, pace, log.last_loss)
            if log.plateau.reached:
                break
            if trial.checkpoint and job.wants_snapshot(log.iterations):
                log.end_stretch()
                yield painting.picture(trial)
                log.begin_stretch()
            elif step.round.warmup and step.round.iterations < left:
                log.begin_stretch()
        log.end_stretch()
        log.compile_count += self._compilations() - before

    def _failure(self, error: Exception, job: Job, trial: Trial, log: Logbook) -> Recorded:
        package = type(self.backend).__module__.partition(".")[0]
        kind, message, asked = type(error).__name__, with_place(error, package), {}
        with suppress(Exception):  # what it cannot tell now it may just have failed to tell
            asked = self._asked()
        return self._recorded(
            job, trial, log, asked, status=status_of(error), error_type=kind, error_message=message
        )

    def _compilations(self) -> int:
        return answers.count("Backend.compilations", self.backend.compilations)

    def _programs_found(self) -> int:
        return answers.count("Backend.programs_found", self.backend.programs_found)

    def _asked(self) -> dict[str, Any]:
        if self._device is None:
            return {}
        peak = answers.bytes_or_none("Backend.peak_device_bytes", self.backend.peak_device_bytes())
        return {"peak_device_bytes": peak, "options_taken": answers.options(self.backend.taken)}

    def _recorded(
        self, job: Job, trial: Trial, log: Logbook, asked: Mapping[str, Any], **outcome: Any
    ) -> Recorded:
        losses = log.losses()
        # Trials of one trajectory share its phases; the first to be recorded reports them.
        phases, compile_count = log.hand_over()
        record = RunRecord(
            trial=trial,
            experiment=job.experiment,
            started_at=log.started_at,
            phases=phases,
            stage_phases=tuple(log.stages) if len(log.stages) > 1 else (),
            compile_count=compile_count,
            flop_per_iteration=self._flop,
            rounds=tuple(log.rounds),
            optimise_s=log.optimise_s(self.backend.capabilities.iterative),
            wall_s=log.wall_s,
            evaluations=log.evaluations(),
            final=log.final(),
            pictures=tuple(log.pictures),
            device=self._device.kind if self._device else None,
            device_name=(self._device.name or cpu_name()) if self._device else None,
            threads=usable_cores(),
            node=platform.node(),
            isolation=job.isolation,
            shared_trajectory=len(job.trials) > 1,
            exclusive=self._at_work.alone if self._at_work else None,
            peak_rss_bytes=peak_rss_bytes(),
            energy_j=log.energy.joules,
            environment_id=self._environment_id,
            backend_code=self._code,
            **log.load.shares(),
            **asked,
            **outcome,
        )
        return Recorded(record.to_json(), losses)


def _raised(error: Exception) -> Exception:
    """Return what the backend raised: Python lets no StopIteration out of a generator, but wraps it."""
    cause = error.__cause__
    return cause if isinstance(error, RuntimeError) and isinstance(cause, StopIteration) else error
