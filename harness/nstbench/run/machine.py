"""Facts about the machine and the process that measured, for every row to point at."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import re
import resource
import subprocess
import sys
from collections.abc import Collection, Iterable, Mapping
from functools import cache
from importlib.metadata import Distribution, distributions, version
from pathlib import Path
from typing import Any

import psutil

VARIABLES = (
    *("OMP_", "GOMP_", "KMP_", "MKL_", "OPENBLAS_", "BLIS_", "NUMEXPR_", "ONEDNN_", "DNNL_"),
    *("CUBLAS_", "CUDNN_", "NVIDIA_TF32_OVERRIDE", "LD_PRELOAD"),
)
"""Beginnings of environment variables that change numbers or seconds, whatever the framework."""

PYTHON_FILES = re.compile(r"^([^/,\n]+?)(?:/[^,\n]*)?\.py,", re.MULTILINE)
"""The first part of the path of each Python file in a distribution's list of files."""


def usable_cores() -> int:
    """Return how many CPU cores this process may run on."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def restrict_to_cores(cores: Collection[int] | None) -> int:
    """Let this process and its threads run on these cores only; None leaves it alone.

    Affinity rather than each framework's own switch: it holds for all of them, and is taken before any is
    imported.

    Returns:
        The number of cores in use.
    """
    if cores is not None and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, cores)
    return usable_cores()


def cores_of_this_process() -> tuple[int, ...]:
    """Return the numbers of the CPU cores that this process may run on; empty where unknown."""
    affinity = getattr(os, "sched_getaffinity", None)
    return tuple(sorted(affinity(0))) if affinity else ()


def physical_cores() -> list[tuple[int, ...]]:
    """Return the cores of this process, those together that are threads of one piece of hardware."""
    groups: dict[str, list[int]] = {}
    for core in cores_of_this_process():
        siblings = Path(f"/sys/devices/system/cpu/cpu{core}/topology/thread_siblings_list")
        try:
            piece = siblings.read_text(encoding="utf-8").strip()
        except OSError:
            piece = str(core)
        groups.setdefault(piece, []).append(core)
    return [tuple(group) for group in groups.values()]


def cpu_name() -> str:
    """Return the processor's name."""
    try:
        found = re.search(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text(encoding="utf-8"))
    except OSError:
        found = None
    return found[1] if found else platform.processor() or platform.machine()


def gpu_names() -> list[str]:
    """Return `name, driver` of each GPU that nvidia-smi sees; empty where there is none."""
    command = ["nvidia-smi", "--query-gpu=name,driver_version", "--format=csv,noheader"]
    try:
        listing = subprocess.run(command, capture_output=True, text=True, timeout=10, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return []
    return listing.strip().splitlines()


def visible_gpus() -> list[str]:
    """Return what `CUDA_VISIBLE_DEVICES` may name each GPU that this process sees."""
    shown = os.environ.get("CUDA_VISIBLE_DEVICES")
    if shown is not None:
        return [name for each in shown.split(",") if (name := each.strip())]
    return [str(number) for number in range(len(gpu_names()))]


@cache
def providers() -> Mapping[str, Collection[str]]:
    """Return top-level module -> distributions.

    What `importlib.metadata.packages_distributions` returns, in a fifth of the time: each worker asks.
    """
    found: dict[str, set[str]] = {}
    for each in distributions():
        if name := re.search(r"^Name: *(.+)$", each.read_text("METADATA") or "", re.MULTILINE):
            for module in _modules(each):
                found.setdefault(module, set()).add(name[1])
    return found


def _modules(installed: Distribution) -> Collection[str]:
    """Name the top-level modules of a distribution: as it says, or those of its Python files."""
    named = (installed.read_text("top_level.txt") or "").split()
    return named or {*PYTHON_FILES.findall(installed.read_text("RECORD") or "")}


def loaded_packages() -> dict[str, str]:
    """Return name -> version of every distribution that has a module loaded in this process."""
    top_level = {module.partition(".")[0] for module in sys.modules}
    names = {dist for module, dists in providers().items() if module in top_level for dist in dists}
    # An editable installation is in no list of modules, so nstbench is named.
    return {name: version(name) for name in sorted(names | {"nstbench"}, key=str.lower)}


def variables(names: Iterable[str] = ()) -> dict[str, str]:
    """Return the environment variables that change numbers or seconds, and are set.

    What is logged does not, nor where compiled programs are kept, if at all.

    Args:
        names: further names, or beginnings that end in `_`.
    """
    wanted = (*VARIABLES, *names)
    found = {name: value for name, value in sorted(os.environ.items()) if is_among(name, wanted)}
    return {name: value for name, value in found.items() if value and not re.search("LOG|CACHE", name)}


def is_among(name: str, wanted: Iterable[str]) -> bool:
    """Whether an environment variable is one of `wanted`, or begins like one of them that ends in `_`."""
    return any(name.startswith(each) if each.endswith("_") else name == each for each in wanted)


def environment(names: Iterable[str] = ()) -> tuple[str, dict[str, Any]]:
    """Return (identifier, facts) of this machine and process; equal facts have equal identifiers.

    Args:
        names: environment variables to record, as `variables` takes them.
    """
    known = {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "cpu": cpu_name(),
        "cores": usable_cores(),
        "memory_bytes": memory_bytes(),
        "gpus": gpu_names(),
        "variables": variables(names),
        "packages": loaded_packages(),
    }
    canonical = json.dumps(known, sort_keys=True).encode()
    return hashlib.sha256(canonical).hexdigest()[:12], known


def memory_bytes() -> int:
    """Return how much memory the machine has."""
    return int(psutil.virtual_memory().total)


def peak_rss_bytes() -> int:
    """Return the most memory this process has held since it started.

    Linux: VmHWM. `getrusage` there starts from the peak of the process that forked this one.
    """
    try:
        status = Path("/proc/self/status").read_text(encoding="utf-8")
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # bytes on macOS
    found = re.search(r"VmHWM:\s*(\d+) kB", status)
    return int(found[1]) * 1024 if found else 0
