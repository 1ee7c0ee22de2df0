"""Does a sweep cost what the framework costs? Sweeps and bare loops in fresh processes, in ABBA order."""

import json
import math
import subprocess
import sys
from pathlib import Path
from statistics import median

import pytest

import nstbench

CHUNK, ROUNDS, SIZE = 5, 8, 256
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


@pytest.mark.parametrize("framework", sorted(BACKENDS))
def test_an_iteration_of_a_sweep_costs_what_one_of_a_bare_loop_costs(framework, tmp_path, benchmark):
    seconds = {bare: [], swept: []}

    def measure():
        for number, side in enumerate([bare, swept, swept, bare] * 2):
            seconds[side].append(side(framework, tmp_path / str(number)))

    benchmark.pedantic(measure, rounds=1)
    pairs = [math.log(s / b) for s, b in zip(seconds[swept], seconds[bare], strict=True)]
    ratio = math.exp(sum(pairs) / len(pairs))
    benchmark.extra_info |= {
        "bare_s": [round(value, 4) for value in seconds[bare]],
        "swept_s": [round(value, 4) for value in seconds[swept]],
        "ratio": round(ratio, 4),
    }
    print(framework, benchmark.extra_info)
    assert ratio < 1.03
