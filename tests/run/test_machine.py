"""Facts about the machine, checked against what the operating system says by other ways."""

import subprocess
import sys

import numpy as np

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
