"""Early stopping: when the total loss no longer falls."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(slots=True)
class Plateau:
    """Watches losses go by.

    Attributes:
        patience: iterations without progress after which it is reached; 0 for never.
        min_delta: how far below the best loss, as a share of it, a loss must be to count as progress.
    """

    patience: int
    min_delta: float
    _best: float = field(default=math.inf, init=False)
    _idle: int = field(default=0, init=False)

    def see(self, losses: Iterable[float]) -> None:
        """Take in the losses of the next iterations."""
        for loss in losses:
            if loss < self._best * (1.0 - self.min_delta):
                self._best, self._idle = loss, 0
            else:
                self._idle += 1

    @property
    def reached(self) -> bool:
        """Whether to stop."""
        return 0 < self.patience <= self._idle
