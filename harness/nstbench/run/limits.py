"""How long and how often a sweep tries."""

from __future__ import annotations

from dataclasses import dataclass


class Stopped(Exception):
    """A sweep ends before all is done, and what ran then has been ended; its text says why, after `as`."""


class OutOfTime(Stopped):
    """The time of a sweep is over."""

    def __init__(self) -> None:
        super().__init__("the time was over")


@dataclass(frozen=True, slots=True)
class Limits:
    """When a sweep gives up.

    Attributes:
        retries: how often trials are given to a fresh worker when theirs died, as for lack of memory.
        fail_fast: whether nothing more begins once a trial has failed.
        time_s: seconds for the whole sweep; None for no end. What is not done by then stays to be done.
    """

    retries: int = 0
    fail_fast: bool = False
    time_s: float | None = None
