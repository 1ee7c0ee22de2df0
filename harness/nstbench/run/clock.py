"""The clock: what is timed, and nothing else.

Only `Session.run` is inside it. The first round is warm-up: kept, marked, never in a median.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import perf_counter
from typing import TypeVar

from nstbench.api import LossTrace, Session
from nstbench.record import Round

T = TypeVar("T")


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """One timed round and the losses that came out of it."""

    round: Round
    trace: LossTrace | None


def timed(action: Callable[[], T]) -> tuple[T, float]:
    """Return (result, seconds)."""
    start = perf_counter()
    result = action()
    return result, perf_counter() - start


def rounds(session: Session, iterations: int, chunk: int, warmup: bool) -> Iterator[Step]:
    """Advance a session by `iterations`, `chunk` at a time; the first round is warm-up if asked.

    The garbage collector rests during a round, so that it strikes no round by chance.
    """
    done = 0
    while done < iterations:
        n = min(chunk, iterations - done)
        with _no_garbage_collection():
            trace, seconds = timed(lambda n=n: session.run(n))  # type: ignore[misc]
        yield Step(Round(n, seconds, warmup and done == 0), trace)
        done += n


@contextmanager
def _no_garbage_collection() -> Iterator[None]:
    gc.collect(0)
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
