"""A new plugin project: an example plugin, under another name."""

from __future__ import annotations

import keyword
import re
from importlib.resources import files
from pathlib import Path

from nstbench.api import UsageError

EXAMPLE, ITERATIVE = "colour-transfer", "colour-descent"
FILES = {
    "pyproject.toml": "pyproject.toml",
    "README.md": "README.md",
    # Under its own name pytest would collect it where nstbench is installed.
    "contract.py": "test_contract.py",
    # As text, because in here it would have to be typed, and a plugin's tests need not be.
    "step.txt": "test_step.py",
}
"""File of the template -> file of a plugin, before the name is put in; its module has the example's name."""

_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


def new_plugin(name: str, parent: Path, iterative: bool = False) -> Path:
    """Write a plugin project that passes every check at once, and return its folder.

    Args:
        name: of the backend, such as `my-backend`.
        parent: existing or not; the folder `nstbench-NAME` is made in it.
        iterative: whether it takes steps down a loss, instead of one pass.

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
        for path, text in plugin_files(name, iterative).items():
            (folder / path).write_text(text, encoding="utf-8")
    except FileExistsError as error:
        raise UsageError(f"{folder} exists; choose another name or another --out") from error
    except OSError as error:
        raise UsageError(f"{folder} cannot be written: {error.strerror}; choose another --out") from error
    return folder


def plugin_files(name: str, iterative: bool = False) -> dict[str, str]:
    """Return file name -> text of a plugin project."""
    template = files("nstbench.testing") / "template"
    module = f"nstbench_{(ITERATIVE if iterative else EXAMPLE).replace('-', '_')}.py"
    texts = {
        new: (template / old).read_text(encoding="utf-8") for old, new in (FILES | {module: module}).items()
    }
    return {_renamed(path, name): _renamed(text, name) for path, text in texts.items()}


def _renamed(text: str, name: str) -> str:
    for example in (EXAMPLE, ITERATIVE):
        for spelt in (str, _as_module, _as_class):
            text = text.replace(spelt(example), spelt(name))
    return text


def _as_module(name: str) -> str:
    return name.replace("-", "_")


def _as_class(name: str) -> str:
    return "".join(word.capitalize() for word in name.split("-"))
