"""JUnit XML, read back by an XML parser."""

import re
from xml.etree import ElementTree

import pytest

from nstbench.gate.junit import to_junit
from nstbench.gate.statistics import estimate
from nstbench.gate.verdict import FAILED, INCONCLUSIVE, PASS, REGRESSION, Finding, Verdict

SLOWER = estimate([0.18, 0.2, 0.22], 0.05)
FINDINGS = (
    Finding("fake (beta=1)", "step_min_s", REGRESSION, 0.1, 0.12, 0.05, estimate=SLOWER),
    Finding("fake (beta=1)", "compile_count", REGRESSION, 1, 2, 0.0),
    Finding("fake (beta=1)", "losses", REGRESSION, 100.0, 50.0, 0.01, "at iteration 10"),
    Finding("fake (beta=2)", "status", FAILED, reason="the candidate's trial diverged"),
    Finding("fake (beta=2)", "referee_ssim", INCONCLUSIVE, 0.5, None, 0.02, "this run has no figure"),
    Finding("fake (beta=2)", "status", PASS),
)
TAGS = {REGRESSION: "failure", FAILED: "error", INCONCLUSIVE: "skipped"}


def read(*verdicts):
    return ElementTree.fromstring(to_junit(verdicts))


def messages(suites):
    return [child.get("message") for child in suites.iterfind("testsuite/testcase/*")]


def test_a_finding_is_a_case_and_its_outcome_a_tag():
    suites = read(Verdict("a against b", FINDINGS))
    cases = suites.findall("testsuite/testcase")
    assert [(case.get("classname"), case.get("name")) for case in cases] == [
        (each.subject, each.metric) for each in FINDINGS
    ]
    assert [[child.tag for child in case] for case in cases] == [
        [TAGS[each.outcome]] if each.outcome in TAGS else [] for each in FINDINGS
    ]


def test_every_message_says_how_much_and_why():
    assert messages(read(Verdict("x", FINDINGS))) == [
        "step_min_s +22.1 % (+18.1 to +26.3) over 3 pairs; 5 % allowed",
        "compile_count 1 to 2, allowed 0",
        "losses 100 to 50, allowed 0.01; at iteration 10",
        "the candidate's trial diverged",
        "this run has no figure",
    ]


def test_each_suite_counts_its_own_cases():
    suites = read(Verdict("first", FINDINGS), Verdict("second", FINDINGS[-1:]), Verdict("third", ()))
    assert [suite.get("name") for suite in suites] == ["first", "second", "third"]
    for suite in suites:
        cases = suite.findall("testcase")
        assert int(suite.get("tests")) == len(cases)
        for attribute, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            assert int(suite.get(attribute)) == len(suite.findall(f"testcase/{tag}"))
    assert [suite.get("failures") for suite in suites] == ["3", "0", "0"]


def test_it_is_built_as_readers_of_junit_expect():
    """Which elements and attributes there are, and what may stand in what."""
    required = {
        "testsuites": set(),
        "testsuite": {"name", "tests", "failures", "errors", "skipped"},
        "testcase": {"name", "classname"},
        **{tag: {"message"} for tag in TAGS.values()},
    }
    children = {"testsuites": {"testsuite"}, "testsuite": {"testcase"}, "testcase": set(TAGS.values())}
    root = read(Verdict("x", FINDINGS), Verdict("y", FINDINGS))
    assert root.tag == "testsuites"
    for element in root.iter():
        assert required[element.tag] <= set(element.keys())
        assert {child.tag for child in element} <= children.get(element.tag, set())
        assert all(len(case) <= 1 for case in root.iter("testcase"))
    assert to_junit([]).startswith(b"<?xml version=")


HOSTILE = ["a <b> & \"c\" 'd' ]]>", "Grün — 日本 \N{ARTIST PALETTE}"]


@pytest.mark.parametrize("text", HOSTILE)
def test_names_come_back_as_they_were(text):
    suites = read(Verdict(text, (Finding(text, text, FAILED, reason=text),)))
    assert suites[0].get("name") == text
    assert (suites[0][0].get("classname"), suites[0][0].get("name")) == (text, text)
    assert messages(suites) == [text]


@pytest.mark.parametrize("mark", ["\x1b", "\x00", "\x08", "\ufffe", "\udcff"])
def test_what_no_xml_may_hold_does_not_break_it(mark):
    text = f"red {mark}[31m text"
    suites = read(Verdict(text, (Finding(text, text, FAILED, reason=text),)))
    assert re.fullmatch(r"red .\[31m text", messages(suites)[0])
    assert mark not in messages(suites)[0]
