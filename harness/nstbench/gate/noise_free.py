"""The noise-free gate: a sweep's figures against a baseline's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from nstbench.gate.baseline import Baseline
from nstbench.gate.measured import differing
from nstbench.gate.verdict import INCONCLUSIVE, PASS, REGRESSION, Finding, Verdict

OF_THE_MACHINE = ("peak_rss_bytes", "peak_device_bytes")
"""Metrics that another machine's baseline says nothing about."""
ABSOLUTE = ("referee_ssim",)
"""Metrics whose allowance is in their own units; they get worse downwards."""

Figures = Mapping[str, Any]


def check_noise_free(baseline: Baseline, current: Baseline, allowances: Mapping[str, float]) -> Verdict:
    """Judge every trial of either; what one of them lacks is inconclusive, never a pass.

    A trial that is refused, and is in no baseline, is nobody's loss.

    Args:
        allowances: metric -> how much worse it may get.
    """
    elsewhere = _other_machine(baseline.machine, current.machine)
    findings: list[Finding] = []
    for subject in dict.fromkeys([*current.trials, *baseline.trials]):
        before, now = baseline.trials.get(subject), current.trials.get(subject)
        if before is None and now and now["status"] == "refused":
            continue
        if before is None or now is None:
            reason = "not in the baseline" if before is None else "in the baseline, not in the experiment"
            findings.append(Finding(subject, "status", INCONCLUSIVE, reason=f"{reason}; {UPDATE}"))
        elif before["problem"] != now["problem"]:
            reason = f"solves another problem than the baseline: setting, picture or weights differ; {UPDATE}"
            findings.append(Finding(subject, "status", INCONCLUSIVE, reason=reason))
        else:
            findings += _trial(subject, before, now, allowances, elsewhere)
    return Verdict(
        f"{current.experiment}: against the baseline", tuple(findings), _remarks(baseline, current)
    )


UPDATE = "if that is meant, --update-baseline"


def _trial(
    subject: str, before: Figures, now: Figures, allowances: Mapping[str, float], elsewhere: str
) -> Iterator[Finding]:
    if now["status"] != "ok" or before["status"] != "ok":
        broke = before["status"] == "ok"
        reason = f"{now['status']}; {before['status']} in the baseline"
        yield Finding(subject, "status", REGRESSION if broke else PASS, reason=reason)
        return
    yield Finding(subject, "status", PASS)
    for metric, allowance in allowances.items():
        there = before.get(metric), now.get(metric)
        if there in ((None, None), ({}, {})):
            continue
        if metric in OF_THE_MACHINE and elsewhere:
            reason = f"the baseline is another machine's: {elsewhere}"
            yield Finding(subject, metric, INCONCLUSIVE, *there, allowance, reason)
        elif metric == "losses":
            yield _losses(subject, there[0] or {}, there[1] or {}, allowance)
        else:
            yield _figure(subject, metric, *there, allowance)


def _figure(subject: str, metric: str, before: float | None, now: float | None, allowance: float) -> Finding:
    if before is None or now is None:
        where = "the baseline" if before is None else "this run"
        reason = f"{where} has no figure; {UPDATE}"
        return Finding(subject, metric, INCONCLUSIVE, before, now, allowance, reason)
    worse = before - allowance > now if metric in ABSOLUTE else now > before * (1 + allowance)
    return Finding(subject, metric, REGRESSION if worse else PASS, before, now, allowance)


def _losses(subject: str, before: Figures, now: Figures, allowance: float) -> Finding:
    """Hold the losses at each fixed iteration against each other; the worst of them speaks for all."""
    if before.keys() != now.keys():
        reason = f"losses at iterations {', '.join(now)}; the baseline's at {', '.join(before)}; {UPDATE}"
        return Finding(subject, "losses", INCONCLUSIVE, allowance=allowance, reason=reason)
    off = {at: abs(now[at] - before[at]) / (abs(before[at]) or 1.0) for at in before}
    at = max(off, key=lambda iteration: off[iteration])
    outcome = REGRESSION if off[at] > allowance else PASS
    reason = f"at iteration {at}" if outcome == REGRESSION else ""
    return Finding(subject, "losses", outcome, before[at], now[at], allowance, reason)


def _other_machine(before: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    different = [name for name in before.keys() | now.keys() if before.get(name) != now.get(name)]
    return "; ".join(f"{name} {before.get(name)}, here {now.get(name)}" for name in sorted(different))


def _remarks(baseline: Baseline, current: Baseline) -> tuple[str, ...]:
    changed = [
        f"{name} {baseline.packages[name]} to {current.packages[name]}"
        for name in sorted(baseline.packages.keys() & current.packages.keys())
        if baseline.packages[name] != current.packages[name]
    ]
    variables = list(differing(baseline.variables, current.variables))
    said = {"packages": changed, "environment variables": variables}
    return tuple(
        f"{what} differ from the baseline's: {', '.join(each)}" for what, each in said.items() if each
    )
