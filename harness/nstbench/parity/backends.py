"""Which backends can be verified here."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from nstbench.api import BackendUnavailable, UsageError, plugin, plugins, readiness


def verifiable_backends(names: Iterable[str], say: Callable[[str], None]) -> list[str]:
    """Return the backends to verify: those named, or else all that can be.

    Args:
        say: told why a backend that nobody named is left out.

    Raises:
        BackendUnavailable: one that is named, or its framework, is not installed.
        UsageError: one that is named has no VGG-19.
    """
    installed, chosen = plugins(), []
    for name in names:
        if name not in installed:
            raise BackendUnavailable(f"{name}: not installed; known: {', '.join(installed)}")
        if reason := _cannot(name):
            raise UsageError(f"{name} {reason}")
        chosen.append(name)
    if chosen:
        return chosen
    for name in installed:
        try:
            reason = _cannot(name)
        except BackendUnavailable as error:
            say(str(error))
        else:
            if reason:
                say(f"{name} {reason}")
            else:
                chosen.append(name)
    return chosen


def _cannot(name: str) -> str:
    """Say why a backend has no ladder; an empty string if it has.

    Raises:
        BackendUnavailable: it, or its framework, is not installed.
    """
    backend = plugin(name).load()
    if not backend.capabilities.has_ladder:
        return "has no VGG-19 to compare"
    state = readiness(backend.capabilities)
    if not state.ready:
        raise BackendUnavailable(f"{name}: {state.reason}. Install it: {state.install}")
    return ""
