"""For plugin authors: the contract as checks, and stand-ins that behave, and misbehave, exactly as told.

A name is imported when it is first asked for: the pytest plugin in here is loaded by sessions that need none.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nstbench.testing.check import CHECKS, Check, Outcome, examine, find_checks
    from nstbench.testing.fakes import FakeBackend
    from nstbench.testing.for_pytest import contract
    from nstbench.testing.subject import Subject, start
    from nstbench.testing.violation import ContractViolation, NotApplicable

__all__ = [
    "CHECKS",
    "Check",
    "ContractViolation",
    "FakeBackend",
    "NotApplicable",
    "Outcome",
    "Subject",
    "contract",
    "examine",
    "find_checks",
    "start",
]

_HOMES = {
    "check": ("CHECKS", "Check", "Outcome", "examine", "find_checks"),
    "fakes": ("FakeBackend",),
    "for_pytest": ("contract",),
    "subject": ("Subject", "start"),
    "violation": ("ContractViolation", "NotApplicable"),
}
"""Module -> what it offers here."""


def __getattr__(name: str) -> Any:
    for module, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f"{__name__}.{module}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
