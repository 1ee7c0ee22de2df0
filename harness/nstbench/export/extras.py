"""Packages that only some exports need."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from nstbench.api import UsageError


@contextmanager
def of_extra(name: str) -> Iterator[None]:
    """Import what an extra of nstbench brings.

    Raises:
        UsageError: it is not installed; says what to type.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        raise UsageError(
            f"export to {name}: no module {error.name}; pip install 'nstbench[{name}]' brings it"
        ) from error
