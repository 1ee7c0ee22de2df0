"""Which experiment is meant."""

from __future__ import annotations

from pathlib import Path

from nstbench.api import UsageError, printable

BACKENDS = "backends:"
"""Every experiment has a line that begins with it; other YAML files hardly have."""


def the_experiment(named: Path | None) -> Path:
    """Return the experiment that is named, else the only one in this folder.

    Raises:
        UsageError: there is none, or more than one.
    """
    if named:
        return named
    found = sorted(path for path in Path().iterdir() if path.suffix in {".yaml", ".yml"} and _is_one(path))
    if len(found) == 1:
        return found[0]
    if not found:
        raise UsageError("no experiment is here: name one, or write one with `nstbench init`")
    names = ", ".join(printable(str(path)) for path in found)
    raise UsageError(f"which experiment? Here are {names}; name one")


def _is_one(path: Path) -> bool:
    try:
        return any(line.startswith(BACKENDS) for line in path.read_text("utf-8").splitlines())
    except (OSError, ValueError):
        return False
