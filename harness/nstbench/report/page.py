"""Everything the report's page shows, as plain data: made from the tables and the picture files."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import asdict
from time import monotonic
from typing import Any

import pandas as pd

from nstbench.api.judged import JUDGED
from nstbench.comparison.axes import Axis, axes
from nstbench.comparison.cautions import cautions
from nstbench.comparison.choice_words import sentence
from nstbench.comparison.choose import choices
from nstbench.comparison.stylize_line import Defaults, no_defaults
from nstbench.comparison.time_to_loss import THRESHOLDS, time_to_loss
from nstbench.comparison.values import UNUSED
from nstbench.comparison.wish import wish
from nstbench.record import Results
from nstbench.record.rows import plan_note
from nstbench.record.words import short_ids
from nstbench.report.figures import pareto_front
from nstbench.report.page_budget import BUDGET, beside
from nstbench.report.page_curves import curves
from nstbench.report.page_pictures import empty_gallery, gallery, hashes, of_trial
from nstbench.report.page_settings import made
from nstbench.report.page_times import times
from nstbench.report.page_values import json_in_html, plain

NUMBERS = (
    *("step_median_s", "step_mad_s", "compile_s", "compile_cached_s", "optimise_s", "wall_s"),
    *("iterations_done", "gflop_per_s"),
    *("final_total", "final_content", "final_style"),
    *JUDGED,
    *("peak_rss_bytes", "peak_device_bytes"),
)
"""The figures of a trial that the page can show."""

FLOOR = "referee_msssim"
"""The figure that a budget can have a floor under: near 0 the content is gone."""

TEXTS = ("trial_id", "planned", "label", "backend_label", "status", "error_type", "error_message", "image")


def page_data(
    results: Results,
    embed: bool = False,
    budget: int = BUDGET,
    carry: bool = True,
    defaults: Defaults = no_defaults,
) -> dict[str, Any]:
    """Return what the page draws, in JSON types; `notes` say what of it is left out.

    Args:
        results: a single folder.
        embed: carry pictures in full size, as many as `page_budget.EMBEDDED` has room for.
        budget: bytes of curves and small pictures, at most: the figures of many trials leave less.
        carry: whether the page has pictures at all; else it finds them in the results folder.
        defaults: tells the options of a backend that need no mention in a command.

    Raises:
        ResultsError: the folder holds other things than a sweep wrote.
    """
    (store,), since = results.stores, monotonic()
    found, taken = axes(results.runs), of_trial(results.images)
    trials, how = _trials(results, found), made(results, defaults)
    budget = beside(len(json_in_html([trials, taken, how.stylize])), budget)
    losses = curves(results.losses, budget)
    pictures = empty_gallery(results.runs, store.path)
    if carry:
        pictures = gallery(results.runs, results.images, store.path, embed, budget - losses.size_in_bytes)
    return {
        "trials": trials,
        "thresholds": THRESHOLDS,
        "axes": [{"name": a.column, "title": a.title, "values": a.values} for a in found],
        "pictures": {"of_trial": taken, **asdict(pictures)},
        "curves": losses.of_trial,
        "notes": {"pictures": pictures.note, "curves": losses.note},
        "unused": UNUSED,
        "front": pareto_front(results.runs),
        "choices": _choices(results, how.stylize),
        "floor": JUDGED[FLOOR].title,
        "made": asdict(how),
        "folder": shlex.quote(str(store.path)),
        "judged": [(name, judged.title) for name, judged in JUDGED.items()],
        "times": asdict(times(results, monotonic() - since)),
    }


def summary(results: Results) -> dict[str, Any]:
    """Return what stands at the top of the page: counts, weights, machines, and what to be careful about."""
    (store,) = results.stores
    runs = results.runs
    return {
        "experiment": runs["experiment"].iloc[0] if len(runs) else store.plan().experiment,
        "counts": {str(status): int(count) for status, count in runs["status"].value_counts().items()},
        "facts": _facts(runs),
        "machines": _machines(results),
        "cautions": cautions(results),
        "source": _source(results),
    }


def _trials(results: Results, found: list[Axis]) -> list[dict[str, Any]]:
    """Return a row for each trial; `arrivals` are (threshold, seconds, whether it got there)."""
    runs = results.runs
    arrivals: dict[str, list[Any]] = {}
    for _, trial_id, *arrival in time_to_loss(results).itertuples(index=False):
        arrivals.setdefault(trial_id, []).append(arrival)
    rows = plain(runs[[*TEXTS, *NUMBERS]].assign(**_shares(runs)))
    short = short_ids(runs["trial_id"])
    for at, (row, full) in enumerate(zip(rows, runs.itertuples(), strict=True)):
        row["short_id"] = short[at]
        row["arrivals"] = arrivals.get(row["trial_id"], [])
        row["axes"] = {one.column: one.of_row[at] for one in found}
        row["inputs"] = [digits for _, digits in hashes(full)]
        row["label"] = ", ".join(filter(None, (row["label"], plan_note(row))))
        row["name"] = " · ".join(filter(None, (row["backend_label"], row["label"])))
    return rows


def _shares(runs: pd.DataFrame) -> dict[str, pd.Series]:
    """Return the two parts of the referee's loss, so that they compare between any pictures."""
    return {
        "content_share": runs["referee_content"] / runs["referee_content_of_style"],
        "style_share": runs["referee_style"] / runs["referee_style_of_content"],
    }


