"""Finding executors through entry points; only the one that is used is imported."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec

from nstbench.api import UnknownName, UsageError, did_you_mean
from nstbench.run.executor import Offered

GROUP = "nstbench.executors"


def executors() -> Mapping[str, EntryPoint]:
    """Return the entry points of all executors by name."""
    return {each.name: each for each in sorted(entry_points(group=GROUP), key=lambda each: each.name)}


def find_executor(name: str, options: Iterable[str] = ()) -> type[Offered]:
    """Return the executor of that name.

    Args:
        options: the names of those that it is to have.

    Raises:
        UnknownName: there is none.
        UsageError: it cannot be loaded, what it requires is not installed, or it has no such option.
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
    for option in options:
        if option not in executor.options:
            known = f"known: {', '.join(executor.options)}" if executor.options else "it takes none"
            near = did_you_mean(option, executor.options)
            raise UsageError(f"executor {name}: unknown option {option!r}; {known}.{near}")
    return executor  # type: ignore[no-any-return]


def why_not(executor: type[Offered]) -> str:
    """Say why an executor cannot run here; empty if it can."""
    if executor.requires and find_spec(executor.requires) is None:
        return f"{executor.requires} is not installed. Install it: {executor.install}"
    return ""
