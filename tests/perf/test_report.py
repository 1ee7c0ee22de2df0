"""Seconds that the report of 200 trials takes, each with losses of 1000 iterations and five pictures."""

from nstbench.record import Results
from nstbench.report.html import write_report

from ..report.made import big_results


def test_writing_the_report_of_200_trials(benchmark, tmp_path):
    big_results(tmp_path)
    path = benchmark.pedantic(lambda: write_report(Results([tmp_path])), rounds=3)
    benchmark.extra_info["bytes"] = path.stat().st_size
    assert path.stat().st_size > 5e6
