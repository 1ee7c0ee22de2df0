"""Does a sweep cost what the framework costs? Sweeps and bare loops in fresh processes, in turns."""

import json
import math
import subprocess
import sys
from pathlib import Path
from statistics import mean, median, stdev

import pytest

import nstbench

CHUNK, ROUNDS, SIZE, PAIRS = 5, 6, 256, 6
LIMIT = 1.03
ONE_SIDED_95 = 2.015  # Student's t for 5 degrees of freedom: PAIRS - 1
BACKENDS = {"jax": "jax-vgg19", "tf": "tf-vgg19"}


def bare(framework, _):
    command = [sys.executable, "-P", Path(__file__).with_name("bare.py"), framework, SIZE, CHUNK, ROUNDS]
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, check=True)
    return median(json.loads(done.stdout.splitlines()[-1])[1:])


def swept(framework, folder):
    fixed = {"size": SIZE, "iterations": CHUNK * ROUNDS, "weights": "random:0"}
    experiment = {
        "inputs": {"content": "sample:astronaut", "style": "sample:strokes"},
        "fixed": fixed,
        "backends": [BACKENDS[framework]],
        "measure": {"chunk": CHUNK},
    }
    return float(nstbench.sweep(experiment, folder).runs["step_median_s"][0])


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("framework", sorted(BACKENDS))
def test_an_iteration_of_a_sweep_costs_what_one_of_a_bare_loop_costs(framework, tmp_path, benchmark):
    seconds = {bare: [], swept: []}

    def measure():
        for number in range(PAIRS):
            for side in (bare, swept) if number % 2 else (swept, bare):
                seconds[side].append(side(framework, tmp_path / str(number)))

    benchmark.pedantic(measure, rounds=1)
    logs = [math.log(s / b) for s, b in zip(seconds[swept], seconds[bare], strict=True)]
    half = ONE_SIDED_95 * stdev(logs) / math.sqrt(PAIRS)
    found = {
        "bare_s": [round(value, 3) for value in seconds[bare]],
        "swept_s": [round(value, 3) for value in seconds[swept]],
        "ratio": round(math.exp(mean(logs)), 4),
        "at_least": round(math.exp(mean(logs) - half), 4),
        "at_most": round(math.exp(mean(logs) + half), 4),
    }
    benchmark.extra_info |= found
    print(framework, found)
    assert found["at_least"] < LIMIT, "the sweep is slower than the bare loop, beyond the noise"
