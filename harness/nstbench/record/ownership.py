"""Whose folder it is: nothing is written among what nstbench did not make, nor into another experiment."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nstbench.api import ResultsError, UsageError
from nstbench.record.files import DAMAGE, read_json
from nstbench.record.layout import EVERY_TRIAL, LOCK, PLAN, SOFT

if TYPE_CHECKING:
    from nstbench.experiment import Experiment

MOST_NAMED = 3


def refuse_foreign_folder(folder: Path, is_ours: Callable[[Path], bool]) -> None:
    """Let only a folder pass that is not there, is empty, or is nstbench's own.

    Args:
        is_ours: asked of a folder that holds something.

    Raises:
        UsageError: it holds something else; says what.
        ResultsError: it cannot be looked into, or is no folder.
    """
    try:
        held = sorted(each.name for each in folder.iterdir() if not _is_unfinished(each.name))
    except FileNotFoundError:
        return
    except OSError as error:
        raise ResultsError(f"{folder}: cannot be written into: {error.strerror}") from error
    if held and not is_ours(folder):
        more = f" and {len(held) - MOST_NAMED} more" if len(held) > MOST_NAMED else ""
        raise UsageError(
            f"{folder}: holds what nstbench did not make ({', '.join(held[:MOST_NAMED])}{more}); nothing is"
            " written there: choose a new or an empty folder with -o"
        )


def why_no_results(path: Path) -> str:
    """Say why a folder is no results folder, and what to do; one that holds some names them."""
    if inner := sorted(str(each.parent) for each in path.glob(f"*/{PLAN}")):
        more = f" and {len(inner) - MOST_NAMED} more" if len(inner) > MOST_NAMED else ""
        return f"{path}: not a results folder, but it holds {', '.join(inner[:MOST_NAMED])}{more}; name one"
    hint = "it has no plan.json" if path.exists() else "there is no such folder"
    again = ", `nstbench repair` makes its plan anew" if any(path.glob(EVERY_TRIAL)) else ""
    return f"{path}: not a results folder: {hint}. `nstbench sweep` makes one{again}"


def refuse_other_experiment(folder: Path, experiment: Experiment, join: bool = False) -> None:
    """Let an experiment pass into its own results folder, or one that is not there yet or is empty.

    Args:
        join: also into the results folder of another experiment.

    Raises:
        UsageError: the folder holds something else, or the results of another experiment.
        ResultsError: it cannot be looked into.
    """
    refuse_foreign_folder(folder, is_results_folder)
    another = belongs_to_another(folder, experiment)
    if another and not join:
        own = _named(experiment.name, experiment.file)
        raise UsageError(
            f"{folder}: holds the results of another experiment, {another}; this one is {own}. Choose"
            " another folder with -o, or take this one over with --join: its rows stay, outside the plan"
        )


def is_results_folder(folder: Path) -> bool:
    """Whether a sweep made it: it has a plan, or at least, should that be damaged, one of its trials."""
    if "experiment" in (plan := _head(folder)) and plan["lists"]:
        return True
    return any(_mapping(path).get("trial_id") == path.parent.name for path in folder.glob(EVERY_TRIAL))


def origin(experiment: Experiment, folder: Path) -> dict[str, str | None]:
    """Say where an experiment comes from: the path of its file, and the same as seen from its results."""
    file = experiment.file
    seen = os.path.relpath(file, folder.resolve()) if file else None
    return {"file": str(file) if file else None, "file_from_here": seen}


def origin_of(folder: Path, seen_from: Path) -> dict[str, str | None]:
    """Return where the plan of a results folder says that its experiment comes from, seen from another."""
    plan = _head(folder)
    said = {name: plan[name] for name in ("base", "file") if name in plan}
    if isinstance(seen := plan.get("file_from_here"), str):
        said["file_from_here"] = os.path.relpath(folder.resolve() / seen, seen_from.resolve())
    return said


def belongs_to_another(folder: Path, experiment: Experiment) -> str:
    """Name the experiment that a folder has the results of; empty if that is this one, or none.

    It is the same experiment if it comes from the same file, also where file and results were moved together
    or the results alone; without a file, if it has the same name.
    """
    plan, here = _head(folder), origin(experiment, folder)
    if "experiment" not in plan:
        return ""
    name, file = str(plan["experiment"]), plan.get("file")
    if "file" not in plan or not (file or experiment.file):
        same = name == experiment.name
    else:
        same = any(plan.get(key) == here[key] for key in here)
    return "" if same else _named(name, file)


def _named(name: str, file: Path | str | None) -> str:
    return f"{name!r} ({file or 'given in Python'})"


def _is_unfinished(name: str) -> bool:
    """Whether a sweep that was killed at once may have left it: see `Store.begin` and `write_whole`."""
    lock = name.removesuffix(SOFT) == LOCK.name
    return lock or (name.startswith(f".{PLAN}.") and name.endswith(".tmp"))


def _head(folder: Path) -> Mapping[str, Any]:
    """Return what a plan says besides its trials."""
    path = folder / PLAN
    try:
        found = path.stat()
    except OSError:
        return {}
    return _head_of(path, found.st_mtime_ns, found.st_size)


@lru_cache(maxsize=4)
def _head_of(path: Path, mtime_ns: int, size: int) -> Mapping[str, Any]:
    """Read it once, as it is asked for several times and may list ten thousand trials."""
    plan = _mapping(path)
    return {key: plan[key] for key in plan if key != "trials"} | {
        "lists": isinstance(plan.get("trials"), list)
    }


def _mapping(path: Path) -> Mapping[str, Any]:
    with suppress(*DAMAGE):
        if isinstance(found := read_json(path), Mapping):
            return found
    return {}
