"""What a merge came to, in lines and as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from nstbench.api import printable
from nstbench.cli.console.console import counted
from nstbench.record.merge import Merged


def print_merged(merged: Merged) -> None:
    """Print a line for each thing that is to be known."""
    for line in _lines(merged):
        print(printable(line))


def to_json(merged: Merged) -> dict[str, Any]:
    """Return the same in JSON types, but for paths."""
    return asdict(merged) | {"taken": {str(folder): count for folder, count in merged.taken.items()}}


def _lines(merged: Merged) -> Iterator[str]:
    shares = ", ".join(f"{count} from {folder}" for folder, count in merged.taken.items())
    count = sum(merged.taken.values())
    yield f"{merged.folder}: {counted(count, 'trial')} of {merged.experiment!r}{shares and f': {shares}'}"
    if merged.alike:
        yield f"{counted(merged.alike, 'trial')} in several folders with the same losses and picture"
    for one in merged.conflicts:
        where, what = " and ".join(map(str, one.folders)), " and ".join(one.differ)
        yield f"trial {one.trial_id}: {where} differ in {what}; that of {one.taken} is taken"
    for each in merged.left_out:
        yield f"{each.why}; {f'that of {each.instead} is taken' if each.instead else 'left out'}"
    for folder in merged.other_experiments:
        yield f"{folder}: another experiment.yaml than the one that is kept; its trials are planned, too"
