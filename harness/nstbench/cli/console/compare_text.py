"""A comparison as small tables, for the terminal and for Markdown."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from nstbench.cli.console.console import size
from nstbench.cli.console.small_table import Small, escaped
from nstbench.record.words import compiling, number, seconds

if TYPE_CHECKING:
    import pandas as pd

    from nstbench.comparison.compare import Comparison

MOST_NAMED = 4
SPARE = ("GFLOP/s", "compile", "95 %", "from to", "time ratio", "base")
"""Columns that narrow terminals do without, in this order."""


def as_text(found: Comparison, pairs: bool) -> None:
    """Print a comparison on standard output."""
    from nstbench.cli.console.console import stdout, table

    console = stdout()
    console.print(_headline(found), soft_wrap=True)
    for small in _tables(found, pairs):
        console.print(f"\n{small.title}", style="bold")
        console.print(table(small.columns, small.rows, SPARE))
    for title, lines in _remarks(found):
        console.print(f"\n{title}", style="bold")
        for line in lines:
            console.print(f"- {line}", soft_wrap=True)


def to_markdown(found: Comparison, pairs: bool) -> str:
    """Return a comparison as GitHub's Markdown."""
    parts = [escaped(_headline(found))]
    parts += [f"**{small.title}**\n\n{small.to_markdown()}" for small in _tables(found, pairs)]
    for title, remarks in _remarks(found):
        parts.append("\n".join([f"**{title}**\n", *(f"- {escaped(line)}" for line in remarks)]))
    return "\n\n".join(parts)


def _headline(found: Comparison) -> str:
    count = len(found.pairs)
    by = found.by.removesuffix("_label")
    return f"{count} pair{'s' * (count != 1)} of trials equal but for {by}; compared with {found.base}"


def _tables(found: Comparison, pairs: bool) -> Iterator[Small]:
    rows: list[Any] = list(found.groups.itertuples())
    if found.pairs.empty:
        return
    makers: tuple[Callable[[Any], tuple[str, ...]], ...] = (_speed, _picture, _arrivals, _memory)
    for title, columns, cells in zip(TITLES, COLUMNS, makers, strict=True):
        small = _without_empty(Small(title, columns, [cells(row) for row in rows]))
        if len(small.columns) > 1:  # else nothing is known of any group
            yield small
    if pairs:
        yield _without_empty(Small("pairs", PAIR_COLUMNS, [_pair(row) for row in found.pairs.itertuples()]))


TITLES = (
    "seconds per iteration",
    "the picture",
    "time until the referee's loss is at most so much of the content image's",
    "memory and energy",
)
COLUMNS = (
    ("group", ">paired", ">s/iteration", ">ratio", "95 %", "that is", ">compile", ">GFLOP/s"),
    ("group", ">time to it", ">ratio", "from to", ">referee", ">SSIM"),
    ("group", ">50 %", ">20 %", ">10 %", ">the worst final", "reached"),
    ("group", ">host peak", ">device peak", ">energy"),
)
PAIR_COLUMNS = (
    "group",
    "backend",
    "trial",
    ">s/iteration",
    ">base",
    ">ratio",
    "95 %",
    "that is",
    ">time ratio",
)


def _speed(row: Any) -> tuple[str, ...]:
    return (
        row.group,
        f"{row.paired} of {row.trials}",
        seconds(row.step_median_s),
        number(row.step_ratio, 3),
        _span(row.step_ratio_low, row.step_ratio_high),
        _verdict(row),
        compiling(row.compile_s, row.compile_cached_s),
        number(row.gflop_per_s, 3),
    )


def _picture(row: Any) -> tuple[str, ...]:
    return (
        row.group,
        seconds(row.optimise_s),
        number(row.optimise_ratio, 3),
        _span(row.optimise_ratio_least, row.optimise_ratio_greatest) if row.pairs > 1 else "",
        number(row.referee_total, 3),
        number(row.referee_ssim, 3),
    )


def _arrivals(row: Any) -> tuple[str, ...]:
    names = ("50", "20", "10", "worst")
    times = [
        f"{'> ' * getattr(row, f'to_{name}_censored')}{seconds(getattr(row, f'to_{name}_s'))}"
        for name in names
    ]
    reached = [f"{getattr(row, f'to_{name}_reached')}/{getattr(row, f'to_{name}_of')}" for name in names]
    return (row.group, *times, ", ".join(reached) if row.to_50_of else "")


def _memory(row: Any) -> tuple[str, ...]:
    energy = getattr(row, "energy_j", None)
    joules = number(energy, 3)
    return (row.group, size(row.peak_rss_bytes), size(row.peak_device_bytes), joules and f"{joules} J")


def _pair(row: Any) -> tuple[str, ...]:
    return (
        row.group,
        row.other_backend_label,
        _text(row.other_label),
        seconds(row.other_step_median_s),
        seconds(row.base_step_median_s),
        number(row.step_ratio, 3),
        _span(row.step_ratio_low, row.step_ratio_high),
        _verdict(row) or row.untimed,
        number(row.optimise_ratio, 3),
    )


def _without_empty(small: Small) -> Small:
    """Leave out columns that say nothing."""
    kept = [at for at, _ in enumerate(small.columns) if any(row[at] for row in small.rows)]
    rows = [tuple(row[at] for at in kept) for row in small.rows]
    return Small(small.title, tuple(small.columns[at] for at in kept), rows)


def _remarks(found: Comparison) -> Iterator[tuple[str, list[str]]]:
    if found.cautions:
        yield "keep in mind", list(found.cautions)
    if len(found.unpaired):
        counted = found.unpaired[["results", "trial_id"]].drop_duplicates()
        yield f"not compared: {len(counted)}", list(_lonely(found.unpaired))


def _lonely(unpaired: pd.DataFrame) -> Iterator[str]:
    """Name the trials left out, those with one reason on one line."""
    for reason, rows in unpaired.groupby("reason", sort=False):
        names = [
            " ".join(filter(None, map(_text, cells)))
            for cells in rows[["trial_id", "backend_label", "label"]].itertuples(index=False)
        ]
        more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
        yield f"{reason}: {'; '.join(names[:MOST_NAMED])}{more}"


def _span(low: float, high: float) -> str:
    return f"{number(low, 3)} to {number(high, 3)}" if number(low) else ""


def _verdict(row: Any) -> str:
    """Say what a ratio means, and mark it where it comes from seconds in doubt."""
    said = _text(row.verdict)
    return f"{said} (disturbed)" if said and row.disturbed > 0 else said


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
