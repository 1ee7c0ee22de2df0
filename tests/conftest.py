"""What many tests share: a cache of their own, small experiments, and the command line as a process."""

import gc
import os
import subprocess

import pytest

from .command import NSTBENCH, CommandServer

EXPERIMENT = """
name: tiny
inputs: {content: sample:cat, style: sample:coffee}
fixed: {size: 32, iterations: 6, alpha: 1}
measure: {referee: none}
backends: [fake]
"""


def take_a_core():
    """Keep each worker of xdist, and what it starts, on a core of its own.

    Frameworks and NumPy start a thread for each core they may use, and those wait for one another busily:
    two workers on two cores took three times as long.
    """
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    if worker and hasattr(os, "sched_setaffinity"):
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {cores[int(worker.removeprefix("gw")) % len(cores)]})


take_a_core()  # before anything is imported that counts them


def pytest_collection_finish():
    """Spare the garbage collector what is imported by now: it would take a third of a second each time."""
    gc.freeze()


def pytest_sessionfinish(session):
    """In CI a skipped test is a failed run: nothing there is allowed to be missing."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("CI") and reporter and reporter.stats.get("skipped"):  # workers of xdist have none
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture(scope="session", autouse=True)
def no_worker():
    """Let a pytest that a test starts not take itself for a worker of this one: it would time nothing."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("PYTEST_XDIST_WORKER", raising=False)
        yield


@pytest.fixture(scope="session", autouse=True)
def cache(tmp_path_factory):
    """Keep the tests' cache out of the user's, and share it between tests and the processes they start."""
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NSTBENCH_CACHE", str(folder))
        yield folder


@pytest.fixture
def write(tmp_path):
    """Write an experiment file; returns its path."""

    def writer(text=EXPERIMENT, name="tiny.yaml"):
        path = tmp_path / name
        path.write_text(text)
        return path

    return writer


def environment():
    """Return the environment variables, but for the one in which pytest says where it is."""
    return {name: value for name, value in os.environ.items() if name != "PYTEST_CURRENT_TEST"}


@pytest.fixture(scope="session")
def command_server(cache):
    """Keep one process that has imported the command line, and forks."""
    server = CommandServer(environment())
    yield server
    server.close()


@pytest.fixture
def nstbench(tmp_path, tmp_path_factory, command_server):
    """Run the installed command in an empty folder, in a process of its own."""

    def run(*arguments, check=True, **options):
        argv = [*map(str, arguments)]
        if options or not command_server.serves(environment()):
            options = {"capture_output": True, "text": True, "cwd": tmp_path, "check": False} | options
            done = subprocess.run([NSTBENCH, *argv], **options)  # noqa: PLW1510 - said in the options
        else:
            done = command_server.run(argv, tmp_path, tmp_path_factory.mktemp("said"), environment())
        assert not check or done.returncode == 0, done.stderr
        return done

    return run
