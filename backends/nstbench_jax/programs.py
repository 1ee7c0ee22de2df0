"""JAX's persistent compilation cache: programs that an earlier process compiled are loaded instead."""

from __future__ import annotations

from pathlib import Path

import jax

MOST_BYTES = 2**30
"""Beyond it the programs that were not used for longest go; at 256 px two programs take 0.3 MB on a CPU."""
WORTH_KEEPING_S = 0.0
"""All: what is compiled in a moment is small, and JAX would take a second as the least."""
HIT = "/jax/compilation_cache/cache_hits"


class KeptPrograms:
    """Programs in a folder, or none: then every one is compiled anew, whatever the environment says.

    Attributes:
        found: how many were taken from the folder so far.
    """

    def __init__(self, folder: Path | None) -> None:
        self.found = 0
        jax.config.update("jax_enable_compilation_cache", folder is not None)
        is_elsewhere = jax.config.values["jax_compilation_cache_dir"]  # where the user wants it, then
        if folder and not is_elsewhere:
            jax.config.update("jax_compilation_cache_max_size", MOST_BYTES)
            jax.config.update("jax_compilation_cache_dir", str(folder))
            jax.config.update("jax_persistent_cache_min_compile_time_secs", WORTH_KEEPING_S)
        jax.monitoring.register_event_listener(self._hear)

    def _hear(self, event: str, **_: object) -> None:
        self.found += event == HIT
