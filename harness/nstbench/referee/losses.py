"""The losses of `nstbench.api.losses` and their gradients, in NumPy."""

from __future__ import annotations

import numpy as np

from nstbench.api import ROUNDING, TV_FORMS, UsageError
from nstbench.referee.network import Floats

POSITIONS = 1 << 13
"""How many positions of a tap enter a Gram matrix at once."""


def content_loss(tap: Floats, target: Floats) -> float:
    """Return 1/2 sum (F - P)^2 (Gatys, Ecker and Bethge 2016, eq. 1), summed in float64."""
    return 0.5 * squared_distance(tap.astype(np.float64), target.astype(np.float64))


def gram(tap: Floats, mask: Floats | None = None) -> Floats:
    """Return the (N, N) Gram matrix of an (h, w, N) tap divided by h * w (eq. 3), summed in float64.

    In float64 whatever the tap is: G - A cancels when a picture is near its style.

    Args:
        mask: (h, w) weights of the positions, by whose sum is then divided.
    """
    features = tap.reshape(-1, tap.shape[-1])
    total = np.zeros((tap.shape[-1],) * 2)
    for start in range(0, len(features), POSITIONS):
        some = features[start : start + POSITIONS].astype(np.float64)
        weighed = some if mask is None else some * mask.reshape(-1, 1)[start : start + POSITIONS]
        total += weighed.T @ some
    return total / (len(features) if mask is None else mask.sum())


def style_energy(gram: Floats, target: Floats) -> float:
    """Return E_l = sum (G - A)^2 / (4 N^2) (eq. 4, each Gram matrix divided by its own M)."""
    return squared_distance(gram, target) / (4 * len(target) ** 2)


def squared_distance(seen: Floats, target: Floats) -> float:
    """Return sum (seen - target)^2, or 0 where that is less than `nstbench.api.ROUNDING` can make."""
    squares = float(np.sum(np.square(seen - target)))
    return 0.0 if squares < ROUNDING**2 * float(np.sum(np.square(target))) else squares


def style_energy_gradient(tap: Floats, gram: Floats, target: Floats, mask: Floats | None = None) -> Floats:
    """Return the gradient of E_l with respect to its tap: F (G - A) / (N^2 M) (eq. 6, M as in `gram`).

    Args:
        mask: as for `gram`; 1 / M is then the share that a position has of it.
    """
    if mask is not None:
        tap, positions = tap * (mask / mask.sum())[:, :, None].astype(tap.dtype), 1
    else:
        positions = tap.shape[0] * tap.shape[1]
    gradient: Floats = tap @ ((gram - target) / (len(target) ** 2 * positions)).astype(tap.dtype)
    return gradient


def total_variation(image: Floats, form: str = "squared") -> float:
    """Return the total variation of an (H, W, 3) image, in one of `nstbench.api.TV_FORMS`.

    Raises:
        UsageError: there is no such form.
    """
    dy, dx = _differences(image, form)
    if form == "squared":
        return float(np.sum(dy**2) + np.sum(dx**2))
    if form == "absolute":
        return float(np.sum(np.abs(dy)) + np.sum(np.abs(dx)))
    return float(np.sum((dy**2 + dx**2) ** 1.25))


def total_variation_gradient(image: Floats, form: str = "squared") -> Floats:
    """Return the gradient of `total_variation` with respect to the image, (H, W, 3)."""
    dy, dx = _differences(image, form)
    if form == "squared":
        by_dy, by_dx = 2 * dy, 2 * dx
    elif form == "absolute":
        by_dy, by_dx = np.sign(dy), np.sign(dx)
    else:
        slope = 2.5 * (dy**2 + dx**2) ** 0.25
        by_dy, by_dx = slope * dy, slope * dx
    gradient = np.zeros(image.shape)
    # A difference holds its lower (right) pixel with plus and its upper (left) one with minus.
    height, width = by_dy.shape[0], by_dy.shape[1]
    gradient[1 : height + 1, :width] += by_dy
    gradient[:height, :width] -= by_dy
    height, width = by_dx.shape[0], by_dx.shape[1]
    gradient[:height, 1 : width + 1] += by_dx
    gradient[:height, :width] -= by_dx
    return gradient.astype(image.dtype)


def reductions(rows: Floats, others: Floats, matrix: Floats) -> dict[str, Floats]:
    """Return the sums of `nstbench.api.Backend.reduce`, in float64."""
    a, b, m = (each.astype(np.float64) for each in (rows, others, matrix))
    return {
        "products": np.asarray(np.sum(a * b)),
        "squares": np.asarray(np.sum(np.square(a - b))),
        "gram": a.T @ a / len(a),
        "mixed": np.sum(np.square(a @ m.T), axis=1),
        "weighted": np.sum((a @ np.ones_like(m)) * a, axis=1),
    }


def _differences(image: Floats, form: str) -> tuple[Floats, Floats]:
    """Return differences to the pixels below and to the right; for `mahendran` where there are both."""
    if form not in TV_FORMS:
        raise UsageError(f"unknown total variation {form!r}; known: {', '.join(TV_FORMS)}")
    wide = image.astype(np.float64)
    dy, dx = np.diff(wide, axis=0), np.diff(wide, axis=1)
    return (dy[:, :-1], dx[:-1]) if form == "mahendran" else (dy, dx)
