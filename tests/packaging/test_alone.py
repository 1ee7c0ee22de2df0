"""Each framework alone: who uses one backend need not have what others import, nor do the bundled weights."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.thorough

FRAMEWORKS = {
    "jax-vgg19": {"jax", "jaxlib", "flax", "optax"},
    "tf-vgg19": {"tensorflow", "keras"},
    "torch-vgg19": {"torch"},
}
EXPERIMENT = """
inputs: {content: "sample:cat", style: "sample:coffee"}
fixed: {size: 32, iterations: 2, weights: bundled, content_layers: [conv1_2], style_layers: [conv1_1]}
"""
HIDING = """
import sys

class Hiding:
    def __init__(self, finder):
        self._finder = finder

    def find_spec(self, name, *more):
        return None if name.partition(".")[0] in %r else self._finder.find_spec(name, *more)

    def __getattr__(self, name):
        return getattr(self._finder, name)

sys.meta_path[:] = map(Hiding, sys.meta_path)
"""


@pytest.mark.parametrize("backend", FRAMEWORKS)
def test_a_backend_needs_no_framework_but_its_own(backend, tmp_path):
    others = {"tensorflow_hub", "onnx"}.union(*FRAMEWORKS.values()) - FRAMEWORKS[backend]
    (tmp_path / "hiding").mkdir()
    (tmp_path / "hiding" / "sitecustomize.py").write_text(HIDING % (others,))
    (tmp_path / "e.yaml").write_text(EXPERIMENT)
    command = [Path(sys.executable).with_name("nstbench"), "sweep", "e.yaml", "--backend", backend]
    environment = os.environ | {"PYTHONPATH": str(tmp_path / "hiding")}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "1 ok; 1 run now" in done.stderr
    listed = subprocess.run(
        [command[0], "backends"], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    missing = [line for line in listed.stdout.splitlines() if "no module" in line]
    assert len(missing) == 3, listed.stdout
    assert not any(line.startswith(backend) for line in missing)
