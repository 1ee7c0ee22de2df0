"""What the regression gate holds an experiment to."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from pydantic import Field

from nstbench.experiment.values import Strict

Allowance: TypeAlias = Annotated[float | None, Field(ge=0)]

TIMED = ("step_min_s", "compile_s", "prepare_s", "load_s", "import_s")
"""Metrics that only pairs of processes can judge; the others do not depend on how busy a machine is."""


class Gate(Strict):
    """How much worse each metric may get, as a share, and how sure to be; null: not judged.

    Metrics have the names of the columns of `runs`; `step_min_s` is the quickest steady round's.
    """

    step_min_s: Allowance = Field(
        0.05, description="Slow-down of an iteration or pass, in the quickest round"
    )
    compile_s: Allowance = Field(None, description="Slow-down of compilation")
    prepare_s: Allowance = Field(None, description="Slow-down of computing the targets")
    load_s: Allowance = Field(None, description="Slow-down of loading the weights")
    import_s: Allowance = Field(None, description="Slow-down of importing the framework")
    losses: Allowance = Field(0.01, description="Change of the total loss at fixed iterations, up or down")
    referee_total: Allowance = Field(0.02, description="Growth of the referee's loss")
    referee_ssim: Allowance = Field(0.02, description="Loss of similarity to the content image, in SSIM")
    compile_count: Allowance = Field(0.0, description="Growth of the number of compilations")
    counted_gflop: Allowance = Field(0.01, description="Growth of an iteration's arithmetic")
    peak_rss_bytes: Allowance = Field(0.2, description="Growth of host memory on the same machine")
    peak_device_bytes: Allowance = Field(0.1, description="Growth of device memory on the same machine")
    screening_pairs: int = Field(5, ge=2, le=1000, description="Pairs of processes that most changes pass")
    pairs: int = Field(15, ge=2, le=1000, description="Fresh pairs for what the screening finds slower")
    confidence: float = Field(
        0.95, gt=0.5, lt=1, description="With which to call a change slower, all metrics together"
    )

    def allowances(self, timed: bool) -> dict[str, float]:
        """Return metric -> allowance of those that are judged, timed or not timed."""
        policy = ("screening_pairs", "pairs", "confidence")
        values = {name: value for name, value in self if name not in policy and value is not None}
        return {name: value for name, value in values.items() if (name in TIMED) == timed}
