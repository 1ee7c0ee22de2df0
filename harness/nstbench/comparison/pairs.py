"""Which trials are equal but for the thing compared."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from nstbench.api import UnknownName, UsageError
from nstbench.comparison.grouping import BACKEND, Grouping, fixed_columns, group_names, what_differs

MOST_NAMED = 3


@dataclass(frozen=True, slots=True)
class Matching:
    """Trials put side by side.

    Attributes:
        by: the compared column; names: the group of each row of `runs`.
        base: name of the reference group; groups: all names, the reference first.
        pairs: index labels in `runs`: `base_row` and `other_row`, with the `group` of the latter.
        unpaired: one row for each trial without a partner, and why.
    """

    by: str
    names: pd.Series
    base: str
    groups: tuple[str, ...]
    pairs: pd.DataFrame
    unpaired: pd.DataFrame


def match(runs: pd.DataFrame, by: str, base: str | None = None) -> Matching:
    """Pair the trials of each group with those of the reference group.

    Two trials are a pair if they are equal in all that identifies a trial but for the compared column and
    what follows from it. A setting that one of the two does not consume is no difference.

    Args:
        runs: with a column `results`.
        by: a column of `runs`.
        base: the reference group; default the first one found.

    Raises:
        UsageError: fewer than two groups. UnknownName: no such group.
    """
    names = group_names(runs, by)
    groups = tuple(dict.fromkeys(names.dropna()))
    base = _chosen(base, groups, by, runs)
    grouping = Grouping(by, names, _variant(runs, by, names))
    fixed = fixed_columns(runs, grouping)
    usable = runs["status"].eq("ok") & names.notna()
    newest = _newest(runs[usable], fixed, names)
    unpaired = list(_unusable(runs, names, newest, by))
    others = tuple(name for name in groups if name != base)
    pairs = []
    for group in others:
        sides = {side: fixed.loc[newest[names[newest] == side]] for side in (base, group)}
        differs = _differences(*sides.values())
        at_base, at_group = (~np.any(differs, axis=2)).nonzero()
        both = zip(sides[base].index[at_base], sides[group].index[at_group], strict=True)
        pairs += [(group, *rows) for rows in both]
        unpaired += _lonely(differs, sides)
    return Matching(
        by,
        names,
        base,
        (base, *others),
        pd.DataFrame(pairs, columns=["group", "base_row", "other_row"]),
        _named(runs, pd.DataFrame(unpaired, columns=["row", "group", "against", "reason"])),
    )


def _chosen(base: str | None, groups: tuple[str, ...], by: str, runs: pd.DataFrame) -> str:
    if base is not None and base not in groups:
        raise UnknownName(f"group of --by {by}", base, groups)
    if len(groups) < 2:
        found = f"every trial has {by} {groups[0]!r}" if groups else f"no trial has a value of {by}"
        raise UsageError(
            f"nothing to compare with: {found}; name another folder, or with --by what differs here:"
            f" {what_differs(runs)}"
        )
    return groups[0] if base is None else base


def _variant(runs: pd.DataFrame, by: str, names: pd.Series) -> str | None:
    """Name the column that tells apart how a backend is set up; None if the backend alone does.

    Between folders the same entry of an experiment may have other options, or a version may bring new ones:
    then it is known by its label, or by being the only one of its backend.
    """
    if by in BACKEND:
        return None
    if by not in ("results", "experiment", "backend_version"):
        return "options"
    setups = [set(map(tuple, part.to_numpy())) for _, part in runs.groupby(names)[["backend", "options"]]]
    if all(one == setups[0] for one in setups):
        return "options"
    for column, answer in (("backend", None), ("backend_label", "backend_label")):
        if runs.groupby([names, runs[column]])["options"].nunique().max() == 1:
            return answer
    return "options"


def _newest(ok: pd.DataFrame, fixed: pd.DataFrame, names: pd.Series) -> pd.Index[Any]:
    """Keep one of several trials of a group that nothing fixed tells apart, as those of an older version."""
    ordered = ok.sort_values("started_at", kind="stable").index
    keyed = fixed.loc[ordered].assign(group=names[ordered])
    kept = keyed.drop_duplicates(keep="last").index
    return ok.index[ok.index.isin(kept)]


def _differences(base: pd.DataFrame, other: pd.DataFrame) -> npt.NDArray[np.bool_]:
    """Return (base, other, column): whether both have a value and the values differ."""
    left, right = base.to_numpy()[:, None, :], other.to_numpy()[None, :, :]
    differs: npt.NDArray[np.bool_] = (left != right) & (left >= 0) & (right >= 0)
    return differs


def _lonely(
    differs: npt.NDArray[np.bool_], sides: dict[str, pd.DataFrame]
) -> Iterator[tuple[Any, str, str, str]]:
    """Name the trials of either side that equal none of the other."""
    (base, group), (mine, theirs) = sides, sides.values()
    for view, own, name, other in (
        (differs, mine, base, group),
        (differs.swapaxes(0, 1), theirs, group, base),
    ):
        for at in range(len(own)):
            if view[at].any(axis=1).all():
                yield own.index[at], name, other, _nearest(view[at], list(map(str, own)), other)


def _nearest(differs: npt.NDArray[np.bool_], columns: list[str], group: str) -> str:
    """Say what keeps a trial from the most similar one of the other group."""
    if not len(differs):
        return f"no trial of {group} is ok"
    at = differs.sum(axis=1).argmin()
    named = [column for column, yes in zip(columns, differs[at], strict=True) if yes]
    more = f" and {len(named) - MOST_NAMED} more" if len(named) > MOST_NAMED else ""
    return f"none of {group} is equal: the nearest differs in {', '.join(named[:MOST_NAMED])}{more}"


def _unusable(
    runs: pd.DataFrame, names: pd.Series, newest: pd.Index[Any], by: str
) -> Iterator[tuple[Any, str | None, str | None, str]]:
    for row, status, message in zip(runs.index, runs["status"], runs["error_message"], strict=True):
        if status != "ok":
            yield row, names[row], None, status if pd.isna(message) else f"{status}: {message}"
        elif pd.isna(names[row]):
            yield row, None, None, f"has no {by}"
        elif row not in newest:
            yield row, names[row], None, "an equal trial of the same group is newer"


def _named(runs: pd.DataFrame, unpaired: pd.DataFrame) -> pd.DataFrame:
    own = runs.loc[unpaired["row"], ["results", "trial_id", "backend_label", "label", "status"]]
    return pd.concat([own.reset_index(drop=True), unpaired.drop(columns="row")], axis=1)
