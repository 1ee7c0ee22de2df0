"""The contract checks as tests, for the test file of a plugin."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from nstbench.api import VggWeights, plugin
from nstbench.testing.check import CHECKS, Check
from nstbench.testing.subject import Subject, start
from nstbench.testing.violation import NotApplicable


def contract(
    name: str,
    *,
    weights: Callable[[], VggWeights] | None = None,
    options: Mapping[str, Any] | None = None,
    device: str = "auto",
) -> Callable[[Check], None]:
    """Make a test function with one test for each contract check that applies to an installed backend.

    The backend starts once, with the first test. In a test file: `test_contract = contract("my-backend")`.

    Args:
        weights: makes VGG-19 parameters for a backend that consumes them; untrained ones if left out.
        options: other values than the defaults of the backend's options.
        device: as for `Backend.start`.

    Raises:
        UnknownName: no such backend is installed.
        BackendUnavailable: its module cannot be imported.
    """
    import pytest

    found = plugin(name)
    capabilities = found.load().capabilities

    @cache
    def subject() -> Subject:
        loaded = weights() if weights else None
        return start(found, loaded, options, device)

    applying = [check for check in CHECKS if check.left_out(capabilities) is None]

    @pytest.mark.parametrize("check", applying, ids=lambda check: check.name)
    def test_contract(check: Check) -> None:
        try:
            check(subject())
        except NotApplicable as reason:
            print(f"not applicable: {reason}")  # shown by pytest -rP; no skip, which would fail strict runs

    decorated: Callable[[Check], None] = test_contract
    return decorated
