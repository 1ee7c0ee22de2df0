"""Finding executors through entry points; only the one that is used is imported."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec

from nstbench.api import UnknownName, UsageError
from nstbench.run.executor import Executor

GROUP = "nstbench.executors"


def executors() -> Mapping[str, EntryPoint]:
    """Return the entry points of all executors by name."""
    return {each.name: each for each in sorted(entry_points(group=GROUP), key=lambda each: each.name)}


def find_executor(name: str) -> type[Executor]:
    """Return the executor of that name.

    Raises:
        UnknownName: there is none.
        UsageError: it cannot be loaded, or what it requires is not installed; says what to type.
    """
    found = executors()
    if name not in found:
        raise UnknownName("executor", name, found)
    try:
        executor = found[name].load()
    except Exception as error:
        raise UsageError(f"executor {name}: cannot be loaded: {type(error).__name__}: {error}") from error
    if reason := why_not(executor):
        raise UsageError(f"executor {name}: {reason}")
    return executor  # type: ignore[no-any-return]


def why_not(executor: type[Executor]) -> str:
    """Say why an executor cannot run here; empty if it can."""
    if executor.requires and find_spec(executor.requires) is None:
        return f"{executor.requires} is not installed. Install it: {executor.install}"
    return ""
