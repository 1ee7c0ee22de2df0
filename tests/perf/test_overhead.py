"""Does an iteration cost what the framework costs? The shipped backends and bare loops, in turns."""

import json
import math
import subprocess
import sys
from pathlib import Path
from statistics import mean, median, stdev

import pytest

SIZE, CHUNK, PAIRS = 256, 3, 20
LIMIT = 1.03
ONE_SIDED_95 = 1.729  # Student's t for PAIRS - 1 degrees of freedom


@pytest.mark.parametrize("framework", ["jax", "tf", "torch"])
def test_an_iteration_of_nstbench_costs_what_one_of_a_bare_loop_costs(framework, benchmark):
    command = [sys.executable, "-P", Path(__file__).with_name("bare.py"), framework, SIZE, CHUNK, PAIRS]

    def measure():
        done = subprocess.run([*map(str, command)], capture_output=True, text=True, check=True)
        return json.loads(done.stdout.splitlines()[-1])

    pairs = benchmark.pedantic(measure, rounds=1)
    logs = [math.log(swept / bare) for bare, swept in pairs]
    half = ONE_SIDED_95 * stdev(logs) / math.sqrt(PAIRS)
    found = {
        "bare_s": round(median(bare for bare, _ in pairs), 4),
        "nstbench_s": round(median(swept for _, swept in pairs), 4),
        "ratio": round(math.exp(mean(logs)), 4),
        "at_least": round(math.exp(mean(logs) - half), 4),
        "at_most": round(math.exp(mean(logs) + half), 4),
    }
    benchmark.extra_info |= found
    print(framework, found)
    assert found["at_least"] < LIMIT, "slower than the bare loop, beyond the noise"
