"""What `nstbench verify` has found on this machine, remembered between commands."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from nstbench.api import AssetError, Plugin
from nstbench.assets import cache_dir
from nstbench.record.files import DAMAGE, read_json, write_json
from nstbench.run.machine import is_among, providers


@dataclass(frozen=True, slots=True)
class Setup:
    """What a verification holds for: these packages and this processor as well as the backend.

    Attributes:
        code: twelve digits for the backend's source files, see `nstbench.run.code`.
        packages: name -> version of NumPy and of the distributions the backend requires.
        variables: environment variables that the backend names, as they are set.
    """

    backend: str
    backend_version: str
    code: str | None
    device_name: str
    precision: str
    options: Mapping[str, Any]
    cpu: str
    packages: Mapping[str, str]
    variables: Mapping[str, str]

    @classmethod
    def of(
        cls,
        plugin: Plugin,
        device_name: str,
        precision: str,
        options: Mapping[str, Any],
        facts: Mapping[str, Any],
    ) -> Setup:
        """Gather it from the facts that `nstbench.run.machine.environment` returned in the worker.

        Args:
            options: the backend's own, complete with defaults.
            facts: those, and as `code` what `nstbench.run.code.code_of` said there.
        """
        can, own = plugin.load().capabilities, dict(options)
        names = _distributions(("numpy", *can.requires))
        packages = {name: facts["packages"].get(name, "") for name in names}
        variables = {
            name: value for name, value in facts["variables"].items() if is_among(name, can.variables)
        }
        of_backend = plugin.name, plugin.version, facts.get("code")
        return cls(*of_backend, device_name, precision, own, facts["cpu"], packages, variables)

    @property
    def path(self) -> Path:
        """Where its outcome is kept."""
        digest = hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()
        return memory() / f"{digest[:16]}.json"


def memory() -> Path:
    """Return the folder that keeps outcomes."""
    return cache_dir() / "verified"


def _distributions(modules: Iterable[str]) -> list[str]:
    """Name what provides modules."""
    found = providers()
    return sorted({name for each in modules for name in found.get(each.partition(".")[0], ())})


def remember(setup: Setup, passed: bool, rungs: list[dict[str, Any]]) -> Path:
    """Keep the outcome of a verification; returns the file."""
    write_json(setup.path, {"setup": asdict(setup), "passed": passed, "rungs": rungs})
    return setup.path


def is_verified(setup: Setup) -> bool:
    """Whether the latest verification of this setup, if any, passed."""
    with suppress(AssetError, *DAMAGE):  # without a cache nothing is remembered
        return bool(read_json(setup.path)["passed"])
    return False
