"""A choice in words, and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from nstbench.comparison.choose import Choice
from nstbench.comparison.wish import DIGITS
from nstbench.record.words import number, seconds


def sentence(choice: Choice) -> str:
    """Say in one sentence what to take, what it gives, and what the next better one costs."""
    wanted, table = choice.wanted, choice.table
    if table.empty:
        return f"Nothing was measured that makes a picture of {choice.place} with {wanted.floors_in_words()}"
    if choice.taken is None:
        quickest, best = table.iloc[0], table.iloc[int(table["loss"].argmin())]
        also = f"; the best, {_brief(choice, best)}" if best["name"] != quickest["name"] else ""
        return (
            f"Nothing was measured that makes a picture of {choice.place} {wanted.in_words()}:"
            f" the quickest, {_brief(choice, quickest)}{also}"
        )
    mine = table.loc[choice.taken]
    each = f"each of {wanted.pictures:,} pictures" if wanted.pictures > 1 else "the first picture"
    takes = f"{each} takes {_figures(choice, mine)}"
    if len(table) == 1 and not (choice.under or choice.left_out):
        return f"For {choice.place} only {mine['name']} was measured: {takes}"
    superlative = "best" if wanted.at_least is None and wanted.limit is None else "quickest"
    return (
        f"For {choice.place} take {mine['name']}, the {superlative} {wanted.in_words()}: {takes};"
        f" {_next(choice, mine)}"
    )


def remarks(choice: Choice) -> Iterator[str]:
    """Say what the sentence and the table do not show."""
    for row in choice.equal:
        other: Any = choice.table.loc[row]
        quality = number(other["quality"], DIGITS)
        yield f"{other['name']} ({quality}) is no slower than it, as far as was measured"
    if choice.under:
        names, floors = ", ".join(choice.under), choice.wanted.floors_in_words()
        yield f"not offered, as not with {floors}: {names}"
    if choice.left_out:
        had = ", ".join(f"{name} ({count})" for name, count in choice.left_out.items())
        yield f"left out, as not judged on all {choice.pairs} pairs of content and style: {had}"
    if choice.cached:
        names = ", ".join(choice.cached)
        yield f"compiling is known from the compile cache alone, and takes longer the first time: {names}"
    if choice.all_compiled and choice.wanted.pictures > 1:
        names = ", ".join(choice.all_compiled)
        yield f"every trial compiled, so preparing may take less from the second picture on: {names}"


def as_json(choice: Choice) -> dict[str, Any]:
    """Return a choice in JSON types, with its words."""
    wanted = choice.wanted
    return {
        "device": choice.device,
        "device_name": choice.device_name,
        "size": choice.size,
        "quality": wanted.quality,
        "higher_is_better": wanted.judged.higher,
        "limit": wanted.limit,
        "within_s": wanted.within,
        "at_least": wanted.at_least,
        "floors": dict(wanted.floors),
        "pictures": wanted.pictures,
        "pairs": choice.pairs,
        "sentence": sentence(choice),
        "configurations": json.loads(choice.table.to_json(orient="records", double_precision=15)),
        "taken": choice.taken,
        "better": choice.better,
        "equal": choice.equal,
        "under": choice.under,
        "left_out": dict(choice.left_out),
        "stylize": choice.stylize,
        "remarks": list(remarks(choice)),
        "cautions": choice.cautions,
    }


def _brief(choice: Choice, row: Any) -> str:
    return f"{row['name']}, takes {_figures(choice, row)}"


def _figures(choice: Choice, row: Any) -> str:
    low, high = seconds(row["seconds_low"]), seconds(row["seconds_high"])
    span = f" ({low} to {high})" if low else ""
    return f"{seconds(row['seconds'])}{span}, {choice.wanted.judged.title} {number(row['quality'], DIGITS)}"


def _next(choice: Choice, mine: Any) -> str:
    if choice.better is None:
        return "none is better"
    other: Any = choice.table.loc[choice.better]
    more, times = other["seconds"] - mine["seconds"], other["seconds"] / mine["seconds"]
    return (
        f"the next better one, {other['name']}, takes {seconds(more)} more ({times:.3g} times as long)"
        f" for {number(other['quality'], DIGITS)}"
    )
