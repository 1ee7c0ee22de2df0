"""Whose seconds are in doubt: trials that lost their cores to others, and rounds that changed their pace."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from nstbench.comparison.pair_table import steady_rounds
from nstbench.comparison.phrases import listed, points, trials
from nstbench.comparison.ratios import percent, ratio_of_medians
from nstbench.comparison.time_to_loss import with_folder
from nstbench.record import Results

DRIFT = 0.10
"""By how much the second half of the rounds must be slower or quicker than the first for it to be said."""

CAUSES = {
    "others_share": "other programs had {} of the CPU cores",
    "quota_share": "a CPU quota withheld {} of the CPU cores",
    "heat_share": "heat slowed the CPU cores down for {} of the time",
}
"""Column -> what had the cores. A trial is counted where it lost most."""

REMEDY = "on a quiet machine nstbench sweep --retry-disturbed measures them again"


def disturbances(results: Results) -> list[str]:
    """Return a sentence for each reason to doubt seconds, with the number of trials; none without one.

    Raises:
        ResultsError: the results are damaged.
    """
    runs = with_folder(results, "runs")
    ok = runs[runs["status"] == "ok"]
    return [*_lost(ok), *_drifted(results, ok)]


def _lost(ok: pd.DataFrame) -> Iterator[str]:
    disturbed = ok[ok["disturbed"].fillna(False).astype(bool)]
    most = disturbed[[*CAUSES]].astype(float).fillna(0).idxmax(axis=1)
    for cause, said in CAUSES.items():
        shares = disturbed.loc[most == cause, cause]
        if len(shares):
            span = " to ".join(dict.fromkeys(percent(float(each)) for each in (shares.min(), shares.max())))
            during = f"{said.format(span)} during {len(shares)} of {len(ok)} trials"
            yield f"{during}, whose seconds are not to be trusted; {REMEDY}"


def _drifted(results: Results, ok: pd.DataFrame) -> Iterator[str]:
    suspects = ok[ok["step_drift"].abs() > DRIFT]
    if suspects.empty:
        return
    rounds = steady_rounds(results, suspects)
    drifted = suspects.loc[[row for row in suspects.index if _is_beyond_noise(rounds[row])]]
    for pace, own in drifted.groupby((drifted["step_drift"] > 0).map({True: "slower", False: "quicker"})):
        most = percent(float(own["step_drift"].abs().max()))
        halves = f"by up to {most} between the first and the second half of the rounds"
        yield f"{trials(len(own), 'became', 'became')} {pace} while timed, {halves}: {listed(points(own))}"


def _is_beyond_noise(rounds: list[float]) -> bool:
    half = len(rounds) // 2
    ratio = ratio_of_medians(rounds[:half], rounds[-half:])
    return ratio.low > 1 or ratio.high < 1
