"""Which backends can be verified here."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from nstbench.api import BackendUnavailable, UnknownName, UsageError, plugins
from nstbench.run.installed import installed


def verifiable_backends(names: Iterable[str], say: Callable[[str], None]) -> list[str]:
    """Return the backends to verify: those named, or else all that can be.

    Args:
        say: told why a backend that nobody named is left out.

    Raises:
        UnknownName: nothing answers to a name.
        BackendUnavailable: the framework of one that is named is not installed.
        UsageError: one that is named has no VGG-19.
    """
    known, chosen = plugins(), []
    for name in names:
        if name not in known:
            raise UnknownName("backend", name, known)
        if reason := _cannot(name):
            raise UsageError(f"{name} {reason}")
        chosen.append(name)
    if chosen:
        return chosen
    for name in known:
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
    found = installed(name)
    if not found.usable().has_ladder:
        return "has no VGG-19 to compare"
    found.ready()
    return ""
