"""One backend in one process: started once, then given job after job."""

from __future__ import annotations

import gc
import traceback
from collections.abc import Callable
from datetime import UTC, datetime

from nstbench.api import Array, AssetError, Device, Session
from nstbench.assets import load_weights, save_png
from nstbench.plan import Trial
from nstbench.record import RunRecord
from nstbench.run.clock import rounds, timed
from nstbench.run.job import Advanced, Entered, Environment, Event, Finished, Job, Recorded
from nstbench.run.logbook import Logbook, status_of
from nstbench.run.machine import cpu_name, environment, peak_rss_bytes, usable_cores
from nstbench.run.problem import build_problem
from nstbench.run.registry import plugin

Emit = Callable[[Event], None]

WARMUP_PASSES = 1


class Bench:
    """A backend in this process. What one job paid for (import, load) the next does not report again."""

    def __init__(self, backend: str) -> None:
        self.backend = plugin(backend).load()
        self._device: Device | None = None
        self._loaded: object = None
        self._environment_id: str | None = None

    def execute(self, job: Job, emit: Emit) -> None:
        """Run a job to its end. Whatever goes wrong becomes a record; only interrupts are raised."""
        log = Logbook(datetime.now(UTC).isoformat(timespec="seconds"))
        session: Session | None = None
        waiting = list(job.trials)
        try:
            session = self._ready(job, log, emit)
            emit(Entered("rounds"))
            while waiting:
                self._advance(session, job, waiting[0], log, emit)
                emit(Recorded(self._success(session, job, waiting[0], log).to_json()))
                del waiting[0]
        except Exception as error:
            traceback.print_exc()
            for trial in waiting:
                emit(Recorded(self._failure(error, job, trial, log).to_json()))
        finally:
            if session is not None:
                session.close()
            gc.collect()
        emit(Finished())

    def _ready(self, job: Job, log: Logbook, emit: Emit) -> Session:
        """Go through the phases before the loop."""
        trial = job.trials[0]
        if self._device is None:
            emit(Entered("import"))
            device = trial.settings.get("device", "auto")
            self._device, log.phases["import"] = timed(lambda: self.backend.start(device))
            self._environment_id, facts = environment()
            emit(Environment(self._environment_id, facts))
        if self._loaded != (wanted := (job.weights, trial.options)):
            emit(Entered("load"))
            network = self.backend.identify(trial.options)
            if network and network.sha256 != trial.weights_sha256:
                raise AssetError(
                    f"planned with {trial.weights}, but now it would be {network.name}; sweep again"
                )
            _, log.phases["load"] = timed(lambda: self._load(job))
            self._loaded = wanted
        problem = build_problem(trial, job.base)
        emit(Entered("prepare"))
        session, log.phases["prepare"] = timed(lambda: self.backend.prepare(problem))
        before = self.backend.compilations
        emit(Entered("compile"))
        _, log.phases["compile"] = timed(lambda: session.compile(job.chunk_size()))
        log.compile_count += self.backend.compilations - before
        return session

    def _load(self, job: Job) -> None:
        weights = load_weights(job.weights) if job.weights else None
        self.backend.load(weights, job.trials[0].options)

    def _advance(self, session: Session, job: Job, trial: Trial, log: Logbook, emit: Emit) -> None:
        """Iterate up to the trial's checkpoint; a single-pass backend makes its timing rounds instead."""
        before = self.backend.compilations
        goal = trial.settings.get("iterations", job.rounds + WARMUP_PASSES)
        for step in rounds(session, goal - log.iterations, job.chunk_size(), warmup=not log.rounds):
            log.add(step)
            pace = step.round.seconds / step.round.iterations
            emit(Advanced(log.iterations, goal, pace, log.last_loss))
        log.compile_count += self.backend.compilations - before

    def _success(self, session: Session, job: Job, trial: Trial, log: Logbook) -> RunRecord:
        folder = job.trial_folder(trial)
        count = trial.settings.get("iterations")
        picture = folder / "images" / (f"{count:06d}.png" if count else "picture.png")
        sha256 = save_png(_checked(session.image(), trial), picture)
        log.write_losses(folder / "losses.npz")
        return self._record(
            job, trial, log, status="ok", image=str(picture.relative_to(job.folder)), image_sha256=sha256
        )

    def _failure(self, error: Exception, job: Job, trial: Trial, log: Logbook) -> RunRecord:
        log.write_losses(job.trial_folder(trial) / "losses.npz")
        message = " ".join(str(error).split())[:1000]
        return self._record(
            job, trial, log, status=status_of(error), error_type=type(error).__name__, error_message=message
        )

    def _record(self, job: Job, trial: Trial, log: Logbook, **outcome: str) -> RunRecord:
        # Trials of one trajectory share its phases; the first to be recorded reports them.
        phases, compile_count = log.hand_over()
        return RunRecord(
            trial=trial,
            experiment=job.experiment,
            started_at=log.started_at,
            phases=phases,
            compile_count=compile_count,
            rounds=tuple(log.rounds),
            optimise_s=log.optimise_s(self.backend.capabilities.iterative),
            wall_s=log.wall_s,
            evaluations=log.evaluations(),
            final=log.final(),
            device=self._device.kind if self._device else None,
            device_name=(self._device.name or cpu_name()) if self._device else None,
            threads=usable_cores(),
            isolation=job.isolation,
            shared_trajectory=len(job.trials) > 1,
            peak_rss_bytes=peak_rss_bytes(),
            peak_device_bytes=self.backend.peak_device_bytes() if self._device else None,
            environment_id=self._environment_id,
            **outcome,
        )


def _checked(image: Array, trial: Trial) -> Array:
    if image.shape != (trial.height, trial.width, 3):
        found, wanted = tuple(image.shape), (trial.height, trial.width, 3)
        raise ValueError(f"the backend's image has shape {found}; the content image has {wanted}")
    return image
