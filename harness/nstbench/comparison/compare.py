"""Comparing folders, backends or settings: equal trials side by side, and what that comes to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from nstbench.api import UsageError
from nstbench.comparison.cautions import cautions
from nstbench.comparison.conditions import where
from nstbench.comparison.grouping import BACKEND, column_of, distinct_options
from nstbench.comparison.machines import ASKS, ELSEWHERE, differ
from nstbench.comparison.pair_table import pair_table
from nstbench.comparison.pairs import Matching, match
from nstbench.comparison.summary import group_table
from nstbench.comparison.time_to_loss import with_folder
from nstbench.record import Results, open_results


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """What a comparison found.

    Attributes:
        by: the compared column; base: the reference group.
        groups: one row for each group, the reference first: `group`, `trials`, `ok`, `paired`, medians over
            the paired trials (`compile_s` is a sum, memory a maximum), `step_ratio` with `step_ratio_low`,
            `step_ratio_high` (95 %), `verdict` and `disturbed`, the number of measurements in it that are in
            doubt, `optimise_ratio` with its least and greatest, and for each threshold NAME `to_NAME_s`,
            `to_NAME_reached`, `to_NAME_of`, `to_NAME_censored`: where the last is true the median lies beyond
            the seconds given.
        pairs: one row for each matched pair; the same figures of both sides as `base_...` and `other_...`.
            `untimed` says why a pair has no seconds; else it is empty. `disturbed`: whether those of either
            side are in doubt.
        unpaired: one row for each trial left out and each group it has no partner in, with the reason.
        cautions: sentences about what to keep in mind.
    """

    by: str
    base: str
    groups: pd.DataFrame
    pairs: pd.DataFrame
    unpaired: pd.DataFrame
    cautions: tuple[str, ...]


def compare(results: Results, by: str | None = None, base: str | None = None) -> Comparison:
    """Compare the trials of results that are equal but for one thing.

    Args:
        results: one folder or several opened together.
        by: a column of `runs`; default `results`, the folder, if there are several, else `backend`.
        base: the value of `by` that the others are compared with; default the first one found.

    Raises:
        UsageError: `by` is nothing to compare by, `base` is not among its values, or there is only one.
        ResultsError: the results are damaged.
    """
    results = results.shown
    runs = with_folder(results, "runs")
    column = column_of(by, runs, len({store.path for store in results.stores}))
    matching = match(runs, column, str(Path(base)) if base and column == "results" else base)
    pairs = pair_table(results, matching)
    said = (*_about_pairs(runs, matching, pairs), *cautions(results))
    return Comparison(
        column, matching.base, group_table(runs, matching, pairs), pairs, matching.unpaired, said
    )


def compare_folders(
    *paths: str | Path,
    by: str | None = None,
    base: str | None = None,
    outside_plan: bool = False,
    conditions: Sequence[str] = (),
) -> Comparison:
    """Open results folders and compare them; see `compare`.

    Args:
        outside_plan: whether to compare also rows that the present plan of a folder has no longer.
        conditions: as `nstbench.comparison.conditions.where` takes them.

    Raises:
        UsageError, ResultsError: as `compare`; a folder is missing or was not made by a sweep.
    """
    if not paths:
        raise UsageError("compare: name at least one results folder")
    found = open_results(*dict.fromkeys(map(Path, paths)), outside_plan=outside_plan)
    return compare(where(found, conditions), by, base)


def _about_pairs(runs: pd.DataFrame, matching: Matching, pairs: pd.DataFrame) -> list[str]:
    """Say what this comparison in particular does not show."""
    if pairs.empty:
        return ["no two trials are equal but for the compared thing: nothing is compared"]
    said = _about_seconds(runs, matching, pairs)
    if matching.by == "results":
        said.append(
            "intervals come from rounds within one process each; what changes from sweep to sweep, such as"
            " the load of the machine, is not in them: sweep twice to see it"
        )
    if pairs["single_pass"].any():
        said.append(
            "one of a pair makes its picture in a single pass, the other in iterations:"
            " their seconds to the picture are compared, not those of a pass with those of an iteration"
        )
    if pairs["base_trajectory"].eq(pairs["other_trajectory"]).any():
        said.append("where the two of a pair are one optimisation, its rounds are on record for both of them")
    elif pairs["shared"].any():
        said.append(
            "pairs that share an optimisation (measure.share_trajectories) count once in the ratio of a group"
        )
    if matching.by not in BACKEND and len(mixed := runs.loc[pairs["base_row"], "backend_label"].unique()) > 1:
        said.append(
            f"the seconds and losses of a group are medians over {len(mixed)} backends ({', '.join(mixed)});"
            " --where backend=NAME compares within one"
        )
    if (pairs["verdict"] == "too few rounds").any():
        said.append("too few steady rounds for an interval: more iterations, or a smaller measure.chunk")
    if matching.by not in BACKEND:
        options = distinct_options(runs["options"])
        before, after = (options[pairs[f"{side}_row"]] for side in ("base", "other"))
        changes = {(one, two): None for one, two in zip(before, after, strict=True) if one != two}
        said += [f"options differ within pairs: {one} against {two}" for one, two in changes]
    if pairs["base_pictures"].max() <= 1 and pairs["other_pictures"].max() <= 1:
        said.append(
            "time to a loss is known from final pictures only; measure: {snapshot_every: n} shows it earlier"
        )
    return said


def _about_seconds(runs: pd.DataFrame, matching: Matching, pairs: pd.DataFrame) -> list[str]:
    """Say which pairs have none, and what to do about it."""
    said = []
    for reason, own in pairs[pairs["untimed"].ne("")].groupby("untimed", sort=False):
        remedy = "--set measure.exclusive=true measures again"
        if reason == ELSEWHERE:
            telling = [name for name in ASKS if differ(runs[[name]], own).all()]
            remedy = f"--by {[*telling, ASKS[0]][0]} compares machines"
        said.append(f"{len(own)} of {len(pairs)} pairs show no seconds ({reason}); {remedy}")
    timed = pairs[pairs["untimed"].eq("")]
    if count := int(timed["disturbed"].sum()):
        said.append(
            f"{count} of {len(pairs)} pairs were disturbed while they were timed, which may be all that makes"
            " their seconds differ"
        )
    unknown = timed[[f"{side}_row" for side in ("base", "other")]].isin(runs.index[runs["node"].isna()])
    if matching.by not in ASKS and (count := int(unknown.any(axis=1).sum())):
        said.append(
            f"{count} of {len(pairs)} pairs may be of different machines: older rows do not name theirs"
        )
    return said
