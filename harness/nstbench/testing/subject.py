"""A started backend with what the checks need to know of it, and small problems to set it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from nstbench.api import (
    CHANNELS,
    Array,
    Backend,
    Capabilities,
    Device,
    LossTrace,
    Plugin,
    Problem,
    VggWeights,
    in_channels,
)
from nstbench.testing.settings import PROBLEM_AXES, accepted

HEIGHT, WIDTH = 32, 27


@dataclass(frozen=True, slots=True)
class Subject:
    """One backend under examination.

    Attributes:
        target: `module:attribute` of its entry point, for checks that need a fresh process.
        device: what `start` answered.
        weights: what it was loaded with; None unless it consumes `weights`.
        accepted: combinations of `PROBLEM_AXES` that it does not refuse, its preferred one first.
    """

    name: str
    target: str
    backend: Backend
    device: Device
    weights: VggWeights | None
    accepted: tuple[Mapping[str, Any], ...]

    @property
    def capabilities(self) -> Capabilities:
        """What the backend says of itself."""
        return self.backend.capabilities

    def values(self, axis: str) -> tuple[Any, ...]:
        """Return the values of an axis that the backend accepts, the others as it likes them best."""
        others = {name: value for name, value in self.accepted[0].items() if name != axis}
        return tuple(each[axis] for each in self.accepted if each == others | {axis: each[axis]})

    def allows(self, chosen: Mapping[str, Any]) -> bool:
        """Tell whether choices go through `refuse`, the others as the backend likes them best."""
        asked = {name: value for name, value in chosen.items() if name in PROBLEM_AXES}
        if "style_blend" in asked:  # how many there are is all that counts
            asked["style_blend"] = {len(blend): blend for blend in PROBLEM_AXES["style_blend"]}[
                len(asked["style_blend"])
            ]
        return dict(self.accepted[0]) | asked in self.accepted

    def problem(self, height: int = HEIGHT, width: int = WIDTH, **changes: Any) -> Problem:
        """Make a problem of fresh arrays: noise everywhere, odd sides, shallow layers, every term above 0."""
        content, init, *styles = noise((height, width), (height, width), (37, 45), (33, 48))
        chosen = dict(self.accepted[0]) | {k: changes.pop(k) for k in PROBLEM_AXES if k in changes}
        plain = Problem(
            content=content,
            styles=tuple(styles[: len(chosen["style_blend"])]),
            init=init,
            content_layers={"conv1_2": 1.0},
            style_layers={"conv2_1": 0.75, "conv1_1": 0.25},
            alpha=1.0,
            beta=10.0,
            tv_weight=0.5,
            **chosen,
        )
        return replace(plain, **changes)

    def advance(self, problem: Problem, *counts: int) -> Progress:
        """Solve a problem in calls of `run(n)`, one for each count; the session is closed."""
        session = self.backend.prepare(problem)
        try:
            session.compile(max(counts))
            traces = [session.run(n) for n in counts]
            return Progress(np.array(session.image()), tuple(trace for trace in traces if trace is not None))
        finally:
            session.close()


@dataclass(frozen=True, slots=True, eq=False)
class Progress:
    """What came out of a session: the image, and a trace for each call (none if it computes none)."""

    image: Array
    traces: tuple[LossTrace, ...]

    def losses(self) -> dict[str, Array]:
        """Return every column of the traces, end to end; without traces an empty mapping."""
        columns = [
            {name: getattr(trace, name) for name in ("total", "content", "style", "tv")}
            | dict(trace.style_layers)
            for trace in self.traces
        ]
        return {name: np.concatenate([each[name] for each in columns]) for name in (columns or [{}])[0]}


def start(
    found: Plugin,
    weights: VggWeights | None = None,
    options: Mapping[str, Any] | None = None,
    device: str = "auto",
) -> Subject:
    """Start and load an installed backend.

    Args:
        weights: for a backend that consumes them; untrained ones if left out.
        options: other values than the defaults.
    """
    backend = found.make(options)
    taken = backend.start(device)
    weights = (weights or random_weights()) if "weights" in backend.capabilities.consumes else None
    backend.load(weights)
    return Subject(found.name, found.entry_point.value, backend, taken, weights, accepted(backend))


def noise(*sizes: tuple[int, int], seed: int = 0) -> list[Array]:
    """Draw images (h, w, 3) uniformly from [0, 1)."""
    generator = np.random.Generator(np.random.Philox(seed))
    return [generator.random((*size, 3), dtype=np.float32) for size in sizes]


def random_weights(seed: int = 0) -> VggWeights:
    """Draw untrained VGG-19 parameters with He's deviation, sqrt(2 / fan in) (He et al. 2015, eq. 10)."""
    generator = np.random.Generator(np.random.Philox(seed))
    made = {}
    for layer, channels in CHANNELS.items():
        shape = (3, 3, in_channels(layer), channels)
        scale = np.float32(np.sqrt(2 / np.prod(shape[:3])))
        made[layer] = generator.standard_normal(shape, np.float32) * scale, np.zeros(channels, np.float32)
    return made
