"""Facts about the machine, checked against what the operating system says by other ways."""

import subprocess
import sys
from importlib.metadata import packages_distributions

import numpy as np
import pytest

from nstbench.api import plugin
from nstbench.run import machine


def test_the_environment_names_what_is_loaded_and_equal_facts_have_equal_identifiers():
    identifier, facts = machine.environment()
    assert facts["packages"]["numpy"] == np.__version__
    assert facts["cores"] == int(subprocess.run(["nproc"], capture_output=True, check=True).stdout)
    assert machine.environment()[0] == identifier


def test_who_provides_a_module_is_what_python_s_library_says():
    machine.providers.cache_clear()  # an import may have made more of them known since
    expected = {module: set(names) for module, names in packages_distributions().items()}
    assert machine.providers() == expected


def test_variables_that_change_numbers_or_seconds_are_facts_and_others_are_not(monkeypatch):
    set_to = {
        "OMP_NUM_THREADS": "3",
        "NVIDIA_TF32_OVERRIDE": "0",
        "OWN_FLAGS": "--fast",
        "OWN_LOG_LEVEL": "2",
        "OWN_EMPTY": "",
        "OTHER_TOKEN": "secret",
    }
    before = machine.environment(["OWN_"])[0]
    for name, value in set_to.items():
        monkeypatch.setenv(name, value)
    identifier, facts = machine.environment(["OWN_"])
    assert identifier != before
    wanted = {name: set_to[name] for name in ("OMP_NUM_THREADS", "NVIDIA_TF32_OVERRIDE", "OWN_FLAGS")}
    assert wanted.items() <= facts["variables"].items()
    assert not {"OWN_LOG_LEVEL", "OWN_EMPTY", "OTHER_TOKEN"} & facts["variables"].keys()


@pytest.mark.parametrize(
    ("backend", "recorded"),
    [
        ("jax-vgg19", {"XLA_FLAGS", "JAX_PLATFORMS"}),
        ("tf-vgg19", {"XLA_FLAGS", "TF_ENABLE_ONEDNN_OPTS"}),
        ("tfhub-fast", {"XLA_FLAGS", "TF_ENABLE_ONEDNN_OPTS"}),
    ],
)
def test_a_backend_names_the_variables_of_its_framework_and_no_secrets_of_terraform(
    monkeypatch, backend, recorded
):
    for name in ("XLA_FLAGS", "JAX_PLATFORMS", "TF_ENABLE_ONEDNN_OPTS", "TF_VAR_password", "TF_TOKEN_host"):
        monkeypatch.setenv(name, "1")
    found = machine.variables(plugin(backend).load().capabilities.variables)
    assert {name for name in found if name.startswith(("XLA_", "JAX_", "TF_"))} == recorded


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
        "print(restrict_to_cores([0]), len(os.sched_getaffinity(0)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["1", "1"]


def test_a_worker_takes_its_cores_before_numpy_starts_threads():
    code = "import sys, nstbench.run.worker; print('numpy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
