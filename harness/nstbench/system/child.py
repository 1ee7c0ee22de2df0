"""A child process: spoken to in JSON lines, waited for asleep, and ended with everything that it started.

Messages to it are lines on its standard input. It answers on a file descriptor of its own, whose number is
the last argument of its command, as frameworks print what they please on standard output. A child that runs
this version of nstbench uses `nstbench.system.parent` for its part.
"""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from time import monotonic
from typing import IO, Any

from nstbench.system import supervisor as supervisor_script

GRACE_S = 5.0
"""How long a process may take to end after it has closed its answers, or has been told to."""

SUPERVISED = sys.platform == "linux"
"""Whether `nstbench.system.supervisor` sees to it that nothing is left; elsewhere its process group does."""


class ChildEnded(Exception):
    """The process has ended, and all that it said has been heard.

    Attributes:
        code: its exit code; below zero if a signal ended it.
        signal: name of that signal, for instance `SIGKILL`; else None.
    """

    def __init__(self, code: int) -> None:
        self.code, self.signal = code, _name(-code) if code < 0 else None
        super().__init__(f"was ended by {self.signal}" if self.signal else f"exited with {code}")


class ChildSilent(ChildEnded):
    """It closed the descriptor for its answers and lived on, so it was ended."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.signal = None
        self.args = ("closed its way to answer, and was ended",)


class Child:
    """A running process in a session of its own.

    Args:
        command: what to run; the number of the descriptor for answers is appended.
        output: where its standard output and error go.
        environment: its environment variables; None for those of this process.
    """

    def __init__(
        self, command: Sequence[str], output: IO[Any], environment: Mapping[str, str] | None = None
    ) -> None:
        self._receive, send = os.pipe()
        try:
            self._process = _started([*command, str(send)], output, environment, [send])
        except BaseException:
            os.close(self._receive)
            raise
        finally:
            os.close(send)
        self._death = _pidfd(self._process.pid, self._receive)
        self._heard, self._searched = bytearray(), 0

    def send(self, message: object) -> None:
        """Send a message; that the process has ended is noticed only by who listens to it.

        Args:
            message: JSON types; whatever else is in it travels as its text.
        """
        assert self._process.stdin
        with suppress(BrokenPipeError):
            self._process.stdin.write(json.dumps(message, default=str).encode() + b"\n")
            self._process.stdin.flush()

    def hear(self, deadline: float = float("inf")) -> Any:
        """Return the next message, asleep until it comes.

        Args:
            deadline: seconds on the clock of `time.monotonic`.

        Raises:
            TimeoutError: nothing whole has come by then.
            ChildEnded: nothing more will come.
            ValueError: what has come is no JSON.
        """
        while not self.has_message():
            if not wait_for_any([self], deadline):
                raise TimeoutError
            self.listen()
        return self.message()

    def has_message(self) -> bool:
        """Whether a whole message has been taken in."""
        if self._heard.find(b"\n", self._searched) >= 0:
            return True
        self._searched = len(self._heard)
        return False

    def message(self) -> Any:
        """Return the first message that has been taken in.

        Raises:
            ValueError: it is no JSON.
        """
        end = self._heard.index(b"\n", self._searched)
        line = self._heard[:end]
        del self._heard[: end + 1]
        self._searched = 0
        return json.loads(line)

    def listen(self) -> None:
        """Take in what has come so far, without waiting.

        Raises:
            ChildEnded: nothing more will come.
        """
        ready = select.select([self._receive, self._death], [], [], 0)[0]
        if self._receive not in ready:
            if ready:  # it is gone, but something that it started holds the pipe open
                raise ChildEnded(self._ended())
            return
        received = os.read(self._receive, 1 << 16)
        if received:
            self._heard += received
            return
        try:
            code = self._process.wait(GRACE_S)
        except subprocess.TimeoutExpired:
            raise ChildSilent(self._ended()) from None
        raise ChildEnded(code)

    def end(self) -> None:
        """End it and everything that it started, now; also from another thread, while this one listens."""
        _end(self._process)

    def close(self) -> None:
        """End it, wait until it is gone, and give back what it held here."""
        self._ended()
        assert self._process.stdin
        with suppress(BrokenPipeError):  # a message that it did not live to read
            self._process.stdin.close()
        os.close(self._receive)
        if self._death != self._receive:
            os.close(self._death)

    def _ended(self) -> int:
        self.end()
        return _waited_for(self._process)

    @property
    def ends(self) -> tuple[int, int]:
        """Descriptors that become readable when it has said something, or is gone."""
        return self._receive, self._death


def wait_for_any(children: Sequence[Child], deadline: float = float("inf")) -> bool:
    """Sleep until one of them has said something or is gone; False if none has by the deadline.

    Args:
        deadline: seconds on the clock of `time.monotonic`.
    """
    left = None if deadline == float("inf") else max(0.0, deadline - monotonic())
    return bool(select.select([end for child in children for end in child.ends], [], [], left)[0])


def run_to_its_end(
    command: Sequence[str], output: IO[Any], environment: Mapping[str, str] | None = None
) -> int:
    """Run a command that is not spoken to, and return its exit code.

    Whatever ends the waiting, an interrupt for instance, ends the command and all that it started.
    """
    process = _started(command, output, environment)
    try:
        process.communicate()
    except BaseException:
        _end(process)
        _waited_for(process)
        raise
    return process.returncode


def _started(
    command: Sequence[str],
    output: IO[Any],
    environment: Mapping[str, str] | None,
    inherited: Sequence[int] = (),
) -> subprocess.Popen[bytes]:
    supervisor = [sys.executable, "-I", "-S", supervisor_script.__file__, str(os.getpid())]
    return subprocess.Popen(
        [*supervisor, *command] if SUPERVISED else command,
        stdin=subprocess.PIPE,
        stdout=output,
        stderr=output,
        env=environment,
        pass_fds=inherited,
        start_new_session=True,
    )


def _end(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        process.terminate() if SUPERVISED else os.killpg(process.pid, signal.SIGKILL)


def _waited_for(process: subprocess.Popen[bytes]) -> int:
    """Wait for one that has been told to end."""
    try:
        return process.wait(GRACE_S)
    except subprocess.TimeoutExpired:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        return process.wait()


def _pidfd(process: int, otherwise: int) -> int:
    """Return a descriptor that becomes readable when a process ends, where the system has such."""
    return os.pidfd_open(process) if hasattr(os, "pidfd_open") else otherwise


def _name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:  # a real-time signal
        return f"signal {number}"
