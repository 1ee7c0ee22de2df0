"""The report, with commands that leave out what a backend does anyway."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nstbench.record import Results


def write_page(results: Results, path: Path | None = None, embed: bool = False) -> Path:
    """Write it, see `nstbench.report.html.write_report`."""
    from nstbench.report.html import write_report
    from nstbench.run.installed import usual_options

    return write_report(results, path, embed, usual_options)
