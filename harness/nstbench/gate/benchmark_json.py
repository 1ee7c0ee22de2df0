"""Judging what pytest-benchmark measured: one JSON file for each process, as many files on either side.

A file's rounds share a process, so they make one figure, the quickest; files are paired in the order given.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nstbench.api import UsageError
from nstbench.experiment import Gate
from nstbench.gate.decision import Policy, confirm
from nstbench.gate.timing import TOGETHER, finding
from nstbench.gate.verdict import INCONCLUSIVE, Finding, Verdict
from nstbench.record.files import read_json, reading

METRIC = "min_s"
MACHINE = ("node", "machine", "cpu", "system")
SETUP = ("iterations", "options", "weights", "height", "width", "precision", "device", "device_name")
"""What `step_benchmark` says of itself: figures with different ones do not compare."""
FEWEST = 3
"""Pairs below which nothing is said: one process more or less decides there."""


@dataclass(frozen=True, slots=True)
class File:
    """One run of a benchmark suite.

    Attributes:
        machine: what pytest-benchmark says of it.
        quickest: benchmark -> seconds of its quickest round.
        setups: benchmark -> what it said of itself that makes its seconds what they are.
    """

    path: Path
    machine: Mapping[str, Any]
    quickest: Mapping[str, float]
    setups: Mapping[str, Mapping[str, Any]]


def check_files(base: Sequence[Path], candidate: Sequence[Path]) -> Verdict:
    """Judge every benchmark of either side; what one of them lacks is inconclusive, never a pass.

    Raises:
        UsageError: a file that is not there, or different numbers of them.
        ResultsError: a file that pytest-benchmark did not write.
    """
    if len(base) != len(candidate):
        raise UsageError(
            f"check: {len(base)} files of the base, {len(candidate)} of the candidate; they are compared in"
            " pairs, so give as many of each"
        )
    before, after = ([read_file(path) for path in side] for side in (base, candidate))
    title = f"files of pytest-benchmark, {len(after)} against {len(before)}"
    if elsewhere := _machines([*before, *after]):
        return Verdict(title, (Finding(TOGETHER, METRIC, INCONCLUSIVE, reason=elsewhere),))
    if len(before) < FEWEST:
        reason = f"pairs of files: {len(before)}; run the benchmarks in at least {FEWEST} processes a side"
        return Verdict(title, (Finding(TOGETHER, METRIC, INCONCLUSIVE, reason=reason),))
    return Verdict(title, tuple(_judged(before, after)))


def read_file(path: Path) -> File:
    """Read one file.

    Raises:
        UsageError: there is none.
        ResultsError: pytest-benchmark did not write it.
    """
    if not path.is_file():
        raise UsageError(f"{path}: no such file; pytest --benchmark-json={path} makes one")
    with reading(path, "make it with pytest --benchmark-json=FILE"):
        data = read_json(path)
        info = data["machine_info"]
        machine = {name: info.get(name) for name in MACHINE}
        machine["cpu"] = (info.get("cpu") or {}).get("brand_raw")
        quickest = {each["fullname"]: float(each["stats"]["min"]) for each in data["benchmarks"]}
        setups = {each["fullname"]: _setup(each.get("extra_info") or {}) for each in data["benchmarks"]}
    return File(path, machine, quickest, setups)


def _setup(extra: Mapping[str, Any]) -> dict[str, Any]:
    return {name: extra[name] for name in SETUP if name in extra}


def _judged(before: Sequence[File], after: Sequence[File]) -> list[Finding]:
    files = (*before, *after)
    names = dict.fromkeys(name for file in files for name in file.quickest)
    wrong = {name: reason for name in names if (reason := _incomparable(name, files))}
    pairs = {
        (name, METRIC): [(b.quickest[name], a.quickest[name]) for b, a in zip(before, after, strict=True)]
        for name in names
        if name not in wrong
    }
    gate = Gate.model_validate({})
    allowances = dict.fromkeys(pairs, gate.step_min_s or 0.0)
    logs = {name: [math.log(after / before) for before, after in each] for name, each in pairs.items()}
    decisions = confirm(logs, allowances, Policy(confidence=gate.confidence))
    return [
        *(finding(name, each, allowances[name], pairs[name]) for name, each in decisions.items()),
        *(Finding(name, METRIC, INCONCLUSIVE, reason=reason) for name, reason in wrong.items()),
    ]


def _incomparable(name: str, files: Sequence[File]) -> str:
    for file in files:
        if name not in file.quickest:
            return f"{file.path} has no such benchmark"
        if not 0 < file.quickest[name] < math.inf:
            none = f"a quickest round of {file.quickest[name]:g} s ({file.path}) has no ratio"
            return f"{none}; time something longer"
        if file.setups[name] != files[0].setups[name]:
            return f"measured as {files[0].setups[name]} ({files[0].path}), {file.setups[name]} ({file.path})"
    return ""


def _machines(files: Sequence[File]) -> str:
    first = files[0]
    for file in files:
        for name in MACHINE:
            if file.machine[name] != first.machine[name]:
                there, here = first.machine[name], file.machine[name]
                return f"measured on different machines: {name} {there} ({first.path}), {here} ({file.path})"
    return ""
