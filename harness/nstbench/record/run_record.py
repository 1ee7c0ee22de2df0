"""RunRecord: everything known about one executed trial, as plain JSON values."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from statistics import median
from typing import Any

from nstbench.plan import Trial

PHASES = ("import", "load", "prepare", "compile", "compile_cached")
STATUSES = ("ok", "failed", "timeout", "oom", "diverged", "refused", "interrupted", "damaged")

FEWEST_IN_HALF = 3
"""Rounds that either half must have for their medians to say whether the pace has changed."""
MOST_LOST = {"cpu": 0.1, "gpu": 0.5}
"""Device -> the share of its cores that a worker may lose before its seconds are in doubt. What computes on a
GPU needs one core."""


@dataclass(frozen=True, slots=True)
class Round:
    """One call of `Session.run`: iterations, how long, whether not yet in steady state, in which stage."""

    iterations: int
    seconds: float
    warmup: bool
    stage: int = 1


@dataclass(frozen=True, slots=True)
class Picture:
    """One saved picture.

    Attributes:
        iteration: updates it has had; None for a single-pass backend.
        path: relative to the results folder.
        sha256: of the PNG file.
        elapsed_s: seconds inside `run` until then; one pass for a single-pass backend.
        referee: the referee's figures by name (see `nstbench.referee.Judgement`); None while not judged.
        stage: in which it was taken; at an earlier one it was smaller, and has been stretched.
    """

    iteration: int | None
    path: str
    sha256: str
    elapsed_s: float | None = None
    referee: Mapping[str, float | None] | None = None
    stage: int = 1


@dataclass(frozen=True, slots=True)
class RunRecord:
    """One executed (or refused) trial.

    Attributes:
        options_taken: the backend's options with what `auto` came to there; empty if it did not start.
        caution: what is strange about a picture that is none the less a result.
        phases: seconds by phase: import, load, prepare, compile; compile_cached instead of compile if a
            program came from the compile cache. A phase that another trial of the same worker already paid
            for is absent. Of several stages, the sum.
        stage_phases: of several stages, the phases of each.
        rounds: the calls that led to this trial's picture, in order.
        optimise_s: seconds inside `run` until this trial's picture; one pass for a single-pass backend.
        flop_per_iteration: floating-point operations as the framework's compiler counts them, see
            `nstbench.api.Session.flop`; None where it does not tell.
        energy_j: what the whole GPU took during the rounds in steady state, joules; None where nothing counts
            it, or for less than a second.
        wall_s: seconds from the start of the trial (of its trajectory, if shared) to its record.
        node: name of the machine.
        shared_trajectory: whether longer or shorter trials continued the same optimisation.
        exclusive: whether nothing else of nstbench ran on the machine meanwhile, see `nstbench.run.at_work`.
        others_share: what share of the worker's cores other programs had during the rounds in steady state;
            None where it is not known, or for less than a second of cores.
        quota_share, heat_share: what share of their time a CPU quota withheld, or heat slowed down, then.
        final: total, content, style of the last logged iteration.
        pictures: snapshots, then the pastiche; those of the trials before it in its trajectory come along.
        reference: the referee's figures of the two trivial answers: the content image itself and the style
            image itself.
        referee_weights, referee_weights_sha256: which VGG-19 parameters the referee used.
        referee_ruler: which version of its figures; None before there were versions, which is 1.
        backend_code: twelve digits for the source files of the backend that ran, see `nstbench.run.code`.
        commit: what the repository of the working directory had checked out when the sweep began; None
            without one.
        changed: its tracked files that differed from that commit, the first few of them.
        measure: the section `measure` of the experiment, complete, as it was then.
        planned: whether the present plan of its folder has the trial; not kept in the record.
        verified: whether `nstbench verify` had passed here for this backend with these options, device and
            precision; None for a backend without VGG-19, which has nothing to verify.
    """

    trial: Trial
    experiment: str
    status: str
    started_at: str | None = None
    error_type: str | None = None
    error_message: str | None = None
    caution: str | None = None
    phases: Mapping[str, float] = field(default_factory=dict)
    stage_phases: tuple[Mapping[str, float], ...] = ()
    rounds: tuple[Round, ...] = ()
    compile_count: int | None = None
    flop_per_iteration: float | None = None
    optimise_s: float | None = None
    wall_s: float | None = None
    evaluations: int | None = None
    final: Mapping[str, float] = field(default_factory=dict)
    device: str | None = None
    device_name: str | None = None
    threads: int | None = None
    node: str | None = None
    isolation: str | None = None
    shared_trajectory: bool | None = None
    exclusive: bool | None = None
    others_share: float | None = None
    quota_share: float | None = None
    heat_share: float | None = None
    peak_rss_bytes: int | None = None
    peak_device_bytes: int | None = None
    energy_j: float | None = None
    pictures: tuple[Picture, ...] = ()
    reference: Mapping[str, float | None] = field(default_factory=dict)
    referee_weights: str | None = None
    referee_weights_sha256: str | None = None
    referee_ruler: int | None = None
    verified: bool | None = None
    environment_id: str | None = None
    options_taken: Mapping[str, Any] = field(default_factory=dict)
    backend_code: str | None = None
    commit: str | None = None
    changed: tuple[str, ...] = ()
    measure: Mapping[str, Any] = field(default_factory=dict)
    planned: bool = True

    @property
    def dirty(self) -> bool | None:
        """Whether the code was not that of `commit` alone; None if there is no commit."""
        return bool(self.changed) if self.commit else None

    @property
    def pastiche(self) -> Picture | None:
        """The picture it was run for."""
        return self.pictures[-1] if self.status == "ok" and self.pictures else None

    @property
    def image(self) -> str | None:
        """Path of the pastiche, relative to the results folder."""
        return self.pastiche.path if self.pastiche else None

    @property
    def iterations_done(self) -> int | None:
        """Iterations it took; fewer than asked for if it stopped early. None for a single-pass backend."""
        if self.trial.checkpoint is None or not self.rounds:
            return None
        return sum(each.iterations for each in self.rounds)

    @property
    def step_seconds(self) -> tuple[float, ...]:
        """Seconds per iteration of every round in steady state, at the last stage."""
        last = self.rounds[-1].stage if self.rounds else 1
        return tuple(r.seconds / r.iterations for r in self.rounds if not r.warmup and r.stage == last)

    @property
    def step_median_s(self) -> float | None:
        """Median seconds per iteration in steady state: the headline."""
        return median(self.step_seconds) if self.step_seconds else None

    @property
    def step_mad_s(self) -> float | None:
        """Median absolute deviation from that median; None with fewer than two rounds."""
        if len(self.step_seconds) < 2:
            return None
        middle = median(self.step_seconds)
        return median(abs(seconds - middle) for seconds in self.step_seconds)

    @property
    def step_drift(self) -> float | None:
        """How much longer the second half of these rounds took than the first, as a share; None with few."""
        half = len(self.step_seconds) // 2
        if half < FEWEST_IN_HALF:
            return None
        return median(self.step_seconds[-half:]) / median(self.step_seconds[:half]) - 1

    @property
    def disturbed(self) -> bool | None:
        """Whether it lost so much of its cores that its seconds are in doubt; None where nothing is known."""
        shares = (self.others_share, self.quota_share, self.heat_share)
        known = [share for share in shares if share is not None]
        return max(known) > MOST_LOST.get(self.device or "cpu", MOST_LOST["gpu"]) if known else None

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values; a loss that is not finite becomes null, the status says why."""
        values = {
            name: getattr(self, name)
            for name in self.__slots__
            if name not in ("trial", "rounds", "pictures", "planned")
        }
        values["final"] = {key: v if math.isfinite(v) else None for key, v in self.final.items()}
        values["phases"] = dict(self.phases)
        values["stage_phases"] = [dict(phases) for phases in self.stage_phases]
        values["pictures"] = [asdict(picture) for picture in self.pictures]
        return {"trial": self.trial.to_json(), **values, "rounds": [asdict(r) for r in self.rounds]}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> RunRecord:
        """Read what `to_json` wrote, here or in another version: what is unknown is left out."""
        values = _known(cls, data)
        values["trial"] = Trial.from_json(values["trial"])
        values["rounds"] = tuple(Round(**_known(Round, each)) for each in values.get("rounds", ()))
        values["pictures"] = tuple(Picture(**_known(Picture, each)) for each in values.get("pictures", ()))
        values["stage_phases"] = tuple(values.get("stage_phases", ()))
        values["changed"] = tuple(values.get("changed", ()))
        values["final"] = {k: math.nan if v is None else v for k, v in values.get("final", {}).items()}
        return cls(**values)


def _known(kind: type[RunRecord] | type[Round] | type[Picture], data: Mapping[str, Any]) -> dict[str, Any]:
    return {each.name: data[each.name] for each in fields(kind) if each.name in data}
