"""Choosing: the configurations that are not beaten in seconds and quality, and the one to take."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from nstbench.api import UsageError
from nstbench.api.judged import JUDGED
from nstbench.comparison.cautions import cautions
from nstbench.comparison.configurations import PLACE, names_of, with_configurations
from nstbench.comparison.costs import costs
from nstbench.comparison.offered import offered
from nstbench.comparison.ratios import NEGLIGIBLE
from nstbench.comparison.stylize_line import Defaults, no_defaults, stylize_line
from nstbench.comparison.time_to_loss import with_folder
from nstbench.comparison.wish import Wish
from nstbench.record import Results, open_results

MOST_ONCE = 0.5
"""Share of the seconds that may be paid once where an interval is shown: it knows of the rounds alone."""

UNKNOWN = "unknown"
"""Device of trials that do not say where they ran."""


@dataclass(frozen=True, slots=True, eq=False)
class Choice:
    """What to take for pictures of one size on one device.

    Attributes:
        wanted: what was wanted.
        device: cpu or gpu; device_name: its name; size: longer side in pixels.
        table: one row for each configuration, quickest first: `name`; `seconds` to a picture, that is
            `once_s` over the number of pictures plus `each_s`, with `seconds_low`, `seconds_high` (95 %);
            `quality` and `loss`, see `Wish.as_loss`; `per_hour`, pictures once everything is paid that is
            paid once; `verified`, None where there is nothing to verify; `front`, whether it is not beaten;
            `trials`, the folder and id of each; and the figures of the referee, each under its own name.
        taken, better: rows of `table`: the one to take, and the next better one; None if there is none.
        equal: rows at least as good as the one to take that are no slower, as far as was measured.
        under: names of configurations that are not offered, as they are under a floor.
        left_out: names of configurations that lack pairs of content and style, with how many they have.
        pairs: how many pairs of content and style all others were judged on.
        cached: names of configurations whose compiling is known from the compile cache alone.
        all_compiled: names of those of which every trial compiled, see `nstbench.comparison.costs`.
        stylize: the command that makes such a picture; empty if nothing is taken.
        cautions: sentences about what to keep in mind.
    """

    wanted: Wish
    device: str
    device_name: str
    size: int
    table: pd.DataFrame
    taken: int | None
    better: int | None
    equal: tuple[int, ...]
    left_out: Mapping[str, int]
    pairs: int
    cached: tuple[str, ...]
    all_compiled: tuple[str, ...]
    under: tuple[str, ...] = ()
    stylize: str = ""
    cautions: tuple[str, ...] = ()

    @property
    def place(self) -> str:
        """Say what pictures on what device it is about."""
        return f"{self.size} px on {self.device} ({self.device_name})"


def choose(results: Results, wanted: Wish, defaults: Defaults = no_defaults) -> list[Choice]:
    """Choose among the configurations of results, for each device and size; see `choices`.

    Args:
        defaults: tells the options of a backend that need no mention in a command.

    Raises:
        ResultsError: the results are damaged.
    """
    results = results.shown
    found = choices(results, wanted)
    said = tuple(cautions(results)) if found else ()
    stores = {str(store.path): store for store in results.stores}

    def line(choice: Choice) -> str:
        if choice.taken is None:
            return ""
        folder, trial_id = choice.table["trials"][choice.taken][0]
        return stylize_line(stores[folder], trial_id, defaults)

    return [replace(each, stylize=line(each), cautions=said) for each in found]


def choices(results: Results, wanted: Wish) -> list[Choice]:
    """Choose, without the command and the cautions.

    Returns:
        Nothing, if no picture of the wanted size and device was judged.

    Raises:
        ResultsError: the results are damaged.
    """
    runs = with_folder(results, "runs")
    judged = runs[runs["status"].eq("ok") & runs[wanted.quality].notna() & runs["optimise_s"].notna()]
    if judged.empty:
        return []
    rows = with_configurations(judged)
    rows = rows.assign(**costs(results, rows))
    rows = rows.fillna({"device": UNKNOWN, "device_name": UNKNOWN})
    found = [_choice(wanted, group, place) for place, group in rows.groupby(list(PLACE))]
    size, device = wanted.only
    return [
        each
        for each in found
        if size in (None, each.size) and device in (None, each.device, each.device_name)
    ]


def choose_folders(
    *paths: str | Path, wanted: Wish, outside_plan: bool = False, defaults: Defaults = no_defaults
) -> list[Choice]:
    """Open results folders and choose; see `choose`.

    Raises:
        UsageError: there is nothing to choose from.
        ResultsError: a folder is missing or was not made by a sweep, or the results are damaged.
    """
    if not paths:
        raise UsageError("choose: name at least one results folder")
    results = open_results(*dict.fromkeys(map(Path, paths)), outside_plan=outside_plan)
    found = choose(results, wanted, defaults)
    if not found:
        raise UsageError(_why_nothing(results.shown, wanted))
    return found


def _choice(wanted: Wish, rows: pd.DataFrame, place: tuple[Any, ...]) -> Choice:
    rows = rows.assign(name=names_of(rows))
    pairs_of = rows.groupby("configuration", sort=False)["pair"].agg(frozenset)
    asked = max(pairs_of, key=len)
    whole = pairs_of[pairs_of.map(asked.issubset)].index
    lacking = rows[~rows["configuration"].isin(whole)].drop_duplicates("configuration")
    both = zip(lacking["name"], lacking["configuration"], strict=True)
    left_out = {name: len(pairs_of[number] & asked) for name, number in both}
    kept = rows[rows["configuration"].isin(whole) & rows["pair"].isin(asked)]
    table, under = offered(wanted, _table(wanted, kept))
    taken, better = _taken(wanted, table)
    device, device_name, size = place
    return Choice(
        wanted=wanted,
        device=device,
        device_name=device_name,
        size=int(size),
        table=table,
        taken=taken,
        better=better,
        equal=_equal(table, taken),
        left_out=left_out,
        pairs=len(asked),
        cached=_names(kept, kept["cached"]),
        all_compiled=_names(kept, kept["all_compiled"]),
        under=under,
    )


def _names(rows: pd.DataFrame, which: pd.Series) -> tuple[str, ...]:
    return tuple(dict.fromkeys(rows.loc[which, "name"]))


def _table(wanted: Wish, rows: pd.DataFrame) -> pd.DataFrame:
    """Bring the trials of each configuration together: seeds of a pair first, then the pairs."""
    rows = rows.assign(quality=rows[wanted.quality])
    figures = ["once_s", "each_s", "each_low_s", "each_high_s", "quality", *JUDGED]
    of_pair = rows.groupby(["configuration", "pair"])[figures].median()
    table = of_pair.groupby("configuration").median().astype(float)
    of = rows.groupby("configuration")
    once = table["once_s"] / wanted.pictures
    measured_often = once <= MOST_ONCE * (once + table["each_s"])
    table = table.assign(
        name=of["name"].first(),
        seconds=once + table["each_s"],
        seconds_low=(once + table["each_low_s"]).where(measured_often),
        seconds_high=(once + table["each_high_s"]).where(measured_often),
        loss=wanted.as_loss(table["quality"]),
        per_hour=3600 / table["each_s"],
        verified=pd.Series({number: _verified(own) for number, own in of["verified"]}, dtype=object),
        trials=of[["results", "trial_id"]].apply(lambda own: list(own.itertuples(index=False, name=None))),
    )
    return table.sort_values(["seconds", "loss"]).reset_index(drop=True)


def _verified(trials: pd.Series) -> bool | None:
    return None if trials.isna().all() else bool(trials.eq(True).fillna(False).all())


def _taken(wanted: Wish, table: pd.DataFrame) -> tuple[int | None, int | None]:
    """Return the quickest that is good enough or, of those within a budget alone, the best; and the next."""
    unbeaten = table[table["front"]]
    good = unbeaten[unbeaten["loss"] <= wanted.most_loss(table["loss"])]
    if wanted.within is not None:
        good = good[good["seconds"] <= wanted.within]
    if good.empty:
        return None, None
    budget_alone = wanted.limit is None and wanted.at_least is None
    taken = int(good.index[-1 if budget_alone else 0])
    return taken, next((int(row) for row in unbeaten.index if row > taken), None)


def _equal(table: pd.DataFrame, taken: int | None) -> tuple[int, ...]:
    if taken is None:
        return ()
    mine = table.loc[taken]
    near = table["seconds"] <= mine["seconds"] * (1 + NEGLIGIBLE)
    overlap = table["seconds_low"] <= mine["seconds_high"]
    equal = (near | overlap) & (table["loss"] <= mine["loss"]) & (table.index != taken)
    return tuple(map(int, table.index[equal]))


def _why_nothing(results: Results, wanted: Wish) -> str:
    """Say what is missing, and what to do."""
    runs = results.runs
    ok = runs[runs["status"] == "ok"]
    judged = ok[ok[wanted.quality].notna()]
    if ok.empty:
        return f"nothing to choose from: none of {len(runs)} trials is ok; `nstbench show` says why"
    if judged.empty:
        return (
            f"nothing to choose from: no picture has {wanted.quality}; sweep again with --set"
            " measure.referee=auto, or rank by another column with --quality"
        )
    sizes = sorted(set(judged[["height", "width"]].max(axis=1)))
    devices = sorted({*judged["device"].dropna(), *judged["device_name"].dropna()})
    return (
        f"nothing to choose from: --size may be {', '.join(map(str, sizes))};"
        f" --device may be {', '.join(devices)}"
    )
