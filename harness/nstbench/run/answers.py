"""What a backend answers, looked at before it is believed: a plugin may return anything.

What is not as the contract has it fails the trial at hand, with the method's name. Let through, it would end
in the record, and from then on spoil the tables of the whole folder.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from nstbench.api import Array, Device, LossTrace, NstbenchError, OptimiserState, one_line
from nstbench.record.misfits import MOST

PARTS = ("total", "content", "style", "tv")
BEYOND = 1e-3
"""How far outside [0, 1] a pixel may lie: roundings, not another scale."""


class WrongAnswer(NstbenchError):
    """A backend returned what its contract does not allow."""

    def __init__(self, method: str, found: object, allowed: str) -> None:
        said = repr(found)
        super().__init__(f"{method}: found {said if len(said) <= 100 else said[:97] + '...'}; {allowed}")


def count(method: str, found: Any) -> int:
    """Return a count as an int.

    Raises:
        WrongAnswer: it is none.
    """
    try:
        number = operator.index(found)
    except TypeError:
        number = -1
    if not 0 <= number < MOST:
        raise WrongAnswer(method, found, "a whole number from 0 is allowed")
    return number


def bytes_or_none(method: str, found: Any) -> int | None:
    """Return a number of bytes, or None."""
    return None if found is None else count(method, found)


def flop(found: Any) -> float | None:
    """Return what `Session.flop` said.

    Raises:
        WrongAnswer: no positive number, nor None.
    """
    if found is None:
        return None
    try:
        number = float(found)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not 0 < number < math.inf:
        raise WrongAnswer("Session.flop", found, "a positive number or None is allowed")
    return number


def device(found: Any) -> Device:
    """Return what `Backend.start` took."""
    if not isinstance(found, Device) or found.kind not in ("cpu", "gpu") or not isinstance(found.name, str):
        raise WrongAnswer("Backend.start", found, "a Device('cpu' or 'gpu', name) is allowed")
    return found


def options(found: Any) -> dict[str, Any]:
    """Return the options that a backend works with."""
    if not isinstance(found, Mapping) or not all(
        isinstance(name, str) and isinstance(value, bool | int | float | str) for name, value in found.items()
    ):
        raise WrongAnswer("Backend.taken", found, "a mapping of names to values of options is allowed")
    return dict(found)


def trace(found: Any, n: int, before: Sequence[LossTrace]) -> LossTrace | None:
    """Return the losses of n iterations.

    Args:
        before: those of the iterations before these.

    Raises:
        WrongAnswer: they are not of n iterations, no numbers, or there are none where there were some before.
    """
    if found is None and not before:
        return None
    call = f"Session.run({n})"
    if not isinstance(found, LossTrace):
        allowed = "a LossTrace is allowed" + ("" if before else ", or None from a backend without losses")
        raise WrongAnswer(call, found, allowed)
    if not isinstance(found.style_layers, Mapping):
        raise WrongAnswer(f"{call}: style_layers", found.style_layers, "a mapping is allowed")
    if before and found.style_layers.keys() != before[0].style_layers.keys():
        raise WrongAnswer(
            f"{call}: style_layers",
            sorted(found.style_layers),
            "the layers of the calls before are",
        )
    parts = {name: _losses(f"{name}, {call}", getattr(found, name), n) for name in PARTS}
    layers = {str(layer): _losses(f"{layer}, {call}", each, n) for layer, each in found.style_layers.items()}
    known = np.isfinite(parts["total"])  # a total that is not finite has diverged, and is told as that
    for name, each in (*parts.items(), *layers.items()):
        if not np.isfinite(each[known]).all():
            raise WrongAnswer(f"{name}, {call}", each, "a finite total has finite parts")
    evaluations = count(f"evaluations, {call}", found.evaluations)
    return LossTrace(**parts, style_layers=layers, evaluations=evaluations)


def state(found: Any) -> OptimiserState | None:
    """Return what a session hands over to the next stage."""
    if found is None:
        return None
    fits = isinstance(found, OptimiserState) and all(
        isinstance(each, np.ndarray) and each.dtype == np.float32 and each.ndim == 3 and each.shape[2] == 3
        for each in found.moments
    )
    if not fits:
        raise WrongAnswer(
            "Session.state", found, "an OptimiserState with (H, W, 3) float32, or None, is allowed"
        )
    return OptimiserState(count("Session.state().steps", found.steps), tuple(found.moments))


def picture(found: Any, shape: tuple[int, ...]) -> Array:
    """Return an image.

    Raises:
        WrongAnswer: it has not that shape, or is not of floating-point numbers from 0 to 1. Pixels that are
            not finite are left to who encodes them.
    """
    if not isinstance(found, np.ndarray) or found.dtype.kind != "f":
        kind = getattr(found, "dtype", type(found).__name__)
        raise WrongAnswer("Session.image", str(kind), "a NumPy array of float32 is allowed")
    if found.shape != shape:
        raise WrongAnswer(
            "Session.image", found.shape, f"the shape of the content image, {shape}, is allowed"
        )
    if found.size and (found.min() < -BEYOND or found.max() > 1 + BEYOND):
        seen = float(found.min()), float(found.max())
        raise WrongAnswer("Session.image", seen, "pixels from 0 to 1 are allowed")
    return found


def _losses(what: str, found: Any, n: int) -> Array:
    try:
        losses = np.asarray(found)
    except Exception as error:
        raise WrongAnswer(what, one_line(error), f"an array of {n} numbers is allowed") from error
    if losses.shape != (n,) or losses.dtype.kind not in "fiu":
        seen = f"{losses.dtype} of shape {losses.shape}"
        raise WrongAnswer(what, seen, f"real numbers of shape ({n},) are allowed")
    return losses
