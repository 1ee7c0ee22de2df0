"""The parity ladder: a backend against the float64 referee, from one convolution to ten iterations.

Each rung rests on those below it, so the first that fails tells where to look.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from nstbench.api import Backend, VggWeights, one_line
from nstbench.parity.case import Case, refusal
from nstbench.parity.rungs import RUNGS, Gap, Rung
from nstbench.parity.scenarios import Scenario, needed


@dataclass(frozen=True, slots=True)
class RungResult:
    """What came of one rung.

    Attributes:
        status: `ok`; `failed`; `not offered`, where the backend does not show what is compared; `refused`,
            where it takes on no scenario that has it.
        error: the largest over all scenarios; None without a number.
        limit: the largest that passes.
        detail: where the error is largest, or why there is none.
    """

    name: str
    status: str
    error: float | None
    limit: float
    detail: str


def climb(
    name: str, backend: Backend, weights: VggWeights, scenarios: Sequence[Scenario]
) -> Iterator[RungResult]:
    """Take a backend up the ladder, and go on where it fails; yields each rung's result as it comes.

    Args:
        name: for what is said of refusals.
        backend: started, and loaded with `weights`.
        scenarios: at least one, all of one precision.
    """
    cases = [Case(backend, needed(weights, scenario.problem), scenario) for scenario in scenarios]
    refusals = {case.scenario.name: refusal(name, backend, case.problem) for case in cases}
    precision = scenarios[0].problem.precision
    for rung in RUNGS:
        fit = [case for case in cases if rung.applies(case.scenario)]
        if not fit:
            continue
        taken = [case for case in fit if refusals[case.scenario.name] is None]
        if taken:
            result = _result(rung, rung.limits[precision], taken)
            if not (rung.optional and result.status == "not offered"):
                yield result
        else:
            reason = refusals[fit[0].scenario.name] or ""
            yield RungResult(rung.name, "refused", None, rung.limits[precision], reason)


def passed(results: Sequence[RungResult]) -> bool:
    """Whether a backend is verified: something passed, nothing failed, nothing was kept from view."""
    statuses = {result.status for result in results}
    return "ok" in statuses and statuses <= {"ok", "refused"}


def _result(rung: Rung, limit: float, cases: Sequence[Case]) -> RungResult:
    gaps = [gap for case in cases for gap in _gaps(rung, case)]
    if not gaps:
        return RungResult(rung.name, "not offered", None, limit, "the backend does not show it")
    # NaN compares as neither: what cannot be compared is the worst.
    worst = max(gaps, key=lambda gap: math.inf if math.isnan(gap.error) else gap.error)
    error = worst.error if math.isfinite(worst.error) else None
    fine = error is not None and error <= limit
    return RungResult(rung.name, "ok" if fine else "failed", error, limit, worst.where)


def _gaps(rung: Rung, case: Case) -> list[Gap]:
    """Measure one case; a backend that breaks on it is as far off as can be."""
    scenario = case.scenario.name
    try:
        return [Gap(gap.error, f"{gap.where}; {scenario}") for gap in rung.measure(case)]
    except Exception as error:
        return [Gap(math.nan, f"{one_line(error)}; {scenario}")]
