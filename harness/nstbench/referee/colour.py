"""How far a picture's colours are from the style's: the RGB-uv histograms of HistoGAN (Afifi et al. 2021).

A pixel counts in three histograms, one for each channel, at the logarithms of that channel over the two
others. Light and dark shades of a colour fall together; bright pixels weigh more.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nstbench.referee.network import Floats

BINS, EDGE = 64, 3.0
"""Of each axis, from -3 to 3."""

FALL_OFF, EPSILON = 0.02, 1e-6
"""tau and epsilon of Afifi, Brubaker and Brown 2021, eq. 1 to 3."""

PIXELS = 1 << 13
"""How many enter a histogram at once."""


def colour_histogram(image: Floats) -> Floats:
    """Return the (3, BINS, BINS) histogram of an (H, W, 3) image in [0, 1]: all together they are 1.

    As published, with the inverse quadratic kernel, except that every pixel counts: no image is shrunk.
    """
    pixels = image.reshape(-1, 3)
    total = np.zeros((3, BINS, BINS))
    for start in range(0, len(pixels), PIXELS):
        total += _counted(pixels[start : start + PIXELS].astype(np.float32))
    histogram: Floats = total / total.sum()
    return histogram


def blended_histogram(styles: Sequence[Floats], blend: Sequence[float]) -> Floats:
    """Return the histogram of several style images, each with its share whatever its size."""
    parts = [share * colour_histogram(each) for each, share in zip(styles, blend, strict=True)]
    blended: Floats = np.sum(parts, axis=0)
    return blended


def colour_distance(seen: Floats, target: Floats) -> float:
    """Return Hellinger's distance of two histograms: 0 if they are one, 1 if nothing falls together."""
    return float(np.sqrt(np.sum(np.square(np.sqrt(seen) - np.sqrt(target))) / 2))


def _counted(pixels: Floats) -> Floats:
    brightness = np.sqrt(np.sum(np.square(pixels), axis=1, keepdims=True) + np.float32(EPSILON))
    red, green, blue = np.log(pixels + np.float32(EPSILON)).T
    # The bins lie symmetrically, so log(G/R) falls into those of log(R/G) from the other end.
    red_green, red_blue, green_blue = _kernel(red - green), _kernel(red - blue), _kernel(green - blue)
    bright_green, bright_blue = brightness * red_green, brightness * red_blue
    return np.stack(
        [
            bright_green.T @ red_blue,
            (bright_green.T @ green_blue)[::-1],
            (bright_blue.T @ green_blue)[::-1, ::-1],
        ]
    )


def _kernel(ratios: Floats) -> Floats:
    """Return how much each log-ratio counts in each bin, (pixels, BINS)."""
    bins = np.linspace(-EDGE, EDGE, BINS, dtype=np.float32)
    away = (ratios[:, None] - bins) / np.float32(FALL_OFF)
    counted: Floats = 1 / (1 + away * away)
    return counted
