"""For plugin authors: the contract as checks, and stand-ins that behave, and misbehave, exactly as told."""

from nstbench.testing.check import CHECKS, Check, Outcome, examine
from nstbench.testing.fakes import FakeBackend
from nstbench.testing.for_pytest import contract
from nstbench.testing.subject import Candidate, Subject, find_backend, start
from nstbench.testing.violation import ContractViolation, NotApplicable

__all__ = [
    "CHECKS",
    "Candidate",
    "Check",
    "ContractViolation",
    "FakeBackend",
    "NotApplicable",
    "Outcome",
    "Subject",
    "contract",
    "examine",
    "find_backend",
    "start",
]
