"""Seconds of a pass at two sizes; `pytest --benchmark-only` shows them."""

import pytest


@pytest.mark.parametrize("size", [128, 256])
def test_step(step_benchmark, size):
    step_benchmark("colour-transfer", size)