def _choices(results: Results, stylize: Mapping[str, str]) -> list[dict[str, Any]]:
    """Say what to take for each device and size, and what each configuration there costs and gives.

    Of `loss` less is better; `floored` is the figure `FLOOR`.
    """
    wanted = ["name", "once_s", "each_s", "quality", "loss", "floored"]
    return [
        {
            "title": choice.place,
            "sentence": sentence(choice),
            "stylize": stylize.get(choice.table["trials"][choice.taken or 0][0][1], ""),
            "quality": choice.wanted.judged.title,
            "configurations": [
                row | {"trials": [trial_id for _, trial_id in trials]}
                for row, trials in zip(
                    plain(choice.table.assign(floored=choice.table[FLOOR])[wanted]),
                    choice.table["trials"],
                    strict=True,
                )
            ],
        }
        for choice in choices(results, wish())
    ]


def _facts(runs: pd.DataFrame) -> dict[str, list[str]]:
    """Say what was used, each different value once."""
    columns = {"weights": "weights", "referee": "referee_weights", "device": "device_name"}
    facts = {title: sorted(runs[column].dropna().unique()) for title, column in columns.items()}
    facts["commit"] = sorted(runs["commit"].dropna().str[:7].unique())
    versions = runs[["backend", "backend_version"]].drop_duplicates().itertuples(index=False)
    return {name: values for name, values in facts.items() if values} | {
        "backends": [f"{name} {version}" for name, version in versions],
    }


def _machines(results: Results) -> list[dict[str, Any]]:
    """Return the facts of each machine once, with the backends and packages that ran on it."""
    (store,) = results.stores
    machines: dict[str, dict[str, Any]] = {}
    for environment_id, runs in results.runs.groupby("environment_id", sort=False):
        remedy = "`nstbench repair` moves it aside, as nothing else needs it"
        found = store.environment(str(environment_id), _machine, remedy)
        if found is None:
            continue
        said, packages = found
        machine = machines.setdefault(said, {"facts": said, "backends": [], "packages": set()})
        machine["backends"] += list(runs["backend_label"].unique())
        machine["packages"] |= packages
    return [one | {"packages": sorted(one["packages"], key=str.lower)} for one in machines.values()]


def _machine(facts: dict[str, Any]) -> tuple[str, set[str]]:
    said = "; ".join([_hardware(facts), f"Python {facts['python']}", facts["platform"]])
    return said, {f"{name} {number}" for name, number in facts["packages"].items()}


def _hardware(facts: dict[str, Any]) -> str:
    memory = f"{facts['memory_bytes'] / 1e9:.0f} GB"
    return ", ".join([facts["cpu"], f"{facts['cores']} cores", memory, *facts["gpus"]])


def _source(results: Results) -> str:
    (store,) = results.stores
    path = store.path / "experiment.yaml"
    return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
