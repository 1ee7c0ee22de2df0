"""The settings in docs/experiment.md, from `nstbench.api.SETTINGS`: `python -m tests.settings_table`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from nstbench.api import SETTINGS, Setting

GUIDE = Path(__file__).parents[1] / "docs" / "experiment.md"
BEGIN, END = "<!-- made by python -m tests.settings_table -->\n", "<!-- end of what is made -->\n"


def table() -> str:
    """Return a row for each setting: name, default, meaning."""
    return "\n".join(["| setting | default | |", "|---|---|---|", *map(_row, SETTINGS.values())]) + "\n"


def renewed(text: str) -> str:
    """Return a text with the table between its two marks."""
    return re.sub(f"(?<={BEGIN}).*(?={END})", lambda _: table(), text, flags=re.DOTALL)


def _row(setting: Setting) -> str:
    named = all(choice in setting.says for choice in setting.choices)
    choices = "" if named else ": " + ", ".join(f"`{choice}`" for choice in setting.choices)
    return f"| `{setting.name}` | {_default(setting)} | {setting.says}{choices} |"


def _default(setting: Setting) -> str:
    if setting.null:
        return "null"
    if setting.kind in ("number", "count"):
        return f"{setting.default:g}"
    return ", ".join(f"`{each}`" for each in _texts(setting.default))


def _texts(value: Any) -> list[str]:
    if isinstance(value, bool):
        return [str(value).lower()]
    return list(value) if isinstance(value, tuple) else [value] if value else []


if __name__ == "__main__":
    GUIDE.write_text(renewed(GUIDE.read_text()))
