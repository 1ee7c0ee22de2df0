"""A new plugin project: the example plugin, under another name."""

from __future__ import annotations

import keyword
import re
from importlib.resources import files
from pathlib import Path

from nstbench.api import UsageError

EXAMPLE = "colour-transfer"
FILES = {
    "pyproject.toml": "pyproject.toml",
    "README.md": "README.md",
    "nstbench_colour_transfer.py": "nstbench_colour_transfer.py",
    # Under its own name pytest would collect it where nstbench is installed.
    "contract.py": "test_contract.py",
    # As text, because in here it would have to be typed, and a plugin's tests need not be.
    "step.txt": "test_step.py",
}
"""File of the template -> file of a plugin, before the name is put in."""

_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


def new_plugin(name: str, parent: Path) -> Path:
    """Write a plugin project that passes every check at once, and return its folder.

    Args:
        name: of the backend, such as `my-backend`.
        parent: existing or not; the folder `nstbench-NAME` is made in it.

    Raises:
        UsageError: the name will not do, or the folder exists or cannot be written.
    """
    if not _NAME.fullmatch(name) or keyword.iskeyword(name):
        raise UsageError(
            f"{name!r} cannot name a backend; take lower-case letters, digits and single hyphens, "
            "a letter first, such as my-backend"
        )
    folder = parent / f"nstbench-{name}"
    try:
        folder.mkdir(parents=True)
        for path, text in plugin_files(name).items():
            (folder / path).write_text(text, encoding="utf-8")
    except FileExistsError as error:
        raise UsageError(f"{folder} exists; choose another name or another --out") from error
    except OSError as error:
        raise UsageError(f"{folder} cannot be written: {error.strerror}; choose another --out") from error
    return folder


def plugin_files(name: str) -> dict[str, str]:
    """Return file name -> text of a plugin project."""
    template = files("nstbench.testing") / "template"
    texts = {new: (template / old).read_text(encoding="utf-8") for old, new in FILES.items()}
    return {_renamed(path, name): _renamed(text, name) for path, text in texts.items()}


def _renamed(text: str, name: str) -> str:
    camel = "".join(word.capitalize() for word in name.split("-"))
    for old, new in (
        (EXAMPLE, name),
        (EXAMPLE.replace("-", "_"), name.replace("-", "_")),
        ("ColourTransfer", camel),
    ):
        text = text.replace(old, new)
    return text
