"""The sweep: plan, leave out what is done, run the rest, keep every result as it comes."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from time import monotonic

from nstbench.api import BackendUnavailable, NotKept, ResultsError, UsageError
from nstbench.assets import why_no_cache
from nstbench.experiment import Experiment
from nstbench.plan import Plan, Trajectory, Trial
from nstbench.plan.forecast import Forecast
from nstbench.plan.planner import plan_trials
from nstbench.record import Results, Store
from nstbench.record.checkout import checkout_of
from nstbench.record.ownership import is_results_folder, refuse_other_experiment
from nstbench.run.executor import Executor
from nstbench.run.inputs import keep_inputs
from nstbench.run.installed import installed, urgent_advice
from nstbench.run.job import MEASURED, Job
from nstbench.run.judging import Judging, find_judging
from nstbench.run.keeper import Keeper
from nstbench.run.launch import Launch, sweep_command
from nstbench.run.launcher import Launcher
from nstbench.run.limits import Limits, Stopped
from nstbench.run.look_up import AssetLookUp, facts
from nstbench.run.opening import open_executor, refuse_impossible
from nstbench.run.outcome import Outcome, counted, write_tables
from nstbench.run.paces import foretold
from nstbench.run.progress import ProgressWriter
from nstbench.run.queue import Queue
from nstbench.run.search import Searching
from nstbench.run.slots import Parallel
from nstbench.run.standing import Redo, Standing
from nstbench.run.turns import by_point
from nstbench.run.undone import not_applied
from nstbench.run.wall_clock import WallClock
from nstbench.run.watcher import Together, Watcher
from nstbench.run.work import Work

__all__ = ["Limits", "Outcome", "Parallel", "Redo", "Sweep", "Watcher", "prepare_sweep"]


@dataclass(slots=True)
class Sweep:
    """A planned experiment and the folder for its results.

    Attributes:
        join: whether the folder may hold the results of another experiment.
        searching: the search that makes the plan longer; None if there is none.
        clock: runs since it began to be planned.
    """

    experiment: Experiment
    plan: Plan
    store: Store
    redo: Redo
    watch: Watcher
    look_up: AssetLookUp = field(repr=False)
    judging: Judging | None = field(repr=False)
    join: bool = False
    searching: Searching | None = None
    clock: WallClock = field(default_factory=WallClock)

    def standing(self) -> Standing | None:
        """Say how far the folder has come with the plan; None if nothing was run in it.

        Raises:
            ResultsError: the plan that the folder has cannot be read.
        """
        if not is_results_folder(self.store.path):
            return None
        return Standing.of(self.plan.trials, Results([self.store.path]))

    def forecast(self, pending: Collection[str]) -> Forecast:
        """Say how long trials of the plan with these ids will take, one after the other."""
        return foretold(self.plan, pending, self.experiment.measure, self.judging is not None)

    def not_applied(self, standing: Standing) -> list[str]:
        """Say what is asked for now and is not done, as the trials that are finished stay as they are."""
        referee = self.judging.source.sha256 if self.judging else None
        return not_applied(standing.staying(self.redo), self.experiment.measure, referee)

    def refuse(self, parallel: Parallel) -> None:
        """Refuse an executor or devices that `run` would refuse, and start nothing.

        Raises:
            UsageError: as `run`.
        """
        command = partial(sweep_command, self.experiment, self.store, Limits())
        refuse_impossible(parallel, self.experiment.measure, self.plan.trials, command)

    def run(self, limits: Limits | None = None, parallel: Parallel | None = None) -> Outcome:
        """Run what is missing. Finished trials stay, and the tables are written, even when interrupted.

        Args:
            limits: when to give up; default when all is done.
            parallel: what of this machine to use at once; default one trial at a time.

        Raises:
            UsageError: a device is not there, a trial has nowhere to run, or nothing can be launched; nothing
                was run.
            ResultsError: the folder cannot be written; nothing was run.
            NotKept: what a trial came to cannot be written.
        """
        measure, say = self.experiment.measure, self.watch.says
        trials = self.searching.get_ready() if self.searching else self.plan.trials
        command = partial(sweep_command, self.experiment, self.store, Limits())
        executor = open_executor(parallel or Parallel(), measure, trials, say, command)
        with closing(executor), closing(ProgressWriter(self.store.path)) as writer:
            self.watch = Together(self.watch, writer)
            return self._run(executor, limits or Limits())

    def _run(self, executor: Executor | Launcher, limits: Limits) -> Outcome:
        self.store.begin(self.experiment, self.plan, self.join)
        results = Results([self.store.path])
        standing = Standing.of(self.plan.trials, results)
        unapplied = tuple(self.not_applied(standing))
        keep_inputs(self.plan.trials, self.experiment.base, self.store)
        staying = {*standing.staying(self.redo)["trial_id"]}
        self._tell_watcher({trial.trial_id for trial in self.plan.trials} - staying)
        keeper, stopped = self._keeper(), ""
        todo = [t for t in self.plan.trials if t.trial_id not in staying or self._is_unjudged(t, standing)]
        self.clock.planned()
        try:
            if todo or self.searching:
                self._work(keeper, todo, limits, executor).do_all()
            if limits.fail_fast and keeper.failed:
                stopped = "as a trial has failed"
        except Stopped as end:
            stopped = f"as {end}"
        except ResultsError as error:
            raise NotKept(f"{error}. Finished trials are kept; the same command goes on") from error
        finally:
            kept = None if todo or self.searching else results
            written = write_tables(self.store, kept, self.watch.says, self.clock)
        if written is None:
            raise NotKept(f"{self.store.path}: its plan is gone, and perhaps more; sweep once more")
        return self._outcome(written, keeper.recorded, unapplied, stopped)

    def _tell_watcher(self, pending: Collection[str]) -> None:
        self.watch.foretold(self.forecast(pending))
        if self.searching:
            self.watch.searching(self.plan, pending, len(self.plan.trials) + self.searching.left)
        else:
            self.watch.planned(self.plan, pending)

    def _is_unjudged(self, trial: Trial, standing: Standing) -> bool:
        return self.judging is not None and not standing.is_judged(trial, self.judging.source.sha256)

    def _keeper(self) -> Keeper:
        name, measure, checkout = self.plan.experiment, self.experiment.measure, checkout_of(Path.cwd())
        return Keeper(self.store, name, measure, checkout, self.judging, self.watch, self.clock)

    def _work(
        self, keeper: Keeper, trials: Sequence[Trial], limits: Limits, executor: Executor | Launcher
    ) -> Work | Launch:
        share = self.experiment.measure.share_trajectories
        trajectories = replace(self.plan, trials=tuple(trials)).trajectories(share)
        until = monotonic() + (math.inf if limits.time_s is None else limits.time_s)
        if isinstance(executor, Launcher):
            command, pending = sweep_command(self.experiment, self.store, limits), self._pending(trials)
            return Launch(executor, keeper, command, trials, pending, len(trajectories), limits, until)
        more: Callable[[], Iterable[Trajectory]] = partial(self._more, len(executor.slots))
        if self.experiment.measure.interleave:
            more, trajectories = partial(next, by_point(trajectories), ()), ()
        waiting = Queue(trajectories, in_order=len(executor.slots) == 1)
        return Work(waiting, executor, keeper, self._pending, self._job, limits, until, more)

    def _more(self, count: int) -> tuple[Trajectory, ...]:
        """Plan what a search asks for next, as if it had been planned from the beginning."""
        trials = self.searching.more(count) if self.searching else ()
        if not (trials and self.searching):
            return ()
        self.plan = replace(self.plan, trials=self.searching.trials)
        self.store.begin(self.experiment, self.plan, self.join)
        keep_inputs(trials, self.experiment.base, self.store)
        self._tell_watcher({trial.trial_id for trial in self._pending(trials)})
        return replace(self.plan, trials=trials).trajectories(self.experiment.measure.share_trajectories)

    def _pending(self, trials: Iterable[Trial]) -> list[Trial]:
        """Return the trials still to do, as it is by now."""
        found = [(trial, self.store.record(trial.trial_id)) for trial in trials]
        wants = self.redo.wants
        return [t for t, done in found if not done or wants(done.status, done.exclusive, done.disturbed)]

    def _outcome(
        self, results: Results, recorded: Collection[str], unapplied: tuple[str, ...], stopped: str
    ) -> Outcome:
        runs = Standing.of(self.plan.trials, results).runs
        left = self.searching.left if stopped and self.searching else 0
        counts = counted(runs["status"], len(self.plan.trials), left)
        no_device = bool((runs["error_type"] == BackendUnavailable.__name__).any())
        refused = {trial.trial_id for trial in self.plan.trials if trial.refusal}
        best = self.searching.best if self.searching else ()
        return Outcome(results, counts, len(set(recorded) - refused), no_device, unapplied, stopped, best)

    def _job(self, trials: tuple[Trial, ...]) -> Job:
        measure = self.experiment.measure
        return Job(
            experiment=self.plan.experiment,
            trials=trials,
            origin=installed(trials[0].backend).plugin.origin,
            log=self.store.log_path(trials[0].trial_id).absolute(),  # whatever folder a backend goes into
            base=self.experiment.base.absolute(),
            inputs=(self.store.path / "inputs").absolute(),
            threads=measure.threads if isinstance(measure.threads, int) else None,
            **{name: getattr(measure, name) for name in MEASURED},
            weights=self.look_up.source(trials[0].weights_sha256),
            referee=self.judging.source if self.judging else None,
        )


def prepare_sweep(
    experiment: Experiment,
    folder: Path,
    redo: Redo | None = None,
    watch: Watcher | None = None,
    join: bool = False,
) -> Sweep:
    """Plan an experiment: every mistake shows here, before anything runs or is written.

    Raises:
        UsageError: the folder holds something else, or another experiment (unless `join`).
        ExperimentError, AssetError: something in it cannot be done.
        BackendUnavailable: a backend it names cannot run here.
    """
    refuse_other_experiment(folder, experiment, join)
    watch, clock = watch or Watcher(), WallClock()
    if why := why_no_cache():
        watch.says(f"nothing is kept for later, as there is no cache: {why}")
    look_up = AssetLookUp(watch.says)
    plan = plan_trials(experiment, facts, look_up)
    judging = find_judging(experiment, look_up, watch.says)
    store, searching = Store(folder), None
    if experiment.search:
        if judging is None:
            raise UsageError("a search needs the referee, and there are no weights for it")
        searching = Searching.begin(experiment, plan.trials, store, look_up, watch)
        plan = replace(plan, trials=searching.trials)
    for line in urgent_advice(choice.name for choice in experiment.backends):
        watch.says(line)
    redo = replace(redo or Redo(), crowded=experiment.measure.exclusive)
    return Sweep(experiment, plan, store, redo, watch, look_up, judging, join, searching, clock)
