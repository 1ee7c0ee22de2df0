"""The CPU cores that both sides of a pair share."""

from __future__ import annotations

import os
import re
from pathlib import Path


def cores_in_order() -> list[int]:
    """Return the cores this process may run on, those that share a physical core next to each other.

    Empty where a process cannot be kept on a core.
    """
    affinity = getattr(os, "sched_getaffinity", None)
    return sorted(affinity(0), key=lambda core: (_first_sibling(core), core)) if affinity else []


def _first_sibling(core: int) -> int:
    path = Path(f"/sys/devices/system/cpu/cpu{core}/topology/thread_siblings_list")
    try:
        return int(re.split(r"[,-]", path.read_text(encoding="ascii"))[0])
    except (OSError, ValueError):
        return core
