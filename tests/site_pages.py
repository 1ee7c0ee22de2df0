"""The pages of the site, as `zensical.toml` lists them, put into one folder: `python -m tests.site_pages`.

They keep the places that they have in the repository, so that a link leads to the same page here and there.
Links to what is no page, such as source code, lead to the repository that pyproject.toml names.
"""

from __future__ import annotations

import re
import shutil
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .house import ROOT

LINK = re.compile(r"(\]\(|<img src=\")([^)#:\s\"]+)(?=[)#\"])")
PICTURES = {".png"}


def pages(nav: list[Any] | None = None) -> Iterator[str]:
    """Yield the pages of the navigation in its order, as paths in the repository."""
    for entry in _project("zensical.toml")["nav"] if nav is None else nav:
        for to in entry.values():
            if isinstance(to, str):
                yield to
            else:
                yield from pages(to)


def page(name: str) -> tuple[str, set[Path]]:
    """Return the text of a page with links that hold on the site, and the pictures that it shows.

    Raises:
        FileNotFoundError: a link leads nowhere.
    """
    shown: set[Path] = set()

    def linked(found: re.Match[str]) -> str:
        to = (ROOT / name).parent.joinpath(found[2]).resolve().relative_to(ROOT)
        if not (ROOT / to).exists():
            raise FileNotFoundError(f"{name}: {found[2]} leads nowhere")
        if to.suffix in PICTURES:
            shown.add(to)
        kept = to.suffix in PICTURES or to.as_posix() in listed
        return found[1] + (found[2] if kept else f"{repository}/{to.as_posix()}")

    listed = set(pages())
    repository = _project("pyproject.toml")["urls"]["Source"] + "/blob/main"
    return LINK.sub(linked, (ROOT / name).read_text(encoding="utf-8")), shown


def write(folder: Path) -> None:
    """Write every page with its pictures into a folder, in place of what was there."""
    shutil.rmtree(folder, ignore_errors=True)
    for name in pages():
        text, shown = page(name)
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
        for picture in shown:
            (folder / picture).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / picture, folder / picture)


def _project(file: str) -> dict[str, Any]:
    found: dict[str, Any] = tomllib.loads((ROOT / file).read_text(encoding="utf-8"))["project"]
    return found


if __name__ == "__main__":
    try:
        write(ROOT / _project("zensical.toml")["docs_dir"])
    except FileNotFoundError as error:
        sys.exit(str(error))
