"""Verdicts as JUnit XML, which CI systems show test by test."""

from __future__ import annotations

import re
from collections.abc import Sequence
from xml.etree import ElementTree

from nstbench.gate.verdict import FAILED, INCONCLUSIVE, REGRESSION, Finding, Verdict

NOT_XML = re.compile("[^\\t\\n\\r\\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What no XML may hold, not even escaped: a terminal's colours, as in the message of a broken trial."""


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
            name=_plain(verdict.title),
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
    subject, metric = _plain(finding.subject), _plain(finding.metric)
    case = ElementTree.SubElement(suite, "testcase", classname=subject, name=metric)
    tag = {REGRESSION: "failure", FAILED: "error", INCONCLUSIVE: "skipped"}.get(finding.outcome)
    if tag:
        message = "; ".join(filter(None, (_numbers(finding), finding.reason)))
        ElementTree.SubElement(case, tag, message=_plain(message))


def _plain(text: str) -> str:
    return NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text)


def _numbers(finding: Finding) -> str:
    """Say in one line what became worse, by how much, and what was allowed."""
    if found := finding.estimate:
        allowed = f"{100 * (finding.allowance or 0):g} % allowed"
        return f"{finding.metric} {found} over {found.pairs} pairs; {allowed}"
    if finding.base is None or finding.candidate is None:
        return ""
    change = f"{finding.metric} {finding.base:.6g} to {finding.candidate:.6g}"
    return f"{change}, allowed {finding.allowance or 0:g}"
