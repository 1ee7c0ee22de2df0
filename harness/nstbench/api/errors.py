"""Everything nstbench raises on purpose, in one tree.

    NstbenchError
    ├── UsageError              what was asked for cannot be done (exit 2)
    │   ├── ExperimentError     an experiment file has mistakes; lists all of them
    │   └── UnknownName         no such backend, sample, setting ...; suggests the nearest
    ├── AssetError              an image or a weights file is missing, damaged, not what it should be (exit 2)
    ├── BackendUnavailable      a backend is not installed or has no such device (exit 6)
    └── ResultsError            a results folder is missing or cannot be read (exit 2)
        └── NotKept             what was run cannot be written down (exit 3)

A message is one line: where, what was found, what is allowed, what to do.
"""

from __future__ import annotations

import os
import traceback
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from pathlib import Path

DEBUG = "NSTBENCH_DEBUG"
"""Variable of the environment: whether tracebacks are shown; processes that are started inherit it."""


class NstbenchError(Exception):
    """Root of the tree."""


class UsageError(NstbenchError):
    """What was asked for cannot be done as it was asked."""


class ExperimentError(UsageError):
    """An experiment has mistakes.

    Attributes:
        problems: one line for each mistake, `file:line:column: what`.
    """

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


class UnknownName(UsageError):
    """A name that nothing answers to."""

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        known = sorted(known)
        super().__init__(
            f"unknown {kind} {name!r}; known: {', '.join(known) or 'none'}.{did_you_mean(name, known)}"
        )


class AssetError(NstbenchError):
    """An image or a weights file is missing, damaged or not what it should be."""


class BackendUnavailable(NstbenchError):
    """A backend is not installed, or this machine has no device for it."""


class ResultsError(NstbenchError):
    """A results folder is missing or cannot be read."""


class NotKept(ResultsError):
    """What a trial came to cannot be written down, so the sweep ended; trials finished before it are kept."""


def debugging() -> bool:
    """Whether tracebacks are wanted, as `nstbench --debug` says."""
    return bool(os.environ.get(DEBUG))


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return ` Did you mean 'x'?` for the nearest known word, or an empty string."""
    word = str(word)[:100]  # to compare more takes seconds
    near = get_close_matches(word, list(known), n=1, cutoff=0.5)
    return f" Did you mean {near[0]!r}?" if near else ""


def one_line(error: BaseException, limit: int = 1000) -> str:
    """Say an exception in one line that is never empty.

    What nstbench raises on purpose speaks for itself. Other exceptions are told with their type, as the text
    of some is a mere word; one without any text, with the place that it was raised at. What cannot be
    printed, a terminal's commands among it, is told as Python would write it.

    Args:
        limit: the most characters.
    """
    text, kind = " ".join(_text(error).split()), type(error).__name__
    if not text:
        text = f"{kind}{_place(error)}"
    elif not isinstance(error, NstbenchError):
        text = f"{kind}: {text}"
    text = printable(text)
    return text if len(text) <= limit else f"{text[: limit - 3]}..."


def with_place(error: BaseException, package: str = "") -> str:
    """Say an exception in one line, and where it was raised: `KeyError: 'style' at pixel_adam.py:41`.

    What nstbench raises on purpose speaks for itself.

    Args:
        package: whose last line on the way there is the place to look at; else the very last one is.
    """
    line, frames = one_line(error), list(traceback.walk_tb(error.__traceback__))
    own = [each for each in frames if each[0].f_globals.get("__name__", "").partition(".")[0] == package]
    if isinstance(error, NstbenchError) or not frames or not _text(error).strip():
        return line
    frame, number = (own or frames)[-1]
    return f"{line} at {Path(frame.f_code.co_filename).name}:{number}"


def printable(text: str) -> str:
    """Write what cannot be printed, a terminal's commands among it, as Python would; lines stay lines."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c == "\n" else c.encode("unicode_escape").decode() for c in text)


def _text(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # a class of somebody else's, whose text is a fault of its own
        return ""


def _place(error: BaseException) -> str:
    """Return ` (file:line: source)` of where it was raised, as far as is known."""
    frames = traceback.extract_tb(error.__traceback__)
    if not frames:
        return ""
    source = f": {frames[-1].line}" if frames[-1].line else ""
    return f" ({Path(frames[-1].filename).name}:{frames[-1].lineno}{source})"
