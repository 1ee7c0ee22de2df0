"""The pictures of a report: which there are, what to call them, and how much of them the page carries."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from nstbench.record.layout import input_path
from nstbench.report.page_budget import BUDGET, EMBEDDED, evenly, fit
from nstbench.report.page_values import plain
from nstbench.report.thumbnails import SIDE, base64_size, thumbnail, thumbnails, whole_file

SIDES = (SIDE, 224, 192, 160, 144, 128, 112, 96)
"""Of how many pixels the longer side of a small picture may be."""

MOST_SNAPSHOTS, SNAPSHOT_SIDE = 300, 192
"""Beyond so many in all, snapshots on the way are read from the results folder, and not carried."""

FIGURES = ("iteration", "elapsed_s", "referee_total", "referee_content", "referee_style", "referee_ssim")


@dataclass(frozen=True, slots=True)
class Gallery:
    """What the page knows of pictures.

    Attributes:
        inputs: twelve digits of a hash -> path and name of a content or style image; the path is None if the
            folder does not hold it.
        small, whole: path -> `data:` URI, of a thumbnail and of the file itself.
        note: in what way this is less than on a page of few trials; empty if it is not.
    """

    inputs: dict[str, dict[str, str | None]]
    small: dict[str, str]
    whole: dict[str, str]
    note: str


def gallery(
    runs: pd.DataFrame, images: pd.DataFrame, folder: Path, embed: bool = False, budget: int = BUDGET
) -> Gallery:
    """Collect the pictures of a results folder.

    Args:
        embed: carry pictures in full size too, all that there is room for: then the page needs no other file.
        budget: bytes of the small ones. Inputs and pictures at the end of trials come first.
    """
    inputs = {digits: name for row in runs.itertuples() for name, digits in hashes(row)}
    paths = {digits: input_path(digits).as_posix() for digits in inputs}
    finished = list(images.loc[~images["snapshot"], "path"].drop_duplicates())
    on_the_way = list(images.loc[images["snapshot"], "path"].drop_duplicates())

    def measure(path: str, side: int) -> int:
        return len(thumbnail(folder / path, side) or "")

    share = fit(finished, SIDES, measure, budget)
    carried = evenly(finished, share.count)
    side = min(SNAPSHOT_SIDE, share.size)
    some = evenly(on_the_way, MOST_SNAPSHOTS)
    few = evenly(some, fit(some, [side], measure, budget - share.size_in_bytes).count)
    full = _full([[*paths.values()], finished, on_the_way], folder, EMBEDDED) if embed else []
    sides = dict.fromkeys([*few, *full], side)
    sides |= dict.fromkeys([*paths.values(), *carried], share.size)
    made = thumbnails({folder / path: side for path, side in sides.items()})
    small = {path: made[folder / path] for path in sides if folder / path in made}
    whole = {path: text for path in full if path in small and (text := whole_file(folder / path))}
    seen = {
        digits: {"name": name, "path": path if (path := paths[digits]) in small else None}
        for digits, name in inputs.items()
    }
    note = _note(len(carried), len(finished), share.size)
    if embed and len(full) < (count := len(paths) + len(finished) + len(on_the_way)):
        note = f"{note} In full size this page has {len(whole):,} of {count:,} pictures.".strip()
    return Gallery(seen, small, whole, note)


def empty_gallery(runs: pd.DataFrame, folder: Path) -> Gallery:
    """Return what a page knows that carries no picture, as it lies beside those of the folder."""
    inputs = {digits: name for row in runs.itertuples() for name, digits in hashes(row)}
    paths = {digits: input_path(digits) for digits in inputs}
    seen = {
        digits: {
            "name": name,
            "path": paths[digits].as_posix() if (folder / paths[digits]).is_file() else None,
        }
        for digits, name in inputs.items()
    }
    return Gallery(seen, {}, {}, "")


def hashes(row: Any) -> Iterator[tuple[str, str]]:
    """Yield (name, twelve digits) of a trial's content image, then of its style images."""
    yield row.content, row.content_sha256[:12]
    for name, sha256 in zip(row.style.split(","), row.style_sha256.split(","), strict=False):
        yield name, sha256[:12]


def of_trial(images: pd.DataFrame) -> dict[str, list[dict[str, Any]]]:
    """Return trial id -> its pictures, snapshots first, each with its path and `FIGURES`."""
    found: dict[str, list[dict[str, Any]]] = {}
    for row in plain(images[["trial_id", "path", *FIGURES]]):
        found.setdefault(row.pop("trial_id"), []).append(row)
    return found


def _full(kinds: Sequence[Sequence[str]], folder: Path, room: int) -> list[str]:
    """Choose what is carried in full size: what there is room for, of the first kind first."""

    def measure(path: str, _: int) -> int:
        return base64_size(folder / path)

    chosen: list[str] = []
    for kind in kinds:
        share = fit(kind, [0], measure, room)
        chosen += evenly(kind, share.count)
        room -= share.size_in_bytes
    return chosen


def _note(carried: int, count: int, side: int) -> str:
    if side == SIDE:
        return ""
    said = f"Small pictures have {side} pixels a side at most, as there are {count:,}."
    if carried < count:
        said += f" This page has {carried:,}, spread over all trials; the others lie in the results folder."
    return said
