"""Why trials have no picture, or one to be careful with: a line for each reason, not one for each trial."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from nstbench.cli.console.console import stdout
from nstbench.record.layout import log_path

if TYPE_CHECKING:
    import pandas as pd

    from nstbench.record import Results

MOST_REASONS = 20


def print_reasons(results: Results, runs: pd.DataFrame) -> None:
    """Print below a table of runs what became of those that are not ok, and what is strange about others."""
    lines = [*_lines(results, runs)]
    console = stdout()
    for line in [*([""] if lines else []), *lines[:MOST_REASONS]]:
        console.print(line, soft_wrap=True)
    if (left := len(lines) - MOST_REASONS) > 0:
        console.print(f"and {left} more: --columns status,error_message")


def _lines(results: Results, runs: pd.DataFrame) -> list[str]:
    found: dict[tuple[str, str, str], list[Path]] = {}
    rows: list[Any] = list(runs.astype(object).where(runs.notna(), None).itertuples())
    for row in rows:
        ok = row.status == "ok"
        if message := row.caution if ok else row.error_message:
            folder = Path(getattr(row, "results", results.stores[0].path))
            key = row.backend_label, "caution" if ok else row.status, message
            found.setdefault(key, []).append(folder / log_path(row.trial_id))
    return [_line(": ".join(key), key[1], logs) for key, logs in found.items()]


def _line(text: str, status: str, logs: list[Path]) -> str:
    trials = f" ({len(logs)} trials)" if len(logs) > 1 else ""
    log = f"; {logs[0]}" if status in ("failed", "oom", "timeout") and logs[0].is_file() else ""
    return f"{text}{log}{trials}"
