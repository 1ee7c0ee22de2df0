"""Memory of a process of jax-vgg19, looked at from outside JAX."""

import subprocess
import sys
from pathlib import Path

import pytest

from nstbench_jax.memory import RESERVE

SIZE = 256 << 20
LOOK = f"""
import re, sys
from pathlib import Path
import numpy as np
from nstbench_jax.memory import keep_in_huge_pages

def resident():
    return int(re.search(r"VmRSS:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) << 10

before = resident()
assert keep_in_huge_pages() == (sys.argv[1] == "asked"), "asked for"
assert resident() - before < {SIZE}, "it is taken when it is first written"
array = np.ones({SIZE} // 8)
del array
assert resident() - before > {SIZE} / 2, "kept"
places = re.split(r"\\n(?=[0-9a-f]+-)", Path("/proc/self/smaps").read_text())
huge = (re.search(r"AnonHugePages:\\s+(\\d+)", place)[1] for place in places if "[heap]" in place)
print(sum(map(int, huge)) << 10)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere it does nothing")
def test_memory_is_kept_and_lies_in_huge_pages():
    policy = Path("/sys/kernel/mm/transparent_hugepage/enabled")
    offered = policy.is_file() and "[never]" not in policy.read_text()
    command = [sys.executable, "-c", LOOK, "asked" if policy.is_file() else "not there"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    if offered:
        # Where memory lies in small pieces, as after hours of tests, the kernel finds fewer.
        assert int(done.stdout) > SIZE / 4
    assert SIZE < RESERVE
