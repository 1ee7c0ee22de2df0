"""Child processes: what is said arrives, waiting ends, and whatever they started ends with them."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from nstbench.system.child import Child, ChildEnded, run_to_its_end

ECHO = """
import sys
from nstbench.system.parent import Parent
parent = Parent(int(sys.argv[1]))
while True:
    parent.send(parent.hear())
"""
GRANDCHILD = """
import subprocess, sys, time
inner = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
"""


@pytest.fixture
def child(tmp_path):
    """Start a Python that runs this code; all are closed in the end."""
    made = []

    def start(code):
        with (tmp_path / "log.txt").open("a") as log:
            made.append(Child([sys.executable, "-c", code], log))
        return made[-1]

    yield start
    for each in made:
        each.close()


def wait_until_gone(pid):
    with suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        for _ in range(200):
            if process.status() == psutil.STATUS_ZOMBIE:
                return
            time.sleep(0.05)
        raise AssertionError(f"{pid} is left behind")


def test_messages_of_any_size_go_both_ways_in_order(child):
    echo = child(ECHO)
    messages = [{"a": [1, None, "ü\n"]}, "x" * 3_000_000, 7]
    for message in messages:
        echo.send(message)
    assert [echo.hear() for _ in messages] == messages


def test_a_path_travels_as_its_text(child):
    echo = child(ECHO)
    echo.send({"place": Path("a/b")})
    assert echo.hear() == {"place": "a/b"}


@pytest.mark.parametrize("said", ["", "[1, 2"])
def test_waiting_for_what_does_not_come_or_not_wholly_ends_in_time(child, said):
    silent = child(f"import os, sys, time; os.write(int(sys.argv[1]), b'{said}'); time.sleep(600)")
    with pytest.raises(TimeoutError):
        silent.hear(time.monotonic() + 0.5)


@pytest.mark.parametrize(
    ("ending", "code", "name", "text"),
    [
        ("os._exit(7)", 7, None, "exited with 7"),
        ("os.kill(os.getpid(), 9)", -9, "SIGKILL", "was ended by SIGKILL"),
    ],
)
def test_what_a_child_said_before_it_ended_is_heard_and_half_a_message_is_not(
    child, ending, code, name, text
):
    dying = child(f"import os, sys; os.write(int(sys.argv[1]), b'1\\n2\\n[3, '); {ending}")
    assert [dying.hear(), dying.hear()] == [1, 2]
    for _ in range(2):
        with pytest.raises(ChildEnded, match=text) as end:
            dying.hear()
        assert (end.value.code, end.value.signal) == (code, name)
    dying.send("nobody reads this")


def test_a_child_ends_with_all_that_it_started(child):
    parent = child(GRANDCHILD + "import os; os.write(int(sys.argv[1]), b'%d\\n' % inner.pid); inner.wait()")
    inner = parent.hear()
    assert psutil.pid_exists(inner)
    parent.end()
    with pytest.raises(ChildEnded):
        parent.hear()
    wait_until_gone(inner)


def test_a_child_that_computes_ends_when_its_parent_is_gone(tmp_path):
    inner = "import os, sys; from nstbench.system.parent import Parent\n"
    inner += "Parent(int(sys.argv[1])).send(os.getpid())\nwhile True: pass"
    outer = (
        "import sys; from nstbench.system.child import Child\n"
        f"child = Child([sys.executable, '-c', {inner!r}], sys.stderr)\n"
        "print(child.hear(), flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", outer], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        pid = int(process.stdout.readline())
        process.kill()
    wait_until_gone(pid)


@pytest.mark.parametrize("ending", ["os._exit(7)", "os.kill(os.getpid(), 11)", "time.sleep(600)"])
def test_nothing_is_left_of_what_has_left_the_group(child, ending):
    leaver = child(
        "import os, subprocess, sys, time\n"
        "inner = subprocess.Popen(['sleep', '600'], start_new_session=True)\n"
        f"os.write(int(sys.argv[1]), b'%d\\n' % inner.pid); {ending}"
    )
    inner = leaver.hear()
    if "sleep" in ending:
        leaver.end()
    with pytest.raises(ChildEnded):
        leaver.hear()
    assert not psutil.pid_exists(inner)


@pytest.mark.parametrize("who", ["parent", "supervisor"])
def test_nothing_is_left_when_the_parent_is_gone_and_the_child_cannot_hear(who):
    """`re` holds the interpreter's lock for minutes here, so no thread of the child can do anything."""
    inner = (
        "import os, re, subprocess, sys\n"
        "other = subprocess.Popen(['sleep', '600'], start_new_session=True)\n"
        "os.write(int(sys.argv[1]), b'[%d, %d, %d]\\n' % (os.getppid(), os.getpid(), other.pid))\n"
        "re.match('(a*)*b', 'a' * 40)"
    )
    outer = (
        "import sys; from nstbench.system.child import Child\n"
        f"print(Child([sys.executable, '-c', {inner!r}], sys.stderr).hear(), flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", outer], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        supervisor, worker, other = json.loads(process.stdout.readline())
        try:
            process.kill() if who == "parent" else os.kill(supervisor, signal.SIGKILL)
            wait_until_gone(worker)
            if who == "parent":  # else the one who would see to it is dead
                wait_until_gone(other)
        finally:
            process.kill()
            os.kill(other, signal.SIGKILL) if psutil.pid_exists(other) else None


def test_a_child_outlives_the_thread_that_started_it(child):
    made = []
    thread = threading.Thread(target=lambda: made.append(child(ECHO)))
    thread.start()
    thread.join()
    made[0].send(1)
    assert made[0].hear() == 1
    time.sleep(0.1)
    made[0].send(2)
    assert made[0].hear() == 2


def test_a_command_runs_to_its_end_or_ends_with_all_that_it_started(tmp_path):
    with (tmp_path / "out.txt").open("w") as output:
        command = [sys.executable, "-c", "import os; print(sorted(os.environ)); raise SystemExit(3)"]
        assert run_to_its_end(command, output, {"ONLY": "this"}) == 3
        assert (
            "ONLY" in (tmp_path / "out.txt").read_text() and "HOME" not in (tmp_path / "out.txt").read_text()
        )
        endless = f"{GRANDCHILD}\nprint(inner.pid, flush=True)\ntime.sleep(600)"
        sleeper = (
            "import sys; from nstbench.system.child import run_to_its_end\n"
            f"run_to_its_end([sys.executable, '-c', {endless!r}], sys.stdout)"
        )
        with subprocess.Popen([sys.executable, "-c", sleeper], stdout=subprocess.PIPE, text=True) as process:
            pid = int(process.stdout.readline())
            os.kill(process.pid, signal.SIGINT)
    wait_until_gone(pid)
