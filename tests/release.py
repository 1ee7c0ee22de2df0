"""What a release needs of the files: one version everywhere, and a README whose links hold anywhere.

`python tests/release.py v0.1.0` says what does not fit; with `--absolute-links` README.md is rewritten.
Standard library alone, as it runs before anything is installed.
"""

import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
VERSION, SOURCE = PROJECT["version"], PROJECT["urls"]["Source"]


def misfits(tag: str) -> Iterator[str]:
    """Say where another version stands than that of a tag."""
    if tag != f"v{VERSION}":
        yield f"pyproject.toml has version {VERSION}, the tag is {tag}; change one of them"
    cited = (ROOT / "CITATION.cff").read_text()
    if f"\nversion: {VERSION}\n" not in cited or f"\nrepository-code: {SOURCE}\n" not in cited:
        yield f"CITATION.cff: version and repository-code are to be {VERSION} and {SOURCE}"
    (heading,) = re.findall(r"^## (.*)$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)[:1]
    if not re.fullmatch(rf"{re.escape(VERSION)} \(\d{{4}}-\d\d-\d\d\)", heading):
        yield f"CHANGELOG.md begins with {heading!r}; it is to be '{VERSION} (YEAR-MONTH-DAY)'"


def absolute(text: str) -> str:
    """Return a README whose pictures and links lead to the repository."""
    text = re.sub(r"(!\[[^]]*\]\()(?!https?:)", rf"\1{SOURCE}/raw/v{VERSION}/", text)
    return re.sub(r"(?<!!)(\[[^]]*\]\()(?!https?:|#)", rf"\1{SOURCE}/blob/v{VERSION}/", text)


if __name__ == "__main__":
    if sys.argv[1] == "--absolute-links":
        readme = ROOT / "README.md"
        readme.write_text(absolute(readme.read_text()))
    elif found := [*misfits(sys.argv[1])]:
        sys.exit("\n".join(found))
