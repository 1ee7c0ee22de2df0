"""nstbench: sweep, time and compare neural-style-transfer backends.

    import nstbench
    results = nstbench.sweep("experiments/layers.yaml")
    results = nstbench.open_results("results/layers")
    results.runs, results.losses, results.timings, results.images

Nothing heavy is imported until one of these is used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nstbench.record import Results, open_results
    from nstbench.run.api import sweep

__all__ = ["Results", "open_results", "sweep"]


def __getattr__(name: str) -> Any:
    if name in ("Results", "open_results"):
        from nstbench import record

        return getattr(record, name)
    if name == "sweep":
        from nstbench.run.api import sweep

        return sweep
    raise AttributeError(f"module 'nstbench' has no attribute {name!r}")
