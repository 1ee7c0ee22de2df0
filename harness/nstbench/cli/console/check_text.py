"""Verdicts of the gate as text, for the terminal and for Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from nstbench.cli.console.console import size
from nstbench.cli.console.small_table import Small, escaped
from nstbench.gate.noise_free import ABSOLUTE
from nstbench.gate.verdict import FAILED, INCONCLUSIVE, PASS, REGRESSION, Finding, Verdict, worst
from nstbench.record.words import number, seconds

COLUMNS = ("trial", "metric", ">base", ">candidate", ">change", ">allowed", ">would find", "outcome")
COLOURS = {REGRESSION: "red", FAILED: "red", INCONCLUSIVE: "yellow", PASS: "green"}
HEADLINES = {
    REGRESSION: "Regression",
    FAILED: "The candidate failed",
    INCONCLUSIVE: "Inconclusive",
    PASS: "Pass",
}


def print_verdicts(verdicts: Sequence[Verdict]) -> None:
    """Print verdicts on standard output."""
    from nstbench.cli.console.console import stdout, table

    console = stdout()
    for verdict in verdicts:
        console.print(f"\n{verdict.title}", style="bold", soft_wrap=True)
        shown = _table(verdict)
        if shown.rows:
            console.print(table(shown.columns, shown.rows, ("would find", "allowed", "base")))
        for line in _lines(verdict):
            console.print(f"- {line}", soft_wrap=True)
    outcome = worst(verdicts)
    console.print(f"\n{_headline(outcome, verdicts)}", style=COLOURS[outcome], soft_wrap=True)


def to_markdown(verdicts: Sequence[Verdict]) -> str:
    """Return verdicts as a comment for a pull request."""
    parts = [f"**{escaped(_headline(worst(verdicts), verdicts))}**"]
    for verdict in verdicts:
        parts.append(escaped(verdict.title))
        shown = _table(verdict)
        if shown.rows:
            parts.append(shown.to_markdown())
        if lines := _lines(verdict):
            parts.append("\n".join(f"- {escaped(line)}" for line in lines))
    return "\n\n".join(parts)


def _headline(outcome: str, verdicts: Sequence[Verdict]) -> str:
    counts: dict[str, int] = {}
    for verdict in verdicts:
        for name, count in verdict.counts.items():
            counts[name] = counts.get(name, 0) + count
    said = ", ".join(f"{count} {name}" for name, count in counts.items())
    return f"{HEADLINES[outcome]}: {said or 'nothing was judged'}"


def _table(verdict: Verdict) -> Small:
    """Show every timed metric, and of the others those that did not pass."""
    shown = [each for each in verdict.findings if each.estimate or each.outcome != PASS]
    return Small(verdict.title, COLUMNS, [_row(each) for each in shown])


def _row(finding: Finding) -> tuple[str, ...]:
    found = finding.estimate
    return (
        finding.subject,
        finding.metric,
        figure(finding.metric, finding.base),
        figure(finding.metric, finding.candidate),
        _change(finding),
        _allowance(finding),
        f"{_share(found.detectable)} and more" if found else "",
        finding.outcome.upper() if finding.outcome in (REGRESSION, FAILED) else finding.outcome,
    )


def figure(metric: str, value: float | None) -> str:
    """Format a metric by the unit in its name."""
    return (
        seconds(value)
        if metric.endswith("_s")
        else size(value)
        if metric.endswith("_bytes")
        else number(value, 6)
    )


def _change(finding: Finding) -> str:
    if finding.estimate:
        return str(finding.estimate)
    if finding.base and finding.candidate is not None:
        return _percent(finding.candidate / finding.base - 1, "+")
    return ""


def _allowance(finding: Finding) -> str:
    """Write a limit in full: rounded, it would contradict the verdict beside it."""
    if finding.allowance is None:
        return ""
    return f"{finding.allowance:g}" if finding.metric in ABSOLUTE else f"{100 * finding.allowance:g} %"


def _share(value: float | None) -> str:
    return "" if value is None else _percent(value)


def _percent(share: float, sign: str = "") -> str:
    """Write a share with two digits, or as a whole number where two digits would need an exponent."""
    digits = ".2g" if abs(share) < 0.995 else ".0f"
    return f"{100 * share:{sign}{digits}} %"


def _lines(verdict: Verdict) -> list[str]:
    reasons = [f"{each.subject}, {each.metric}: {each.reason}" for each in verdict.findings if each.reason]
    return [*reasons, *verdict.remarks]


def to_json(verdicts: Sequence[Verdict]) -> dict[str, Any]:
    """Return everything as JSON values."""
    from dataclasses import asdict

    return {
        "outcome": worst(verdicts),
        "verdicts": [{**asdict(verdict), "outcome": verdict.outcome} for verdict in verdicts],
    }
