"""The pictures of a report: which there are, what to call them, and how much of them the page carries."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from nstbench.record.layout import input_path
from nstbench.report.page_values import plain
from nstbench.report.thumbnails import SIDE, thumbnails, whole_file

MOST_SNAPSHOTS, SNAPSHOT_SIDE = 300, 192
"""Beyond so many in all, snapshots on the way are read from the results folder, and not carried."""

FIGURES = ("iteration", "elapsed_s", "referee_total", "referee_content", "referee_style", "referee_ssim")


@dataclass(frozen=True, slots=True)
class Gallery:
    """What the page knows of pictures.

    Attributes:
        of_trial: trial id -> its pictures, snapshots first, each with its path and `FIGURES`.
        inputs: twelve digits of a hash -> path and name of a content or style image; the path is None if the
            folder does not hold it.
        small, whole: path -> `data:` URI, of a thumbnail and of the file itself.
    """

    of_trial: dict[str, list[dict[str, Any]]]
    inputs: dict[str, dict[str, str | None]]
    small: dict[str, str]
    whole: dict[str, str]


def gallery(runs: pd.DataFrame, images: pd.DataFrame, folder: Path, embed: bool) -> Gallery:
    """Collect the pictures of a results folder.

    Args:
        embed: carry every picture in full size, so that the page needs no other file.
    """
    inputs = {digits: name for row in runs.itertuples() for name, digits in hashes(row)}
    paths = {digits: input_path(digits).as_posix() for digits in inputs}
    finished = images.loc[~images["snapshot"], "path"]
    on_the_way = list(images.loc[images["snapshot"], "path"].drop_duplicates())
    sides = dict.fromkeys(on_the_way if embed else _evenly(on_the_way, MOST_SNAPSHOTS), SNAPSHOT_SIDE)
    sides |= dict.fromkeys([*paths.values(), *finished], SIDE)
    made = thumbnails({folder / path: side for path, side in sides.items()})
    small = {path: made[folder / path] for path in sides if folder / path in made}
    whole = {path: text for path in small if embed and (text := whole_file(folder / path))}
    seen = {
        digits: {"name": name, "path": path if (path := paths[digits]) in small else None}
        for digits, name in inputs.items()
    }
    return Gallery(_of_trial(images), seen, small, whole)


def hashes(row: Any) -> Iterator[tuple[str, str]]:
    """Yield (name, twelve digits) of a trial's content image, then of its style images."""
    yield row.content, row.content_sha256[:12]
    for name, sha256 in zip(row.style.split(","), row.style_sha256.split(","), strict=False):
        yield name, sha256[:12]


def _of_trial(images: pd.DataFrame) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for row in plain(images[["trial_id", "path", *FIGURES]]):
        found.setdefault(row.pop("trial_id"), []).append(row)
    return found


def _evenly(paths: list[str], most: int) -> list[str]:
    return paths if len(paths) <= most else [paths[at * len(paths) // most] for at in range(most)]
