"""`nstbench list`: the results folders that are here."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from nstbench.record.folders import Folder


def list(
    folder: Annotated[Path | None, typer.Argument(help="Where to look [here].")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List the results folders here and below, the newest first.

    Says how far each has come, and its size.
    """
    from nstbench.api import UsageError
    from nstbench.cli.console.console import print_json, size, stderr, stdout, table
    from nstbench.cli.console.defaults import results_home
    from nstbench.record.folders import look_at, no_results, results_folders

    if folder and not folder.is_dir():
        raise UsageError(f"{folder}: there is no such folder")
    home = folder or results_home(".")
    found = [look_at(path) for path in results_folders(home)]
    if as_json:
        print_json([_facts(each) for each in found])
    elif not found:
        stderr().print(no_results(home))
    else:
        columns = ("results", "experiment", ">trials", "status", "changed", ">size")
        rows = [
            (each.path, each.experiment, _trials(each), _status(each), _when(each), size(each.size_in_bytes))
            for each in found
        ]
        stdout().print(table(columns, rows, ("size", "changed", "experiment")))


def _facts(found: Folder) -> dict[str, Any]:
    return {
        "path": str(found.path),
        "experiment": found.experiment,
        "planned": found.planned,
        "done": found.done,
        "counts": dict(found.counts),
        "changed_at": _when(found, "seconds"),
        "size_bytes": found.size_in_bytes,
        "damage": found.damage,
    }


def _trials(found: Folder) -> str:
    return "" if found.damage else f"{found.done} of {found.planned}"


def _status(found: Folder) -> str:
    if found.damage:
        return found.damage
    counts = {status: count for status, count in found.counts.items() if status != "interrupted"}
    said = [f"{count} {status}" for status, count in counts.items()]
    to_do = found.planned - found.done
    return ", ".join([*said, *([f"{to_do} to do"] if to_do else [])])


def _when(found: Folder, precision: str = "minutes") -> str:
    from datetime import datetime

    return datetime.fromtimestamp(found.changed_at).isoformat(" ", precision)
