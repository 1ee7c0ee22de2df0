"""A virtual environment for each version of a project, made once and kept.

Both sides are to differ in the project only. So each gets an environment that holds the project and nothing
else, and finds every other package in the environment nstbench runs in; unless each side is to have its own
dependencies.
"""

from __future__ import annotations

import hashlib
import json
import sys
import sysconfig
import venv
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from nstbench.gate.checkout import Version, checked_out
from nstbench.gate.side import Side, SideBroken, run_together
from nstbench.record.claim import FOREVER, claim_all

SHARED = "nstbench-shared.pth"


@dataclass(frozen=True, slots=True)
class Recipe:
    """How environments are made.

    Attributes:
        cache: the folder that keeps them.
        own_dependencies: install what each version's metadata asks for, rather than share this environment.
        extras: of the project, comma separated; with dependencies of their own only.
    """

    cache: Path
    own_dependencies: bool = False
    extras: str = ""


def installed(name: str, wanted: Version, recipe: Recipe) -> Side:
    """Return a side with a version installed, from the cache if it was installed before.

    Raises:
        SideBroken: it does not install; pip's output is in a file that the message names.
        ResultsError: the cache cannot be written, or its file system has no locks.
    """
    folder = recipe.cache / _key(wanted, recipe)
    python = folder / "bin" / "python"
    held = claim_all([recipe.cache / f"{folder.name}.lock"], FOREVER)
    assert held
    try:
        if not (folder / "done").is_file():
            _make(name, wanted, recipe, folder)
    finally:
        held.release()
    return Side(name, python, wanted.what)


def _key(wanted: Version, recipe: Recipe) -> str:
    settled = [
        str(wanted.project.resolve()),
        wanted.fingerprint,
        sys.executable,
        sys.version,
        recipe.own_dependencies,
        recipe.extras,
    ]
    digest = hashlib.sha256(json.dumps(settled).encode()).hexdigest()[:12]
    return f"{wanted.project.name}-{wanted.commit[:8]}-{digest}"


def _make(name: str, wanted: Version, recipe: Recipe, folder: Path) -> None:
    python = str(folder / "bin" / "python")
    # To put pip into an environment takes seconds, so this one's installs if it can.
    lends = not recipe.own_dependencies and find_spec("pip") is not None
    venv.create(folder, clear=True, with_pip=not lends)
    pip = [sys.executable, "-m", "pip", "--python", python] if lends else [python, "-m", "pip"]
    log = folder / "install.txt"
    with checked_out(wanted, folder / "source") as source, log.open("w") as output:
        asked = f"{source}[{recipe.extras}]" if recipe.extras else str(source)
        alone = [] if recipe.own_dependencies else ["--no-deps"]
        code = run_together([*pip, "install", *alone, asked], output)
        if not (code or recipe.own_dependencies or lends):  # pip's own packages would hide this environment's
            run_together([*pip, "uninstall", "--yes", "setuptools", "pip"], output)
    if code:
        raise SideBroken(name, f"{wanted.what} does not install: {_why(log)} (see {log})")
    if not recipe.own_dependencies:
        _share(folder)
    (folder / "done").touch()


def _share(folder: Path) -> None:
    """Let an environment find this one's packages behind its own, editable installations among them."""
    own = Path(sysconfig.get_path("purelib", vars={"base": str(folder), "platbase": str(folder)}))
    places = dict.fromkeys((sysconfig.get_path("purelib"), sysconfig.get_path("platlib")))
    lines = [f"import site; site.addsitedir({place!r})" for place in places]
    (own / SHARED).write_text("\n".join(lines) + "\n")


def _why(log: Path) -> str:
    lines = [line.strip() for line in log.read_text(errors="replace").splitlines() if line.strip()]
    errors = [line.removeprefix("ERROR: ") for line in lines if line.startswith("ERROR: ")]
    # Before a traceback of pip's own, as of a build backend that does not import, there is no more to it.
    told = [line for line in errors if line != "Exception:"]
    return next(iter([*told[-1:], *lines[-1:]]), "pip failed")
