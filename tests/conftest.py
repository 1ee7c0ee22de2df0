"""What many tests share: a cache of their own, small experiments, and the command line as a process."""

import atexit
import gc
import os
import shutil
import subprocess
import tempfile

import pytest

from nstbench.cli.console.defaults import DEFAULTS

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


def share_programs():
    """Let JAX compile a program once, for all workers of xdist and all that they start.

    Most tests pose the same few problems, and to compile one takes longer than to solve it.
    """
    if "JAX_COMPILATION_CACHE_DIR" not in os.environ:  # else it comes from who started this worker
        os.environ["JAX_COMPILATION_CACHE_DIR"] = folder = tempfile.mkdtemp(prefix="nstbench-programs-")
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
    os.environ["JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"] = "0.1"


QUICKLY_COMPILED = (
    "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true "
    "--xla_cpu_use_fusion_emitters=false --xla_cpu_parallel_codegen_split_count=1"
)


def compile_quickly():
    """Have XLA compile in a quarter of the time, to machine code that is half as fast; PyTorch in half of it.

    What it computes stays the same, but for roundings. `make gate` and `make matrix` run what users run.
    """
    os.environ.setdefault("XLA_FLAGS", QUICKLY_COMPILED)
    # PyTorch tries what the C++ compiler can do, anew where its cache is empty: a dozen seconds.
    os.environ.setdefault("TORCHINDUCTOR_VEC_ISA_OK", "1")


# Before anything is imported that counts cores, or reads flags and where programs lie.
take_a_core()
share_programs()
compile_quickly()


@pytest.fixture(scope="module", autouse=True)
def spare_the_garbage_collector():
    """Let it overlook what is there by now, frameworks above all: that would take a second each time."""
    gc.collect()
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
    """Keep the tests' cache out of the user's, and share it between tests and the processes they start.

    The user's defaults are not theirs either.

    Other tests run on this machine at the same time, so those of this process are at work where they are not
    seen.
    """
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NSTBENCH_CACHE", str(folder))
        patch.setenv("NSTBENCH_AT_WORK", str(folder))
        patch.setenv("XDG_CONFIG_HOME", str(folder))
        for each in DEFAULTS.values():
            patch.delenv(each.variable, raising=False)
        yield folder


@pytest.fixture(scope="session", autouse=True)
def elsewhere(tmp_path_factory):
    """Work outside of the repository: a sweep reads every file of the one that it is started in."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("elsewhere"))
        yield


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


@pytest.fixture
def every_core():
    """Undo that the tests of a process keep to one core."""
    own = os.sched_getaffinity(0)
    os.sched_setaffinity(0, range(os.cpu_count()))
    yield
    os.sched_setaffinity(0, own)
