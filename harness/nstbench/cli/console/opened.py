"""Results folders as verbs open them: those in the plan, or all, that meet what is asked."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nstbench.record import Results


def opened(paths: Sequence[Path], outside_plan: bool, conditions: Sequence[str] | None) -> Results:
    """Open folders and keep the trials that meet conditions; see `nstbench.comparison.conditions`."""
    from nstbench.comparison.conditions import where
    from nstbench.record import open_results

    return where(open_results(*paths, outside_plan=outside_plan), conditions or ())
