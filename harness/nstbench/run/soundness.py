"""Whether an optimisation came to anything: its end held against its start."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from nstbench.api import LossTrace, NstbenchError

RISE = 2.0
"""A total that ends so many times as high as it started has diverged; one that ends higher is doubtful. An
optimiser that starts at a minimum may stray a little."""

SQUARES_OVERFLOW = 1e19
"""The optimisers square the gradient: beyond the root of float32's largest number that is infinite."""


class DivergedError(NstbenchError):
    """A loss is no longer a finite number, or far higher than it was at the start."""


def why_not_finite(traces: Sequence[LossTrace], noticed: Collection[str]) -> str | None:
    """Say from which iteration the total is not finite and what to do about it; None if the newest trace is.

    Args:
        traces: of all iterations so far, at least one.
        noticed: the settings that make a difference, so that none is named that does not.
    """
    if np.isfinite(traces[-1].total).all():
        return None
    totals = np.concatenate([trace.total for trace in traces])
    done = int(np.argmin(np.isfinite(totals)))
    if done:
        remedy = _remedy(float(totals[done - 1]), noticed)
        return f"the total loss is not finite from iteration {done + 1}{remedy}"
    wild = [name for name in ("content", "style", "tv") if not np.isfinite(getattr(traces[0], name)[0])]
    said = f"the {wild[0] if wild else 'total'} loss of the starting image is not finite, before any step"
    cause = "; look at the network's parameters (weights)" if wild else "; lower alpha, beta or tv_weight"
    return said + cause


def why_diverged(start: float, end: float, noticed: Collection[str]) -> str | None:
    """Say that the total has risen far, and what to do about it; None if it has not."""
    if end <= RISE * start:
        return None
    return f"the total loss rose from {start:.3g} to {end:.3g}{_remedy(start, noticed)}"


def why_doubtful(
    start: float, end: float, moved: bool, iterations: int, noticed: Collection[str]
) -> str | None:
    """Say what is strange about a picture that is none the less a result; None if nothing is.

    Args:
        moved: whether a pixel differs from the starting image.
    """
    if end > start:
        return f"the total loss ends higher than it started, {end:.4g} after {start:.4g}"
    if moved or end == 0:
        return None
    said = f"no pixel has moved in {iterations} iterations, at a total loss of {end:.3g}"
    if end <= SQUARES_OVERFLOW and "learning_rate" in noticed:
        return f"{said}: the steps are lost in rounding; raise learning_rate"
    return said + _remedy(end, noticed)


def _remedy(total: float, noticed: Collection[str]) -> str:
    if total > SQUARES_OVERFLOW:
        return "; a gradient of such a loss overflows float32: lower alpha, beta or tv_weight"
    return "; lower learning_rate" if "learning_rate" in noticed else ""
