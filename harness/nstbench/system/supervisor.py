"""What stands between a parent and its child: `python -I -S supervisor.py PARENT COMMAND ...`.

It runs the command and ends as the command does, but not before everything that the command started is gone,
whatever session or group that has put itself into. It does the same as soon as the parent is gone or sends
SIGTERM, and when it is killed itself the command is too. A process that computes amid C code cannot see to
that itself. Linux only: nowhere else does a process inherit its grandchildren. Standard library only.
"""

# ruff: noqa: PTH123, PTH208
# The line above: pathlib takes half as long to import as all else here.

import ctypes
import os
import resource
import signal
import sys
from collections.abc import Callable
from contextlib import suppress

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
NEWS = {signal.SIGTERM, signal.SIGCHLD, signal.SIGINT, signal.SIGHUP}


def main() -> None:
    """Run the command to its end."""
    parent, command, me = int(sys.argv[1]), sys.argv[2:], os.getpid()
    prctl: Callable[..., int] = ctypes.CDLL(None).prctl
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    signal.pthread_sigmask(signal.SIG_BLOCK, NEWS)
    prctl(PR_SET_PDEATHSIG, signal.SIGHUP, 0, 0, 0)
    child = os.fork()
    if child == 0:
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() == me:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, NEWS)
            os.execvp(command[0], command)
        os._exit(127)
    _let_go_of_descriptors()
    status = None
    while status is None and os.getppid() == parent:  # SIGHUP also comes when a mere thread of it ends
        if signal.sigwait(NEWS) == signal.SIGTERM:
            break
        status = _status_of(child)
    _end_all()
    _end_as(status)


def _let_go_of_descriptors() -> None:
    """Close what the command has inherited, or the parent would wait for this process to close it."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in map(int, os.listdir("/proc/self/fd")):
        if descriptor != nothing:
            with suppress(OSError):
                os.dup2(nothing, descriptor) if descriptor < 3 else os.close(descriptor)


def _status_of(child: int) -> int | None:
    """Take notice of all that have ended; return how the child did, if it is among them."""
    status = None
    while True:
        try:
            pid, found = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return status
        if pid == child:
            status = found
        elif pid == 0:
            return status


def _end_all() -> None:
    """Kill every descendant; those whose parent goes become children of this process."""
    while True:
        for pid in _children():
            with suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            return


def _children() -> list[int]:
    me, found = os.getpid(), []
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{name}/stat", errors="replace") as stat:
                parent = int(stat.read().rpartition(")")[2].split()[1])
        except OSError:  # it has ended
            continue
        if parent == me:
            found.append(int(name))
    return found


def _end_as(status: int | None) -> None:
    """End as the command did."""
    if status is None:
        os._exit(128 + signal.SIGTERM)
    if os.WIFEXITED(status):
        os._exit(os.WEXITSTATUS(status))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    number = os.WTERMSIG(status)
    if number not in (signal.SIGKILL, signal.SIGSTOP):
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {number})
    os.kill(os.getpid(), number)


if __name__ == "__main__":
    main()
