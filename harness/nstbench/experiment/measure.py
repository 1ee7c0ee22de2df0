"""The measuring policy of an experiment."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from nstbench.experiment.values import MOST_COUNT, AutoOrCount, Reference, Strict


class Measure(Strict):
    """How trials are measured; no part of what a trial is."""

    rounds: int = Field(5, ge=2, le=1000, description="Timing rounds of a single-pass backend")
    chunk: AutoOrCount = Field("auto", description="Iterations for each call of the backend")
    snapshot_every: int | None = Field(
        None, ge=1, le=MOST_COUNT, description="Also keep the picture every so many iterations; null: never"
    )
    referee: Reference = Field(
        "auto",
        description="Weights of the referee that judges every picture, as for `weights`; none: no referee",
    )
    isolation: Literal["backend", "trial", "none"] = Field(
        "backend", description="A fresh process for each backend, for each trial, or none (for debugging)"
    )
    share_trajectories: bool = Field(
        True, description="Run trials that differ only in iterations as one, with checkpoints"
    )
    threads: AutoOrCount = Field("auto", description="Threads of a worker process")
    exclusive: bool = Field(
        False,
        description="Run every trial with no other beside it, and those again that were not",
    )
    interleave: bool = Field(
        False,
        description="Let the backends of a point take turns, call by call, so that all meet the same machine",
    )
    compile_cache: bool = Field(
        True,
        description="Keep compiled programs for later sweeps; those loaded have a column of their own",
    )
    timeout_s: float = Field(
        1800.0, gt=0, le=31_536_000, description="Longest time for one trial, in seconds; a year at most"
    )
