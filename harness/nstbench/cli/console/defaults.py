"""Defaults of the command line that a user always wants: from variables of the environment, or from a file.

An option beats its variable, a variable the file, and the file what is built in. None of them changes what an
experiment says.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nstbench.api import SETTINGS, UsageError, did_you_mean, printable

if TYPE_CHECKING:
    from nstbench.run.doctor import Diagnosis

PLACE = Path("nstbench/config.toml")
"""Within the folder that the user's programs are configured in."""

SWITCH = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}
"""What the variable of a switch may say."""


@dataclass(frozen=True, slots=True)
class Default:
    """One that can be given.

    Attributes:
        says: what it is for.
        choices: what it may be; none for any text.
        switch: whether it is true or false.
    """

    name: str
    says: str
    choices: tuple[str, ...] = ()
    switch: bool = False

    @property
    def variable(self) -> str:
        """The variable of the environment that gives it."""
        return f"NSTBENCH_{self.name.upper()}"

    def checked(self, value: Any, where: str) -> Any:
        """Return a value that it may have.

        Raises:
            UsageError: it may not have this one.
        """
        if self.switch:
            fits, allowed = isinstance(value, bool), "true or false"
        elif self.choices:
            fits, allowed = value in self.choices, ", ".join(self.choices)
        else:
            fits, allowed = isinstance(value, str) and value != "", "a text"
        if not fits:
            raise UsageError(f"{where}: {self.name} must be {allowed}, found {value!r:.60}")
        return value


DEFAULTS = {
    each.name: each
    for each in (
        Default("backend", "backend of `stylize`, as its option `--backend`"),
        Default("weights", "VGG-19 parameters of `stylize`, as `--set weights=`"),
        Default("device", "where `stylize` computes, as `--set device=`", SETTINGS["device"].choices),
        Default("results", "folder where `sweep` makes results folders, and `list`, `show` and `rerun` look"),
        Default("quiet", "no progress and no remarks, as the option `--quiet`", switch=True),
    )
}
"""All of them, by name."""


@dataclass(frozen=True, slots=True)
class Given:
    """A value and where it was given: a variable, or the line of a file."""

    value: Any
    origin: str


def given() -> dict[str, Given]:
    """Return the defaults that are given, by name.

    Raises:
        UsageError: one is not known, or may not be what is given.
    """
    found = dict(_of_file(file)) if (file := config_file()) and file.is_file() else {}
    for name, each in DEFAULTS.items():
        if text := os.environ.get(each.variable):
            value = SWITCH.get(text.lower(), text) if each.switch else text
            found[name] = Given(each.checked(value, each.variable), each.variable)
    return found


def default(name: str) -> Any:
    """Return a default; None where none is given. Raises likewise."""
    found = given().get(name)
    return found.value if found else None


def results_home(otherwise: str) -> Path:
    """Return the folder that results folders are in. Raises likewise."""
    return Path(os.path.expanduser(default("results") or otherwise))  # noqa: PTH111 - that of pathlib raises


def set_quiet(wanted: bool) -> None:
    """Keep quiet, or do not, and let what is started do the same."""
    os.environ[DEFAULTS["quiet"].variable] = str(int(wanted))


def is_quiet() -> bool:
    """Whether remarks and progress are not wanted. Raises as `given`."""
    return bool(default("quiet"))


def config_file() -> Path | None:
    """Return where the file would be; None for a user without a home folder."""
    # The XDG specification says that a relative path is to be ignored.
    folder = Path(os.environ.get("XDG_CONFIG_HOME", ""))
    if not folder.is_absolute():
        folder = Path(os.path.expanduser("~/.config"))  # noqa: PTH111
    return folder / PLACE if folder.is_absolute() else None


def diagnosed() -> Iterator[Diagnosis]:
    """Say which defaults are given, and where."""
    from nstbench.run.doctor import LOOK, OK, Diagnosis

    try:
        listed = [f"{name} = {_said(each.value)} ({each.origin})" for name, each in given().items()]
    except UsageError as error:
        yield Diagnosis("defaults", LOOK, str(error))
        return
    yield Diagnosis(
        "defaults", OK, f"defaults: {'; '.join(listed) or f'none, {config_file()} may have some'}"
    )


def _said(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else value


@cache
def _of_file(file: Path) -> dict[str, Given]:
    import tomllib

    try:
        text = file.read_text(encoding="utf-8")
        values = tomllib.loads(text)
    except UnicodeDecodeError as error:
        raise UsageError(f"{file}: is not UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        found = re.search(r" \(at line (\d+), .*\)$", str(error))
        line = found[1] if found else str(max(1, len(text.splitlines())))
        raise UsageError(f"{file}:{line}: not valid TOML: {printable(str(error))}") from error
    return {name: _of_line(f"{file}:{_line(name, text)}", name, value) for name, value in values.items()}


def _of_line(where: str, name: str, value: Any) -> Given:
    if name not in DEFAULTS:
        hint = did_you_mean(name, DEFAULTS)
        raise UsageError(f"{where}: unknown key {printable(name)!r}; allowed: {', '.join(DEFAULTS)}.{hint}")
    return Given(DEFAULTS[name].checked(value, where), where)


def _line(name: str, text: str) -> int:
    """Return the number of the line where a key of the top level stands, which tomllib does not tell."""
    key = re.compile(rf"\s*\[*\s*[\"']?{re.escape(name)}[\"']?\s*[=.\]]")
    return next((at for at, line in enumerate(text.splitlines(), 1) if key.match(line)), 1)
