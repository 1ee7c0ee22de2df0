"""Seconds of one iteration, or one pass, of each shipped backend: compile and steady state apart."""

import pytest


@pytest.mark.parametrize("size", [128, 256])
@pytest.mark.parametrize("name", ["jax-vgg19", "tf-vgg19", "tfhub-fast"])
def test_step(step_benchmark, name, size):
    assert step_benchmark(name, size).shape == (size, size, 3)
