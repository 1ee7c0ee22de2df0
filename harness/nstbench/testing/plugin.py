"""The pytest plugin: a fixture that times the steps of any installed backend.

Every pytest session of an environment with nstbench in it imports this module, so it imports nothing that
pytest has not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest

if TYPE_CHECKING:
    from nstbench.api import Array

StepBenchmark: TypeAlias = "Callable[..., Array]"
"""Takes what `nstbench.testing.timing.Timing` takes: backend, size, and by name what is to be different."""

FRONT_END = ("benchmark", "pytest_benchmark.plugin")
"""What pytest-benchmark is registered as, by its entry point or by `-p`."""


def pytest_configure(config: pytest.Config) -> None:
    """Offer the fixture; where there is no pytest-benchmark, one that says so to whoever asks for it."""
    active = any(config.pluginmanager.has_plugin(name) for name in FRONT_END)
    config.pluginmanager.register(_Offer() if active else _Regret(), "nstbench-step-benchmark")


class _Offer:
    @pytest.fixture
    def step_benchmark(self, benchmark: Any) -> StepBenchmark:
        """Time a backend: `step_benchmark("my-backend", 128)`; returns the pastiche.

        By name: rounds=5, iterations=3 (of a round), options={}, device="auto", precision=None,
        weights="random:0".
        """
        from nstbench.testing.timing import Timing, time_steps

        return lambda *what, **how: time_steps(benchmark, Timing(*what, **how))

    def pytest_benchmark_update_json(self, output_json: Mapping[str, Any]) -> None:
        """Put the processor's name where a backend left the device's name empty, which stands for it."""
        processor = output_json["machine_info"]["cpu"].get("brand_raw", "")
        for each in output_json["benchmarks"]:
            if each["extra_info"].get("device_name") == "":
                each["extra_info"]["device_name"] = processor


class _Regret:
    @pytest.fixture
    def step_benchmark(self) -> None:
        """Time a backend; needs pytest-benchmark."""
        pytest.fail("step_benchmark needs pytest-benchmark: pip install pytest-benchmark", pytrace=False)
