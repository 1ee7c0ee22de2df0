"""Where a series of medians takes a step."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from nstbench.api import UsageError

LEAST_STEP = 0.03
"""Changes of the level below this share are not told from what a machine does by itself."""

SHORTEST = 3
"""Commits on each side of a step."""

_GAMMA, _PENALTY = 0.5, 0.7
_LEAST_NOISE = 0.005


def find_steps(seconds: Sequence[float]) -> tuple[int, ...]:
    """Return the places at which a new level begins, in order.

    Kernel change points (Arlot, Celisse and Harchaoui 2019), searched exactly (Killick, Fearnhead and Eckley
    2012), on logarithms in units of their noise. The noise is taken from the differences of neighbours, so
    that steps do not widen it. The kernel is a Gaussian of fixed width: an outlier has a bounded weight.

    Simulated: 3 to 5 % of noise, one commit in twenty 20 % off, a step of 10 % anywhere but within three
    commits of an end; found if within two commits; 3000 series with it and 3000 without, not those that width
    and penalty were chosen on:

        commits      10     20     40     80
        found       64 %   75 %   83 %   88 %     of 40, at least eight commits from an end: 91 %
        invented   7.2 %  4.3 %  2.4 %  0.8 %     of series without a step

    Others, on 1500 further series of 40 commits each, found and invented: absolute deviations 80 and 3.9 %
    or, with a higher penalty, 75 and 2.0 %; squares 75 and 10.7 % or 69 and 6.5 %; the kernel's usual width,
    the median of all distances, 83 and 3.5 %. But behind a doubling ten commits earlier that width found none
    of 500 steps of 10 %, the fixed one 76 % of 1000, absolute deviations 69 to 75 % of 500.

    Returns:
        Indices into `seconds`; empty for fewer than six.

    Raises:
        UsageError: the library is not installed; says what to type.
    """
    if len(seconds) < 2 * SHORTEST:
        return ()
    try:
        import ruptures
    except ModuleNotFoundError as error:
        raise UsageError(
            f"steps of a history: no module {error.name}; pip install 'nstbench[history]' brings it"
        ) from error

    logs = np.log(np.asarray(seconds, float))
    search = ruptures.KernelCPD(kernel="rbf", min_size=SHORTEST, params={"gamma": _GAMMA})
    scaled = (logs / _noise(logs))[:, np.newaxis]
    *found, _ = search.fit(scaled).predict(pen=_PENALTY * np.log(len(logs)))
    return _large_enough(logs, found)


def levels(seconds: Sequence[float], steps: Sequence[int]) -> tuple[float, ...]:
    """Return the median of each stretch between steps."""
    return tuple(float(np.median(seconds[a:b])) for a, b in pairwise((0, *steps, len(seconds))))


def _noise(logs: np.ndarray) -> float:
    """Estimate the standard deviation of the noise, so that neither steps nor outliers widen it."""
    differences = np.diff(logs)
    spread = np.median(np.abs(differences - np.median(differences)))
    return max(float(1.4826 * spread / np.sqrt(2)), _LEAST_NOISE)


def _large_enough(logs: np.ndarray, steps: list[int]) -> tuple[int, ...]:
    """Leave out steps that are too small, the smallest first, as what is left then joins."""
    while steps:
        sizes = np.abs(np.diff([np.median(part) for part in np.split(logs, steps)]))
        smallest = int(sizes.argmin())
        if sizes[smallest] >= np.log1p(LEAST_STEP):
            break
        steps = steps[:smallest] + steps[smallest + 1 :]
    return tuple(map(int, steps))
