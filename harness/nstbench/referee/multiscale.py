"""Multi-scale structural similarity to the content image (Wang, Simoncelli and Bovik 2003)."""

from __future__ import annotations

import numpy as np

from nstbench.referee.network import Floats

WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
"""Of the scales, the finest first; each next one is half as wide."""

SIDE, DEVIATION = 11, 1.5
"""Of the Gaussian window, pixels."""

C1, C2 = 0.01**2, 0.03**2
LUMA = (0.299, 0.587, 0.114)


def ms_ssim(picture: Floats, content: Floats) -> float:
    """Return how similar the luma of two (H, W, 3) images in [0, 1] is: 1 if it is one, never below 0.

    Of five scales as many as have a whole window (five from 176 pixels on the shorter side, four from 88);
    the weights of those are divided by their sum. Structure that is rather the opposite counts as none.
    """
    one, other = _luma(picture), _luma(content)
    weights = np.array([w for at, w in enumerate(WEIGHTS) if min(one.shape) >> at >= SIDE])
    found = 1.0
    for at, weight in enumerate(weights / weights.sum()):
        if at:
            one, other = _half(one), _half(other)
        similarity, structure = _similarity(one, other)
        last = at == len(weights) - 1
        found *= max(similarity if last else structure, 0.0) ** weight
    return float(found)


def _luma(image: Floats) -> Floats:
    luma: Floats = image.astype(np.float64) @ LUMA
    return luma


def _similarity(one: Floats, other: Floats) -> tuple[float, float]:
    """Return the mean SSIM, and that of its contrast and structure alone."""
    mean, mean_other = _blurred(one), _blurred(other)
    variances = _blurred(one**2) + _blurred(other**2) - mean**2 - mean_other**2
    structure = (2 * (_blurred(one * other) - mean * mean_other) + C2) / (variances + C2)
    luminance = (2 * mean * mean_other + C1) / (mean**2 + mean_other**2 + C1)
    return float(np.mean(luminance * structure)), float(np.mean(structure))


def _blurred(image: Floats) -> Floats:
    """Filter with the window wherever it lies wholly inside."""
    window = np.exp(-0.5 * np.square((np.arange(SIDE) - SIDE // 2) / DEVIATION))
    for _ in range(2):  # down the columns; then, turned, along the rows
        kept = len(image) - SIDE + 1
        image = sum(w * image[at : at + kept] for at, w in enumerate(window / window.sum())).T
    return image


def _half(image: Floats) -> Floats:
    """Take the mean of every 2 x 2 pixels; an odd last row or column is dropped."""
    height, width = image.shape[0] // 2, image.shape[1] // 2
    squares = image[: 2 * height, : 2 * width].reshape(height, 2, width, 2)
    halved: Floats = squares.mean(axis=(1, 3))
    return halved


def ssim(picture: Floats, content: Floats) -> float:
    """Return the structural similarity of two (H, W, 3) images in [0, 1], the mean of their colours."""
    from skimage.metrics import structural_similarity

    pair = picture.astype(np.float64), content.astype(np.float64)
    return float(structural_similarity(*pair, channel_axis=-1, data_range=1))
