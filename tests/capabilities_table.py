"""What each backend says it can do, for docs/plugins.md: `python -m tests.capabilities_table`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from nstbench.api import FEEDFORWARD_SETTINGS, SETTINGS, VGG_SETTINGS, Capabilities
from nstbench.run.installed import installed_plugins

from .house import BACKENDS, ROOT

GUIDE = ROOT / "docs" / "plugins.md"
BEGIN, END = "<!-- made by python -m tests.capabilities_table -->\n", "<!-- end of what is made -->\n"
EXAMPLES = ("colour-transfer", "fake")
SETS = {"VGG-19": VGG_SETTINGS, "single pass": FEEDFORWARD_SETTINGS}
COLUMNS = ("backend", "each `run` makes", "devices", "settings it heeds", "its options", "programs kept")


def table() -> str:
    """Return a row for each shipped backend, then the examples."""
    known = {each.plugin.name: each.capabilities for each in installed_plugins()}
    rows = [_cells(name, known[name]) for name in (*BACKENDS, *EXAMPLES)]
    return "".join(f"| {' | '.join(row)} |\n" for row in (COLUMNS, ["---"] * len(COLUMNS), *rows))


def renewed(text: str) -> str:
    """Return a text with the table between its two marks."""
    return re.sub(f"(?<={BEGIN}).*(?={END})", lambda _: table(), text, flags=re.DOTALL)


def _cells(name: str, can: Capabilities) -> tuple[str, ...]:
    return (
        f"`{name}`",
        "iterations" if can.iterative else "whole pictures",
        ", ".join(can.devices),
        "; ".join(_heeds(can.consumes)),
        ", ".join(f"`{option}`" for option in can.options),
        "yes" if can.keeps_programs else "",
    )


def _heeds(consumes: frozenset[str]) -> Iterator[str]:
    """Say what is consumed by how it differs from the nearest of the sets that the contract names."""
    near = min(SETS, key=lambda each: len(SETS[each] ^ consumes))
    yield f"those of {near}"
    for word, names in (("and", consumes - SETS[near]), ("not", SETS[near] - consumes)):
        if names:
            yield f"{word} {', '.join(f'`{each}`' for each in SETTINGS if each in names)}"


if __name__ == "__main__":
    GUIDE.write_text(renewed(GUIDE.read_text()))
