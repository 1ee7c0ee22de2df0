"""How long a sweep will take, with all that it waits for: from the paces that were seen before."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

from nstbench.experiment import Measure
from nstbench.plan.cost import added, nominal_rate
from nstbench.plan.trajectories import Plan, Trajectory
from nstbench.plan.trial import Trial, canonical_json


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast a backend was, or is taken to be.

    Attributes:
        start_s: to import and load, once a process.
        ready_s: to prepare and compile, once a trajectory.
        gflop_per_s: of iterations; None where it is not known.
        pass_s: a pass of a single-pass backend.
    """

    start_s: float = 5.0
    ready_s: float = 4.0
    gflop_per_s: float | None = None
    pass_s: float = 0.1


ASSUMED = Pace()
"""Of a backend that has not run here."""

JUDGING_S = 8e-6
"""What the referee takes for a pixel, where it has not judged yet: two Zen 4 cores."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """What pending trials will take, one after the other.

    Attributes:
        seconds: trial id -> what it adds, process start, compilation and referee included.
        assumed: the backends of which no pace is known.
        ready_s: trial id -> what of its seconds passes before it iterates; all of it in a single pass.
        backends: trial id -> label of its backend.
    """

    seconds: Mapping[str, float]
    assumed: frozenset[str]
    ready_s: Mapping[str, float] = field(default_factory=dict)
    backends: Mapping[str, str] = field(default_factory=dict)

    def __or__(self, other: Forecast) -> Forecast:
        """Return both; of a trial that both know, what the other says."""
        seconds, ready_s = {**self.seconds, **other.seconds}, {**self.ready_s, **other.ready_s}
        backends = {**self.backends, **other.backends}
        return Forecast(seconds, self.assumed | other.assumed, ready_s, backends)

    @property
    def total_s(self) -> float:
        """Seconds of all of them."""
        return sum(self.seconds.values())


def forecast(
    plan: Plan,
    pending: Collection[str],
    measure: Measure,
    pace_of: Callable[[Trial], Pace | None] = lambda _: None,
    judging_s: float = JUDGING_S,
) -> Forecast:
    """Predict what the pending trials of a plan take.

    Args:
        pace_of: what is known of a trial's backend at about its size.
        judging_s: seconds that the referee takes for a pixel; 0 where nothing is judged.
    """
    trajectories = plan.trajectories(measure.share_trajectories)
    gflop = added(trajectories, pending)
    seconds, ready_s = dict.fromkeys(pending, 0.0), dict[str, float]()
    assumed, started = set[str](), set[str]()
    for trajectory in trajectories:
        worker, is_ready = _worker(trajectory, measure), False
        for trial in trajectory.trials:
            if trial.refusal or trial.trial_id not in pending:
                continue
            if (known := pace_of(trial)) is None:
                assumed.add(trial.backend)
            pace = known or ASSUMED
            ready = 0.0 if is_ready else pace.ready_s + (0.0 if worker in started else pace.start_s)
            loop = _loop(trial, gflop[trial.trial_id], pace, measure)
            seconds[trial.trial_id] = ready + loop + judging_s * _pixels(trial, measure)
            ready_s[trial.trial_id] = ready + (loop if trial.checkpoint is None else 0.0)
            is_ready = True
            started.add(worker)
    backends = {trial.trial_id: trial.backend_label for trial in plan.trials if trial.trial_id in pending}
    return Forecast(seconds, frozenset(assumed), ready_s, backends)


def _worker(trajectory: Trajectory, measure: Measure) -> str:
    """Name the process that a trajectory may run in."""
    first = trajectory.trials[0]
    alone = first.trial_id if measure.isolation == "trial" else ""
    return canonical_json([first.backend, first.options, first.settings.deterministic, alone])


def _loop(trial: Trial, gflop: float | None, pace: Pace, measure: Measure) -> float:
    if trial.checkpoint is None:
        return pace.pass_s * (measure.rounds + 1)
    if gflop is None:  # a network that nothing is known of
        return pace.pass_s * trial.checkpoint
    return gflop / (pace.gflop_per_s or nominal_rate())


def _pixels(trial: Trial, measure: Measure) -> int:
    """Return how many pixels of a trial the referee looks at."""
    snapshots = (trial.checkpoint or 0) // measure.snapshot_every if measure.snapshot_every else 0
    return trial.height * trial.width * (1 + snapshots)
