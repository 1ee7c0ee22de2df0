"""Facts about the machine, checked against what the operating system says by other ways."""

import os
import subprocess
import sys

import numpy as np
import pytest

from nstbench.run import machine


def test_the_environment_names_what_is_loaded_and_equal_facts_have_equal_identifiers():
    identifier, facts = machine.environment()
    assert facts["packages"]["numpy"] == np.__version__
    assert facts["cores"] == int(subprocess.run(["nproc"], capture_output=True, check=True).stdout)
    assert machine.environment()[0] == identifier


def test_peak_memory_grows_by_what_is_held():
    code = (
        "from nstbench.run.machine import peak_rss_bytes; import numpy as np\n"
        "before = peak_rss_bytes(); held = np.ones(25_000_000); print(peak_rss_bytes() - before)"
    )
    grown = int(subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout)
    assert 190e6 < grown < 260e6


def test_a_process_restricted_to_one_core_runs_on_one():
    code = (
        "import os; from nstbench.run.machine import restrict_to_cores\n"
        "print(restrict_to_cores(1), len(os.sched_getaffinity(0)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["1", "1"]


def test_the_cores_in_order_are_those_of_this_process():
    assert sorted(machine.cores_in_order()) == sorted(os.sched_getaffinity(0))


@pytest.mark.parametrize(
    ("siblings", "order"),
    [
        ({0: "0-1\n", 1: "0-1\n", 2: "2-3\n", 3: "2-3\n"}, [0, 1, 2, 3]),
        ({0: "0,2\n", 1: "1,3\n", 2: "0,2\n", 3: "1,3\n"}, [0, 2, 1, 3]),
        ({0: "0\n", 10: "10\n", 2: None}, [0, 2, 10]),
    ],
)
def test_those_that_share_a_physical_core_are_neighbours(monkeypatch, siblings, order):
    """Numbered as hosts of virtual machines do, and as Linux does on bare metal; or not told."""

    def read(path, **_):
        core = int(path.parts[-3].removeprefix("cpu"))
        if siblings[core] is None:
            raise FileNotFoundError(path)
        return siblings[core]

    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(siblings))
    monkeypatch.setattr(machine.Path, "read_text", read)
    assert machine.cores_in_order() == order
