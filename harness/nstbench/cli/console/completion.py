"""What a shell completes: names of backends, settings, samples and so on. No framework is loaded for it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from nstbench.api import SETTINGS

MOST_TRIALS = 500
"""More ids than these nobody reads."""


def backends(incomplete: str) -> list[str]:
    """Complete the name of a backend that is installed."""
    from nstbench.api import plugins

    return _beginning(plugins(), incomplete)


def presets(incomplete: str) -> list[str]:
    """Complete the name of a preset."""
    from nstbench.presets.presets import PRESETS

    return _beginning(PRESETS, incomplete)


def images(incomplete: str) -> list[str]:
    """Complete `sample:NAME`, and paths of pictures."""
    from nstbench.assets import SAMPLES

    return _beginning([f"sample:{name}" for name in SAMPLES], incomplete) + _paths(incomplete)


def settings(incomplete: str) -> list[str]:
    """Complete `SETTING=`, and after it what the setting may be."""
    name, equals, _ = incomplete.partition("=")
    setting = SETTINGS.get(name.removeprefix("sweep."))
    if equals and setting:
        values = ("true", "false") if setting.kind == "switch" else setting.choices
        return _beginning([f"{name}={value}" for value in values], incomplete)
    prefix = "sweep." if incomplete.startswith("sweep.") else ""
    return _beginning([f"{prefix}{each}=" for each in SETTINGS], incomplete)


def formats(incomplete: str) -> list[str]:
    """Complete the name of a format for export."""
    from nstbench.export.exports import FORMATS

    return _beginning(FORMATS, incomplete)


def executors(incomplete: str) -> list[str]:
    """Complete the name of an executor."""
    from nstbench.run.executors import executors as known

    return _beginning(known(), incomplete)


def columns(incomplete: str) -> list[str]:
    """Complete a column of the runs table; of several with commas the last."""
    from nstbench.record.schema import RUNS

    before, comma, last = incomplete.rpartition(",")
    return [before + comma + name for name in _beginning(RUNS, last)]


def conditions(incomplete: str) -> list[str]:
    """Complete `COLUMN=`."""
    from nstbench.record.schema import RUNS

    return _beginning([f"{name}=" for name in RUNS], incomplete)


def tables(incomplete: str) -> list[str]:
    """Complete the name of a table."""
    from nstbench.record.schema import TABLES

    return _beginning(TABLES, incomplete)


def devices(incomplete: str) -> list[str]:
    """Complete what a trial may compute on."""
    return _beginning(SETTINGS["device"].choices, incomplete)


def results(incomplete: str) -> list[str]:
    """Complete the path of a results folder, the newest first."""
    from nstbench.cli.console.defaults import results_home
    from nstbench.record.folders import results_folders

    return _beginning(map(str, results_folders(results_home("."))), incomplete)


def trials(incomplete: str) -> list[str]:
    """Complete the id of a finished trial of any results folder here."""
    from nstbench.cli.console.defaults import results_home
    from nstbench.record import Store
    from nstbench.record.folders import results_folders
    from nstbench.record.words import short_ids

    ids = {name for path in results_folders(results_home(".")) for name in Store(path).done()}
    return _beginning(short_ids(sorted(ids)), incomplete)[:MOST_TRIALS]


def experiments(incomplete: str) -> list[str]:
    """Complete the path of a YAML file."""
    return [each for each in _paths(incomplete) if each.endswith((".yaml", ".yml", "/"))]


def _paths(incomplete: str) -> list[str]:
    folder = Path(incomplete).parent if not incomplete.endswith("/") else Path(incomplete)
    found = sorted(folder.iterdir()) if folder.is_dir() else []
    return _beginning([f"{path}/" if path.is_dir() else str(path) for path in found], incomplete)


def _beginning(names: Iterable[str], incomplete: str) -> list[str]:
    return [name for name in names if name.startswith(incomplete)]
