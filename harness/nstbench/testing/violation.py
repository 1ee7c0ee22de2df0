"""What a check says: the contract is broken, or the check does not apply."""

from __future__ import annotations


class ContractViolation(AssertionError):
    """A backend breaks the contract; the message says what is demanded, what was seen and what to do."""


class NotApplicable(Exception):
    """A check has nothing to look at in this backend; the message says why."""


def demand(holds: object, demanded: str, seen: object, remedy: str) -> None:
    """Raise `ContractViolation` unless something holds.

    Args:
        demanded: a clause: "the image has the size of the content image".
        seen: what was found instead.
        remedy: what the author can do.
    """
    if not holds:
        raise ContractViolation(f"demanded: {demanded}; seen: {seen}; {remedy}")
