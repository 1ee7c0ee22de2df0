"""The content and style images as the backends got them, kept beside the results."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from nstbench.assets import load_image, save_png
from nstbench.plan import Trial
from nstbench.record import Store
from nstbench.record.inside import inside
from nstbench.record.layout import input_path


def keep_inputs(trials: Iterable[Trial], base: Path, store: Store) -> None:
    """Write each resized image once.

    An image that has changed since the plan is left out; its trials say so themselves.

    Raises:
        AssetError: an image cannot be read or written.
    """
    wanted = {sha256: (ref, side) for trial in trials for sha256, ref, side in _inputs(trial)}
    for sha256, (ref, side) in wanted.items():
        if (store.path / input_path(sha256)).exists():
            continue
        image = load_image(ref, side, base)
        if image.sha256 == sha256:
            save_png(image.pixels, inside(store.path, input_path(sha256)))


def _inputs(trial: Trial) -> Iterator[tuple[str, str, int]]:
    yield trial.content_sha256, trial.settings.content, max(trial.height, trial.width)
    side = max(trial.style_height, trial.style_width)
    for ref, sha256 in trial.hashed_styles():
        yield sha256, ref, side
    for ref, sha256 in trial.hashed_masks("style_masks"):
        yield sha256, ref, side
    for ref, sha256 in trial.hashed_masks("content_masks"):
        yield sha256, ref, max(trial.height, trial.width)
    if trial.init_sha256:
        yield trial.init_sha256, trial.settings.init, max(trial.height, trial.width)
