"""Files that pytest-benchmark itself wrote, and copies of them in which something was changed."""

import json
import math
import subprocess
import sys
from copy import deepcopy

import pytest

from nstbench.api import ResultsError, UsageError
from nstbench.gate.benchmark_json import FEWEST, SETUP, check_files, read_file
from nstbench.gate.verdict import INCONCLUSIVE, PASS, REGRESSION

SUITE = """
def test_add(benchmark):
    benchmark.extra_info.update(iterations=3, device="cpu", note="of no matter")
    benchmark.pedantic(sum, args=(range(2000),), rounds=5)


def test_sort(benchmark):
    benchmark.pedantic(sorted, args=(range(2000),), rounds=5)
"""
ADD, SORT = "test_suite.py::test_add", "test_suite.py::test_sort"
JITTER = (1.0, 1.012, 0.991, 1.004, 0.995)
FILES = len(JITTER)


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """A file as pytest-benchmark writes it, and what it holds."""
    folder = tmp_path_factory.mktemp("suite")
    (folder / "test_suite.py").write_text(SUITE)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--benchmark-json=out.json"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    return folder / "out.json", json.loads((folder / "out.json").read_text())


def nothing(data):
    pass


def scaled(name, factor):
    def change(data):
        one(data, name)["stats"]["min"] *= factor

    return change


def one(data, name):
    (found,) = (each for each in data["benchmarks"] if each["fullname"] == name)
    return found


@pytest.fixture
def side(written, tmp_path):
    """Write files of one side: those of another run each, with `change` made to those of `which`."""

    def maker(name, change=nothing, count=FILES, which=None):
        paths = []
        for number, jitter in enumerate(JITTER[:count]):
            data = deepcopy(written[1])
            scaled(ADD, jitter if name == "base" else 1 / jitter)(data)
            if which is None or number == which:
                change(data)
            paths.append(tmp_path / f"{name}{number}.json")
            paths[-1].write_text(json.dumps(data))
        return paths

    return maker


def judged(base, candidate):
    return {finding.subject: finding for finding in check_files(base, candidate).findings}


def test_a_file_is_read_as_pytest_benchmark_wrote_it(written):
    path, data = written
    found = read_file(path)
    assert found.quickest == {name: one(data, name)["stats"]["min"] for name in (ADD, SORT)}
    assert all(seconds > 0 for seconds in found.quickest.values())
    assert found.setups == {ADD: {"iterations": 3, "device": "cpu"}, SORT: {}}
    assert found.machine["node"] == data["machine_info"]["node"]
    assert found.machine["cpu"], "the processor's name"


def test_equal_seconds_pass(side):
    verdict = check_files(side("base"), side("candidate"))
    assert {finding.subject: finding.outcome for finding in verdict.findings} == {ADD: PASS, SORT: PASS}
    assert verdict.title == "files of pytest-benchmark, 5 against 5"


def test_20_per_cent_more_are_a_regression_of_that_benchmark_alone(side, written):
    found = judged(side("base"), side("candidate", scaled(ADD, 1.2)))
    assert {name: finding.outcome for name, finding in found.items()} == {ADD: REGRESSION, SORT: PASS}
    assert found[ADD].estimate.ratio == pytest.approx(1.2, rel=0.02)
    assert found[ADD].estimate.low > 1.05
    assert found[ADD].base == pytest.approx(one(written[1], ADD)["stats"]["min"], rel=0.02)
    assert found[ADD].candidate / found[ADD].base == pytest.approx(1.2, rel=0.03)


@pytest.mark.parametrize(("factor", "outcome"), [(1.04, PASS), (0.5, PASS), (1.06, REGRESSION)])
def test_5_per_cent_are_allowed(side, factor, outcome):
    assert judged(side("base"), side("candidate", scaled(SORT, factor)))[SORT].outcome == outcome


def test_one_slow_process_of_five_is_no_regression(side):
    found = judged(side("base"), side("candidate", scaled(SORT, 4.0), which=2))
    assert found[SORT].outcome == PASS


@pytest.mark.parametrize("count", range(1, FEWEST))
def test_too_few_files_say_nothing_however_slow(side, count):
    base, candidate = side("base", count=count), side("candidate", scaled(ADD, 9.0), count=count)
    (finding,) = check_files(base, candidate).findings
    assert finding.outcome == INCONCLUSIVE
    assert finding.reason == f"pairs of files: {count}; run the benchmarks in at least 3 processes a side"


