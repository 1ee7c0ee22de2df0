"""From a trial's names and numbers to the arrays a backend sees."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from nstbench.api import Array, AssetError, Problem
from nstbench.assets import load_image, resize
from nstbench.plan import Trial


def build_problem(trial: Trial, base: Path) -> Problem:
    """Load the images a trial names, as planned, and gather its numbers.

    Raises:
        AssetError: an image cannot be read or is no longer the one that was planned.
    """
    settings = trial.settings
    content = _planned_image(settings["content"], (trial.height, trial.width), trial.content_sha256, base)
    style = _planned_image(
        settings["style"], (trial.style_height, trial.style_width), trial.style_sha256, base
    )
    return Problem(
        content=content,
        style=style,
        init=_start(settings.get("init", "content"), content, style, trial.seed or 0),
        content_layers=_weighted(trial, "content"),
        style_layers=_weighted(trial, "style"),
        seed=trial.seed or 0,
        options=trial.options,
        **{name: settings[name] for name in _PLAIN if name in settings},
        **{name: settings.get(name, 0.0) for name in ("alpha", "beta")},
    )


_PLAIN = ("tv_weight", "learning_rate", "optimiser", "pooling", "precision")


def _planned_image(ref: str, shape: tuple[int, int], sha256: str, base: Path) -> Array:
    image = load_image(ref, max(shape), base)
    if image.sha256 != sha256:
        raise AssetError(f"{ref}: changed since the sweep was planned; run the sweep again")
    return image.pixels


def _weighted(trial: Trial, which: str) -> dict[str, float]:
    names = trial.settings.get(f"{which}_layers", [])
    return dict(zip(names, trial.settings.get(f"{which}_weights", []), strict=True))


def _start(init: str, content: Array, style: Array, seed: int) -> Array:
    if init == "noise":
        generator = np.random.Generator(np.random.Philox(seed))
        return generator.random(content.shape, dtype=np.float32)
    return content if init == "content" else resize(style, *content.shape[:2])
