"""A choice on the terminal: a sentence, a table, a command."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from nstbench.comparison.choice_words import remarks, sentence
from nstbench.comparison.ratios import percent
from nstbench.record.words import number, seconds

if TYPE_CHECKING:
    from nstbench.comparison.choose import Choice

WIDTH = 80


def as_text(found: Sequence[Choice]) -> None:
    """Print choices on standard output."""
    from nstbench.cli.console.console import stdout, table

    console = stdout()
    for at, choice in enumerate(found):
        console.print(f"{chr(10) * (at > 0)}{sentence(choice)}\n", soft_wrap=True)
        console.print(table(_columns(choice), _rows(choice)), width=min(WIDTH, console.width))
        if beaten := int((~choice.table["front"]).sum()):
            console.print(f"\nnot shown, as beaten in both: {beaten} of {len(choice.table)}", soft_wrap=True)
        for line in remarks(choice):
            console.print(f"- {line}", soft_wrap=True)
        if choice.stylize:
            console.print(f"\n{choice.stylize}", soft_wrap=True)
    if said := found[0].cautions:
        console.print("\nkeep in mind", style="bold")
        for line in said:
            console.print(f"- {line}", soft_wrap=True)


def _columns(choice: Choice) -> tuple[str, ...]:
    each = ">to a picture" if choice.wanted.pictures > 1 else ">to the first"
    return ("", "not beaten", each, ">95 %", f">{choice.wanted.judged.title}", ">an hour", "verified")


def _rows(choice: Choice) -> list[tuple[str, ...]]:
    unbeaten = choice.table[choice.table["front"]]
    return [_cells(choice, row) for row in unbeaten.itertuples()]


def _cells(choice: Choice, row: Any) -> tuple[str, ...]:
    reach = max(row.seconds_high - row.seconds, row.seconds - row.seconds_low) / row.seconds
    return (
        ">" if row.Index == choice.taken else "",
        row.name,
        seconds(row.seconds),
        "" if math.isnan(reach) else f"± {percent(reach)}",
        number(row.quality, 3),
        f"{float(number(row.per_hour, 3)):,.9g}",
        {True: "yes", False: "no"}.get(row.verified, ""),
    )
