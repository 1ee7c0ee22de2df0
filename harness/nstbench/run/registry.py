"""What planning needs to know of installed backends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nstbench.api import BackendUnavailable, plugin, readiness

if TYPE_CHECKING:
    from nstbench.plan import BackendFacts


def facts(name: str) -> BackendFacts:
    """Return what planning needs to know of a backend.

    Raises:
        UnknownName: nothing installed answers to that name.
        BackendUnavailable: the plugin is broken or its framework is not installed.
    """
    from nstbench.plan import BackendFacts  # here, as listing backends need not wait for pydantic

    found = plugin(name)
    kind = type(found.make())  # which names a method that it lacks
    state = readiness(kind.capabilities)
    if not state.ready:
        raise BackendUnavailable(
            f"{name}: {state.reason}. Install it: {state.install}; or choose others: --backend NAME"
        )
    return BackendFacts(name, found.version, kind.capabilities, found.make)
