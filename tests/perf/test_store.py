"""Seconds that the store takes for 500 trials: records written, records read, tables made."""

import shutil
from itertools import count

import pytest

from nstbench.record import Results, Store

from ..report.made import made_record, made_results, made_trial, write_losses

TRIALS, ITERATIONS = 500, 100


@pytest.fixture(scope="module")
def records():
    return [made_record(made_trial(beta=float(n))) for n in range(TRIALS)]


@pytest.fixture(scope="module")
def folder(records, tmp_path_factory):
    path = tmp_path_factory.mktemp("results")
    made_results(path, records)
    for one in records:
        write_losses(path, one.trial, ITERATIONS)
    return path


@pytest.fixture
def counted(benchmark):
    benchmark.group = "store"
    benchmark.extra_info["trials"] = TRIALS
    return benchmark


def test_writing_records(counted, records, tmp_path):
    numbers = count()

    def write(store):
        for one in records:
            store.write_record(one)
        return store

    written = counted.pedantic(
        write, setup=lambda: ((Store(tmp_path / str(next(numbers))),), {}), rounds=3, warmup_rounds=1
    )
    assert len(list(written.path.glob("trials/*/result.json"))) == TRIALS


def test_reading_records(counted, folder, records):
    read = counted.pedantic(lambda: Store(folder).records(), rounds=5, warmup_rounds=1)
    assert read[-1].trial == records[-1].trial


def test_opening_what_has_kept_its_tables(counted, folder):
    Results([folder]).write_tables()
    runs, losses = counted.pedantic(
        lambda: [getattr(Results([folder]), name) for name in ("runs", "losses")], rounds=5, warmup_rounds=1
    )
    assert (len(runs), len(losses)) == (TRIALS, TRIALS * ITERATIONS)


def test_making_the_tables(counted, folder):
    shutil.rmtree(folder / "tables", ignore_errors=True)

    def tables():
        results = Results([folder])
        return results.runs, results.losses, results.timings, results.images

    runs, losses, *_ = counted.pedantic(tables, rounds=3, warmup_rounds=1)
    assert (len(runs), len(losses)) == (TRIALS, TRIALS * ITERATIONS)