def test_the_fewest_files_that_are_enough_are_enough(side):
    base, candidate = side("base", count=FEWEST), side("candidate", scaled(ADD, 1.2), count=FEWEST)
    assert judged(base, candidate)[ADD].outcome == REGRESSION


@pytest.mark.parametrize("field", ["node", "machine", "system", "cpu"])
def test_files_of_different_machines_are_not_compared(side, field):
    def move(data):
        info = data["machine_info"]
        info["cpu" if field == "cpu" else field] = {"brand_raw": "Other"} if field == "cpu" else "Other"

    candidate = side("candidate", move, which=3)
    (finding,) = check_files(side("base"), candidate).findings
    assert finding.outcome == INCONCLUSIVE
    assert finding.reason.startswith(f"measured on different machines: {field} ")
    assert finding.reason.endswith(f"Other ({candidate[3]})")


def without(name):
    def change(data):
        data["benchmarks"] = [each for each in data["benchmarks"] if each["fullname"] != name]

    return change


@pytest.mark.parametrize("lacking", ["base", "candidate"])
@pytest.mark.parametrize("which", [None, 1])
def test_a_benchmark_that_a_file_lacks_is_inconclusive_and_the_others_are_judged(side, lacking, which):
    sides = {name: side(name, without(SORT) if name == lacking else nothing, which=which) for name in SIDES}
    found = judged(sides["base"], sides["candidate"])
    assert (found[SORT].outcome, found[ADD].outcome) == (INCONCLUSIVE, PASS)
    assert found[SORT].reason == f"{sides[lacking][which or 0]} has no such benchmark"


SIDES = ("base", "candidate")


def test_no_benchmark_at_all_is_no_pass(side):
    def empty(data):
        data["benchmarks"] = []

    assert check_files(side("base", empty), side("candidate", empty)).outcome == INCONCLUSIVE


@pytest.mark.parametrize("name", SETUP)
def test_a_benchmark_of_another_setup_is_inconclusive(side, name):
    def change(data):
        one(data, ADD)["extra_info"][name] = 77

    candidate = side("candidate", change)
    found = judged(side("base"), candidate)
    assert (found[ADD].outcome, found[SORT].outcome) == (INCONCLUSIVE, PASS)
    assert "measured as" in found[ADD].reason
    assert f"'{name}': 77" in found[ADD].reason
    assert str(candidate[0]) in found[ADD].reason


def test_other_remarks_of_a_benchmark_do_not_matter(side):
    def change(data):
        one(data, ADD)["extra_info"]["note"] = "another"

    assert judged(side("base"), side("candidate", change))[ADD].outcome == PASS


@pytest.mark.parametrize("seconds", [0.0, math.nan, math.inf, -1.0])
def test_seconds_that_have_no_ratio_are_inconclusive(side, seconds):
    def change(data):
        one(data, SORT)["stats"]["min"] = seconds

    found = judged(side("base", change, which=0), side("candidate"))
    assert (found[SORT].outcome, found[ADD].outcome) == (INCONCLUSIVE, PASS)
    assert found[SORT].reason.startswith(f"a quickest round of {seconds:g} s ")


def test_unequal_numbers_of_files_are_refused(side):
    with pytest.raises(UsageError, match=r"5 files of the base, 4 of the candidate; .* as many of each"):
        check_files(side("base"), side("candidate", count=4))


def test_a_file_that_is_not_there_is_named_with_what_makes_one(side, tmp_path):
    missing = tmp_path / "missing.json"
    with pytest.raises(UsageError, match=rf"^{missing}: no such file; pytest --benchmark-json={missing}"):
        check_files([missing, *side("base")[1:]], side("candidate"))


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        "null",
        '"x"',
        "{}",
        '{"machine_info": {}, "benchmarks": [{}]}',
        '{"machine_info": 3}',
        "\0\1",
    ],
)
def test_a_file_that_pytest_benchmark_did_not_write_is_named(side, content):
    paths = side("candidate")
    paths[2].write_text(content)
    with pytest.raises(ResultsError) as refusal:
        check_files(side("base"), paths)
    assert str(refusal.value).startswith(f"{paths[2]}: ")
    assert "--benchmark-json" in str(refusal.value)
    assert "\n" not in str(refusal.value)
