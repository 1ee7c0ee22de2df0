"""How long and how often a sweep tries."""

from __future__ import annotations

from dataclasses import dataclass


class OutOfTime(Exception):
    """The time of a sweep is over, and what ran then has been ended."""


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
