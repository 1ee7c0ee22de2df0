"""Parts of sentences about trials: how many, which points, which values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pandas as pd

MOST_NAMED = 4


def trials(count: int, one: str, several: str) -> str:
    """Say how many: `1 trial was`, `3 trials were`."""
    return f"1 trial {one}" if count == 1 else f"{count} trials {several}"


def points(runs: pd.DataFrame) -> Iterator[str]:
    """Name the trials by backend and point."""
    for backend, label in zip(runs["backend_label"], runs["label"].fillna(""), strict=True):
        yield f"{backend} ({label})" if label else backend


def listed(values: Iterable[object]) -> str:
    """Name the first few of different values."""
    names = list(dict.fromkeys(map(str, values)))
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return ", ".join(names[:MOST_NAMED]) + more
