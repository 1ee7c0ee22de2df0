"""SciPy's L-BFGS-B, made to stand still between iterations; knows no framework."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection
from threading import Semaphore, Thread
from typing import Any, TypeAlias

import numpy as np
from scipy.optimize import Bounds, minimize

from nstbench.api.backend import Session
from nstbench.api.iterative import LOSS_COLUMNS, loss_trace
from nstbench.api.losses import LossTrace
from nstbench.api.vgg19 import Array

Objective: TypeAlias = Callable[[Array], tuple[Array, Array]]
"""Image -> (losses with the total first, gradient of the total with respect to the image)."""

_UNLIMITED = {"maxcor": 10, "ftol": 0.0, "gtol": 0.0, "maxiter": sys.maxsize, "maxfun": sys.maxsize}


class Lbfgs:
    """An L-BFGS-B run within [0, 1], memory 10 (Byrd, Lu, Nocedal and Zhu 1995).

    `scipy.optimize.minimize` cannot be paused and keeps its memory to itself, so it runs in a thread of its
    own that waits after every iteration until the next one is asked for: the two threads never run at once.
    SciPy computes in float64 on what the objective says in float32.

    Attributes:
        image: where the iterations have led, within [0, 1].
        evaluations: how often the objective was asked so far.
    """

    def __init__(self, objective: Objective, start: Array) -> None:
        self.image = start
        self.evaluations = 0
        self._objective = objective
        self._latest: Array | None = None  # losses at the point evaluated last
        self._before: Array | None = None  # losses of the image before the present iteration
        self._finished: Array | None = None  # losses that the iteration just taken began with
        self._error: BaseException | None = None
        self._closed = False
        self._go, self._rest = Semaphore(0), Semaphore(0)
        self._thread = Thread(target=self._work, name="lbfgs", daemon=True)
        self._thread.start()

    def step(self) -> Array:
        """Take one iteration and return the losses of the image before it.

        Raises:
            Exception: whatever the objective raised, now or in an earlier step.
        """
        assert not self._closed, "step() after close()"
        if self._error is None:
            self._go.release()
            self._rest.acquire()
        if self._error is not None:
            raise self._error
        assert self._finished is not None
        return self._finished

    def close(self) -> None:
        """End the thread."""
        self._closed = True
        self._go.release()
        self._thread.join()

    def _work(self) -> None:
        try:
            self._wait()
            self._iterate()
        except _Closed:
            pass
        except BaseException as error:  # step() raises it where somebody hears
            self._error = error
            self._rest.release()

    def _iterate(self) -> None:
        """Minimise for ever.

        SciPy ends where the loss is flat to float32: its line search fails, or accepts a step that does not
        lower the loss. A fresh start forgets the memory and may get on; if it does not, no later one will,
        and the image stays.
        """
        reached, stuck = np.inf, False
        while not stuck:
            minimize(
                self._evaluate,
                self.image.ravel().astype(np.float64),
                method="L-BFGS-B",
                jac=True,
                bounds=Bounds(0.0, 1.0),
                callback=self._accept,
                options=_UNLIMITED,
            )
            assert self._before is not None
            total = float(self._before[0])
            stuck = not total < reached
            reached = total
        while True:
            self._evaluate(self.image)
            self._accept(self.image)

    def _evaluate(self, point: Any) -> tuple[float, Any]:
        if self._closed:
            raise _Closed
        self.evaluations += 1
        self._latest, gradient = self._objective(self._as_image(point))
        if self._before is None:
            self._before = self._latest
        return float(self._latest[0]), gradient.astype(np.float64).ravel()

    def _accept(self, point: Any) -> None:
        """End an iteration; SciPy accepts the point that it evaluated last."""
        self.image = self._as_image(point)
        self._finished, self._before = self._before, self._latest
        self._rest.release()
        self._wait()

    def _wait(self) -> None:
        self._go.acquire()
        if self._closed:
            raise _Closed

    def _as_image(self, point: Any) -> Array:
        image: Array = point.reshape(self.image.shape).astype(np.float32)
        return image


class LbfgsSession(Session):
    """L-BFGS on the host; losses and gradient come from the device.

    Args:
        objective: image -> (row of losses as `loss_trace` takes them, gradient of the total).
        init: (H, W, 3) float32, where to start.
    """

    def __init__(self, objective: Objective, init: Array, style_layers: Collection[str]) -> None:
        self._objective, self._style_layers = objective, style_layers
        self._search = Lbfgs(objective, init)

    def compile(self, chunk: int) -> None:
        """Evaluate the image once, which advances nothing."""
        self._objective(self._search.image)

    def run(self, n: int) -> LossTrace:
        """Take n iterations."""
        before = self._search.evaluations
        rows = np.empty((n, len(LOSS_COLUMNS) + len(self._style_layers)), np.float32)
        for row in rows:
            row[:] = self._search.step()
        return loss_trace(rows, self._style_layers, self._search.evaluations - before)

    def image(self) -> Array:
        """Return a copy of where the search stands."""
        return self._search.image.copy()

    def close(self) -> None:
        """End the search and let go of the problem."""
        self._search.close()
        del self._search, self._objective


class _Closed(Exception):
    """Leads out of SciPy when the run is closed."""
