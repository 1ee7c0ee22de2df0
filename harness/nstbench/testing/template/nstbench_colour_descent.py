"""An iterative nstbench backend: gradient descent on each channel's distance to the style's mean and spread.

The distance is that of two normal distributions (Olkin and Pukelsheim 1982), so with n pixels x of mean m and
spread s, content p, and a style of mean m' and spread s':

    content  1/2 sum (x - p)^2                        its gradient  x - p
    style    n/2 sum ((m - m')^2 + (s - s')^2)        its gradient  x - (m' + s'/s (x - m))
"""

import numpy as np

from nstbench.api import Array, Backend, Capabilities, LossTrace, Problem, Session

CONSUMES = frozenset(
    {"content", "style", "size", "style_size", "init", "seed", "iterations", "alpha", "beta", "learning_rate"}
)


class ColourDescent(Backend):
    """Named by the entry point in pyproject.toml."""

    capabilities = Capabilities("descends to the style's mean and spread of colour; no network", CONSUMES)

    def prepare(self, problem: Problem) -> Session:
        """Get ready what does not depend on the iterations; outside the timed loop."""
        return ColourDescentSession(problem)


class ColourDescentSession(Session):
    """One problem. `run` is what is timed; `image` may be asked for at any time."""

    def __init__(self, problem: Problem) -> None:
        self._problem, self._image = problem, problem.init
        self._mean, self._spread = problem.style.mean((0, 1)), problem.style.std((0, 1))

    def run(self, n: int) -> LossTrace:
        """Take n steps; a row of losses for each, of the image before it."""
        content, style = np.array([self._step() for _ in range(n)], np.float32).T
        total = self._problem.alpha * content + self._problem.beta * style
        return LossTrace(total, content, style, np.zeros_like(total), style_layers={}, evaluations=n)

    def image(self) -> Array:
        """Return the pastiche: (H, W, 3) float32 RGB in [0, 1], as large as the content."""
        return self._image

    def _step(self) -> tuple[float, float]:
        x, problem = self._image, self._problem
        mean, spread = x.mean((0, 1)), np.maximum(x.std((0, 1)), 1e-6)
        from_content = x - problem.content
        from_style = x - (self._mean + self._spread / spread * (x - mean))
        gradient = problem.alpha * from_content + problem.beta * from_style
        rate = problem.learning_rate / (
            problem.alpha + problem.beta
        )  # whatever their size, no step is too long
        self._image = np.clip(x - rate * gradient, 0.0, 1.0).astype(np.float32)
        apart = np.sum((mean - self._mean) ** 2 + (spread - self._spread) ** 2)
        return 0.5 * float(np.sum(from_content**2)), 0.5 * x[..., 0].size * float(apart)
