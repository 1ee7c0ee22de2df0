"""Environment variables that several frameworks read."""

from __future__ import annotations

import os
from pathlib import Path

from nstbench.api.errors import BackendUnavailable

TF_VARIABLES = (
    *("TF_ENABLE_", "TF_DISABLE_", "TF_FORCE_", "TF_USE_", "TF_NUM_", "TF_XLA_", "TF_GPU_", "TF_CUDNN_"),
    *("TF_AUTOTUNE_", "TF_DETERMINISTIC_OPS", "XLA_"),
)
"""For `Capabilities.variables`. Not all of `TF_`: Terraform keeps secrets under the same letters."""

DETERMINISTIC = "--xla_gpu_deterministic_ops=true"
"""Makes XLA choose kernels that give the same bits each time."""


def xla_flags() -> str:
    """Return the flags that XLA will read, once: those in XLA_FLAGS, or in the file that it names."""
    file = _file()
    if file is None:
        return os.environ.get("XLA_FLAGS", "").strip()
    try:
        return file.read_text(encoding="utf-8")
    except OSError:  # XLA goes on without it, too
        return ""


def add_xla_flags(backend: str, *wanted: str) -> None:
    """Add flags behind those of the user, as XLA obeys the last of two; one that is there stays as it is.

    Args:
        backend: for what is said if that is not possible.

    Raises:
        BackendUnavailable: XLA_FLAGS names a file, which lacks something.
    """
    flags = xla_flags()
    missing = [flag for flag in wanted if flag not in flags.split()]
    if not missing:
        return
    if file := _file():
        raise BackendUnavailable(
            f"{backend}: XLA_FLAGS names the file {file}, which lacks a flag; add a line: {' '.join(missing)}"
        )
    os.environ["XLA_FLAGS"] = " ".join([flags, *missing]).strip()


def _file() -> Path | None:
    """Return the file that XLA_FLAGS names; what starts with a dash is flags."""
    said = os.environ.get("XLA_FLAGS", "").strip()
    return Path(said) if said and not said.startswith("-") else None
