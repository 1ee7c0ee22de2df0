"""A process that looks at plugins: `python -P -m nstbench.run.looker FD`. See `nstbench.run.installed`.

It imports no plugin itself. A fork does, one for each, so that none meets what another has done.
"""

from __future__ import annotations

import json
import os
import select
import signal
import sys
import time
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, fields
from importlib.metadata import EntryPoint
from typing import Any

from nstbench.api import BackendUnavailable, Capabilities, Option, Plugin, one_line
from nstbench.api.registry import GROUP

MOST_BYTES = 1 << 20
AT_ONCE = 4
"""Plugins that are looked at at the same time: one that hangs holds up no others, one that kills few."""
GRACE_S = 1.0
"""How long a fork that has closed its pipe may take to end."""


def described(can: Capabilities) -> dict[str, Any]:
    """Return capabilities in JSON types."""
    plain = {each.name: getattr(can, each.name) for each in fields(Capabilities)}
    options = {name: asdict(option) for name, option in can.options.items()}
    names = {name: list(plain[name]) for name in ("devices", "requires", "variables")}
    return plain | names | {"consumes": sorted(can.consumes), "options": options}


def read(said: Mapping[str, Any]) -> Capabilities:
    """Read what `described` returned.

    Raises:
        TypeError, KeyError, AttributeError: that is something else.
    """
    options = {
        name: Option(**each | {"choices": tuple(each["choices"])}) for name, each in said["options"].items()
    }
    names = {name: tuple(said[name]) for name in ("devices", "requires", "variables")}
    return Capabilities(**{**said, **names, "consumes": frozenset(said["consumes"]), "options": options})


@dataclass(slots=True)
class _Fork:
    """A plugin that is being looked at; `answers` is our end of its pipe."""

    number: int
    process: int
    answers: int
    deadline: float
    heard: bytearray = field(default_factory=bytearray)

    def hears_all(self) -> bool:
        """Take what it has said; whether there will be no more."""
        received = os.read(self.answers, 1 << 16)
        self.heard += received
        return not received or b"\n" in received or len(self.heard) > MOST_BYTES

    def answer(self, late: str) -> dict[str, Any]:
        """End it, and return what it has said, or how it ended without a word."""
        os.close(self.answers)
        line, whole, _ = bytes(self.heard).partition(b"\n")
        if len(line) > MOST_BYTES:
            late = f"what it says of itself is longer than {MOST_BYTES:,} bytes"
        code = None if late or whole else self._code()
        with suppress(ProcessLookupError):
            os.kill(self.process, signal.SIGKILL)
        if late or code is not None:
            return {"fault": late or f"to import it ends the process (exit code {code})"}
        with suppress(ValueError, RecursionError):
            said = json.loads(line)
            if whole and isinstance(said, dict) and isinstance(said.get("fault"), str):
                return said
        return {"fault": "its answer is lost among what it writes to a pipe that is not its own"}

    def _code(self) -> int | None:
        """Return its exit code, minus a signal's number; None if it lives on without its pipe."""
        deadline = time.monotonic() + GRACE_S
        while time.monotonic() < deadline:
            ended, status = os.waitpid(self.process, os.WNOHANG)
            if ended:
                return os.waitstatus_to_exitcode(status)
            time.sleep(0.005)
        return None


def main() -> None:
    """Look at the plugins that the parent names, in their order, and tell of each once it has answered."""
    told = int(sys.argv[1])
    asked = json.loads(sys.stdin.readline())
    sys.path[:] = asked["path"]
    sys.dont_write_bytecode = True  # to look is to leave no trace where the plugin lies
    waiting, forks = deque(enumerate(asked["plugins"])), dict[int, _Fork]()
    while waiting or forks:
        while waiting and len(forks) < AT_ONCE:
            fork = _started(*waiting.popleft(), time.monotonic() + asked["limit_s"])
            forks[fork.answers] = fork
        first = min(fork.deadline for fork in forks.values())
        ready, _, _ = select.select([*forks], [], [], max(0.0, first - time.monotonic()))
        for fork in [*forks.values()]:
            is_late = time.monotonic() >= fork.deadline
            if (fork.answers in ready and fork.hears_all()) or is_late:
                del forks[fork.answers]
                late = f"to import it takes more than {asked['limit_s']:g} s" * is_late
                os.write(told, json.dumps([fork.number, fork.answer(late)]).encode() + b"\n")


def _started(number: int, named: Sequence[str], deadline: float) -> _Fork:
    name, distribution, version, target = named
    answers, send = os.pipe()
    if not (process := os.fork()):
        _look(Plugin(name, distribution, version, EntryPoint(name, target, GROUP)), send)
    os.close(send)
    return _Fork(number, process, answers, deadline)


def _look(plugin: Plugin, send: int, leave: Any = os._exit) -> None:
    """Be the fork: load the plugin, make its backend, answer, and end."""
    os.dup2(os.open(os.devnull, os.O_RDWR), 0)
    os.closerange(3, send)
    os.closerange(send + 1, 1 << 16)
    try:
        answer = {"fault": "", "capabilities": described(plugin.make().capabilities), "files": _files()}
        text = json.dumps(answer)
    except BackendUnavailable as error:
        text = json.dumps({"fault": one_line(error.__cause__ or error)})
    except BaseException as error:
        text = json.dumps({"fault": one_line(error)})
    said = text.encode() + b"\n"
    while said:
        said = said[os.write(send, said) :]
    leave(0)


def _files() -> list[str]:
    """Return the files that what is imported by now came from, but for Python's own."""
    loaded = ((name, getattr(module, "__file__", None)) for name, module in sys.modules.copy().items())
    own = sys.stdlib_module_names
    return sorted({file for name, file in loaded if isinstance(file, str) and name.split(".")[0] not in own})


if __name__ == "__main__":
    main()
