"""The style_loss `wasserstein2` of `nstbench.api.losses` and its gradient, in NumPy, by eigenvalues."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nstbench.referee.losses import POSITIONS
from nstbench.referee.network import Floats

RIDGE, STEPS = 1e-4, 12


@dataclass(frozen=True, slots=True, eq=False)
class Gaussian:
    """Mean (N,) and covariance matrix (N, N) of a tap over its positions, in float64."""

    mean: Floats
    covariance: Floats


def mean_of(tap: Floats, mask: Floats | None = None) -> Floats:
    """Return the mean (N,) of an (h, w, N) tap, summed in float64.

    Args:
        mask: (h, w) weights of the positions.
    """
    features = (tap if mask is None else tap * mask[:, :, None]).reshape(-1, tap.shape[-1])
    parts = (features[i : i + POSITIONS].sum(axis=0, dtype=float) for i in range(0, len(features), POSITIONS))
    mean: Floats = sum(parts, np.zeros(tap.shape[-1])) / (len(features) if mask is None else mask.sum())
    return mean


def gaussian(gram: Floats, mean: Floats) -> Gaussian:
    """Return the Gaussian that features with such a Gram matrix (over M) and mean have."""
    return Gaussian(mean, gram - np.outer(mean, mean) + RIDGE * np.eye(len(mean)))


def wasserstein_energy(seen: Gaussian, target: Gaussian) -> float:
    """Return E_l."""
    return _compare(seen, target)[0]


def wasserstein_energy_gradient(tap: Floats, seen: Gaussian, target: Gaussian) -> Floats:
    """Return the gradient of E_l with respect to its tap, (h, w, N)."""
    slope = _compare(seen, target)[1]
    positions = tap.shape[0] * tap.shape[1]
    by_mean = 2 * (seen.mean - target.mean) / len(seen.mean) - 2 * slope @ seen.mean
    gradient: Floats = ((tap @ (2 * slope) + by_mean) / positions).astype(tap.dtype)
    return gradient


def _compare(seen: Gaussian, target: Gaussian) -> tuple[float, Floats]:
    """Return E_l, and its gradient with respect to the covariance of what is seen."""
    channels = len(seen.mean)
    root = _root(target.covariance)
    values, vectors = np.linalg.eigh(root @ seen.covariance @ root)
    roots, slopes = _sum_of_roots(values)
    apart = np.sum(np.square(seen.mean - target.mean))
    spread = np.trace(seen.covariance) + np.trace(target.covariance) - 2 * roots
    of_roots = root @ (vectors * slopes) @ vectors.T @ root
    return float(apart + spread) / channels, (np.eye(channels) - 2 * of_roots) / channels


def _root(matrix: Floats) -> Floats:
    values, vectors = np.linalg.eigh(matrix)
    size = np.sqrt(np.sum(values**2))
    root: Floats = (vectors * (_newton_schulz(values / size)[0] * np.sqrt(size))) @ vectors.T
    return root


def _sum_of_roots(values: Floats) -> tuple[float, Floats]:
    """Return the sum of the square roots of eigenvalues, and its gradient with respect to each of them."""
    size = np.sqrt(np.sum(values**2))
    roots, slopes = _newton_schulz(values / size)
    total = np.sum(roots)
    by_size = total / (2 * np.sqrt(size)) - np.sum(slopes * values) / size**1.5
    return float(np.sqrt(size) * total), slopes / np.sqrt(size) + by_size * values / size


def _newton_schulz(values: Floats) -> tuple[Floats, Floats]:
    """Return what the iteration makes of each eigenvalue up to 1, nearly its root, and the derivative."""
    y, z, dy, dz = values, np.ones_like(values), np.ones_like(values), np.zeros_like(values)
    for _ in range(STEPS):
        towards, change = (3 - z * y) / 2, -(dz * y + z * dy) / 2
        y, z, dy, dz = y * towards, towards * z, dy * towards + y * change, change * z + towards * dz
    return y, dy
