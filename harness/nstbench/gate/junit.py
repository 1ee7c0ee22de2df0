"""Verdicts as JUnit XML, which CI systems show test by test."""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree import ElementTree

from nstbench.gate.verdict import FAILED, INCONCLUSIVE, REGRESSION, Finding, Verdict


def to_junit(verdicts: Sequence[Verdict]) -> bytes:
    """Return a document: a suite for each verdict, a case for each finding.

    A regression is a failure, a broken candidate an error, what is inconclusive is skipped.
    """
    suites = ElementTree.Element("testsuites", name="nstbench check")
    for verdict in verdicts:
        counts = verdict.counts
        suite = ElementTree.SubElement(
            suites,
            "testsuite",
            name=verdict.title,
            tests=str(len(verdict.findings)),
            failures=str(counts.get(REGRESSION, 0)),
            errors=str(counts.get(FAILED, 0)),
            skipped=str(counts.get(INCONCLUSIVE, 0)),
        )
        for finding in verdict.findings:
            _case(suite, finding)
    ElementTree.indent(suites)
    made: bytes = ElementTree.tostring(suites, encoding="utf-8", xml_declaration=True)
    return made


def _case(suite: ElementTree.Element, finding: Finding) -> None:
    case = ElementTree.SubElement(suite, "testcase", classname=finding.subject, name=finding.metric)
    tag = {REGRESSION: "failure", FAILED: "error", INCONCLUSIVE: "skipped"}.get(finding.outcome)
    if tag:
        ElementTree.SubElement(case, tag, message=finding.reason or said(finding))


def said(finding: Finding) -> str:
    """Say in one line what became worse, by how much, and what was allowed."""
    if found := finding.estimate:
        change, low, high = (f"{100 * (ratio - 1):+.1f}" for ratio in (found.ratio, found.low, found.high))
        allowed = f"{100 * (finding.allowance or 0):g} % allowed"
        return f"{finding.metric} {change} % ({low} to {high} %) over {found.pairs} pairs; {allowed}"
    return f"{finding.metric} {finding.base:.6g} to {finding.candidate:.6g}, allowed {finding.allowance:g}"
