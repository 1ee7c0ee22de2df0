"""A whole nstbench backend: give the content the style's mean and spread of colour (Reinhard et al. 2001)."""

import numpy as np

from nstbench.api import Array, Backend, Capabilities, Problem, Session


class ColourTransfer(Backend):
    """Named by the entry point in pyproject.toml."""

    capabilities = Capabilities(
        "matches mean and spread of colour; no network", frozenset({"content", "style", "size", "style_size"})
    )

    def prepare(self, problem: Problem) -> Session:
        """Get ready what does not depend on the iterations; outside the timed loop."""
        return ColourTransferSession(problem)


class ColourTransferSession(Session):
    """One problem. `run` is what is timed; `image` may be asked for at any time."""

    def __init__(self, problem: Problem) -> None:
        self._content, self._style, self._image = problem.content, problem.style, problem.init

    def run(self, n: int) -> None:
        """Make n passes, each the whole work; a pass has no losses to return."""
        for _ in range(n):
            scale = self._style.std((0, 1)) / np.maximum(self._content.std((0, 1)), 1e-6)
            moved = (self._content - self._content.mean((0, 1))) * scale + self._style.mean((0, 1))
            self._image = np.clip(moved, 0.0, 1.0)

    def image(self) -> Array:
        """Return the pastiche: (H, W, 3) float32 RGB in [0, 1], as large as the content."""
        return self._image
