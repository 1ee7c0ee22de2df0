"""From a trial's names and numbers to the arrays a backend sees."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np

from nstbench.api import METHOD, Array, AssetError, Problem
from nstbench.assets import load_image, resize
from nstbench.plan import Trial
from nstbench.record.layout import input_path

Places = tuple[Path | None, Path | None]
"""What the paths of images are relative to, if they lead anywhere, and the folder that has them by hash."""


def build_problem(trial: Trial, base: Path | None, inputs: Path | None = None) -> Problem:
    """Load the images a trial names, as planned, and gather its numbers.

    Args:
        base: what paths are relative to; None where they lead nowhere.
        inputs: the folder that then has the images by hash.

    Raises:
        AssetError: an image cannot be read or is no longer the one that was planned.
    """
    settings, places = trial.settings, (base, inputs)
    content = planned_image(settings.content, max(trial.height, trial.width), trial.content_sha256, places)
    styles = tuple(
        planned_image(ref, max(trial.style_height, trial.style_width), sha256, places)
        for ref, sha256 in trial.hashed_styles()
    )
    return Problem(
        content=content,
        styles=styles,
        style_blend=settings.style_blend or (1.0,),
        content_masks=planned_masks(trial, "content_masks", max(trial.height, trial.width), places),
        style_masks=planned_masks(trial, "style_masks", max(trial.style_height, trial.style_width), places),
        init=_start(trial, content, styles, places),
        content_layers=_weighted(trial, "content"),
        style_layers=_weighted(trial, "style"),
        **{name: getattr(settings, name) for name in METHOD},
    )


def planned_image(ref: str, side: int, sha256: str, places: Places) -> Array:
    """Load an image, and make sure that it is the one that was planned.

    Raises:
        AssetError: it cannot be read, or is another one.
    """
    return _decoded(ref, side, sha256, places).copy()  # a backend may write into it


def planned_masks(trial: Trial, name: str, side: int, places: Places) -> tuple[Array, ...]:
    """Load masks of a kind, (H, W) each: the mean of the colours, which are alike in a grey image.

    Raises:
        AssetError: as `planned_image`.
    """
    hashed = trial.hashed_masks(name)
    return tuple(planned_image(ref, side, sha256, places).mean(axis=2) for ref, sha256 in hashed)


@lru_cache(maxsize=4)
def _decoded(ref: str, side: int, sha256: str, places: Places) -> Array:
    """Read an image, most often that of the last trial: to decode it may take longer than the trial."""
    base, inputs = places
    if inputs and not base:
        image = load_image(input_path(sha256).name, None, inputs)
    else:
        image = load_image(ref, side, base or Path())
    if image.sha256 != sha256:
        raise AssetError(f"{ref}: changed since the sweep was planned; run the sweep again")
    return image.pixels


def _weighted(trial: Trial, kind: str) -> dict[str, float]:
    return trial.settings.layer_weights(kind) if f"{kind}_layers" in trial.noticed else {}


def _start(trial: Trial, content: Array, styles: tuple[Array, ...], places: Places) -> Array:
    init = trial.settings.init
    if trial.init_sha256:
        image = planned_image(init, max(trial.height, trial.width), trial.init_sha256, places)
        return resize(image, trial.height, trial.width)
    if init == "noise":
        return noise(trial.settings.seed, content.shape)
    return content if init == "content" else resize(styles[0], trial.height, trial.width)


def noise(seed: int, shape: tuple[int, ...]) -> Array:
    """Return pixels drawn evenly from [0, 1)."""
    generator = np.random.Generator(np.random.Philox(seed))
    return generator.random(shape, dtype=np.float32)
