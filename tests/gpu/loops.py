"""Which loop of jax-vgg19 is the fastest, at one size: `loops.py DEVICE SIZE WEIGHTS SECONDS [--quick]`.

Prints a JSON line for each loop and precision as soon as it is known, the most wanted first; after SECONDS it
begins no other, and a last line names those left out. The first compilation of each precision is a cold one;
those after it find the convolutions tuned already.
"""

import json
import sys
from dataclasses import replace
from itertools import product
from pathlib import Path
from statistics import median
from time import perf_counter

import numpy as np
from layers import CONTENT, QUICK, STYLE

from nstbench.api import Problem, gflop_per_iteration, tap_shape, up_to
from nstbench.assets import load_weights, resolve_weights
from nstbench.run.clock import rounds, timed
from nstbench.run.energy import EnergyMeter, find_counter
from nstbench_jax import JaxVgg19

LOOPS = {
    "device": {"loop": "device", "unroll": 1},
    "host": {"loop": "host", "unroll": 1},
    "unroll 2": {"loop": "device", "unroll": 2},
    "unroll 4": {"loop": "device", "unroll": 4},
}
PRECISIONS = ("default",) if QUICK else ("default", "bf16", "highest")
TAPS = (*CONTENT, *STYLE)
PASSES = 5
"""Times that an iteration moves each activation at least: forward it is written and read, backward it is read
for its sign, and its gradient is written and read."""


def posed(size):
    """Noise: seconds do not depend on what is in a picture."""
    generator = np.random.default_rng(1)
    content, style = (generator.random((size, size, 3), np.float32) for _ in range(2))
    return Problem(
        content=content,
        styles=(style,),
        init=content,
        content_layers=dict.fromkeys(CONTENT, 1.0),
        style_layers=dict.fromkeys(STYLE, 1 / len(STYLE)),
        beta=1000.0,
        learning_rate=0.02,
    )


def fewest_bytes(size, precision):
    each = 2 if precision == "bf16" else 4
    return PASSES * each * sum(int(np.prod(tap_shape(layer, size, size))) for layer in up_to(TAPS))


def program_bytes(session):
    """Return what XLA has set apart for the program: arguments, results, and what it needs in between."""
    found = session._program.compiled.memory_analysis()
    parts = ("argument", "output", "temp")
    taken = sum(getattr(found, f"{part}_size_in_bytes") for part in parts)
    return taken - found.alias_size_in_bytes


def measure(backend, problem, counter, chunk, least_s):
    """Compile, warm up, and go on for a while; returns what became known."""
    session = backend.prepare(problem)
    _, compile_s = timed(lambda: session.compile(chunk))
    for _ in rounds(session, chunk, chunk, warmup=True):
        pass
    meter, paces, start = EnergyMeter(counter), [], perf_counter()
    meter.start()
    for step in rounds(session, 1000 * chunk, chunk, warmup=False):
        paces.append(step.round.seconds / chunk)
        if len(paces) >= 5 and perf_counter() - start > least_s:
            break
    meter.stop()
    step_s = median(paces)
    found = {
        "compile_s": compile_s,
        "step_s": step_s,
        "mad_s": median(abs(pace - step_s) for pace in paces),
        "iterations": chunk * len(paces),
        "joules_per_iteration": meter.joules and meter.joules / (chunk * len(paces)),
        "program_bytes": program_bytes(session),
        "peak_bytes_so_far": backend.peak_device_bytes(),
    }
    session.close()
    return found


def main():
    device, size, weights, seconds = sys.argv[1], int(sys.argv[2]), sys.argv[3], float(sys.argv[4])
    chunk, least_s = (2, 0.0) if QUICK else (max(8, 2**15 // size), 1.5)
    start, last, left_out = perf_counter(), 0.0, []
    parameters = load_weights(resolve_weights(weights, Path()))
    for loop, precision in product(LOOPS, PRECISIONS):
        began = perf_counter()
        if began - start + last > seconds:
            left_out.append(f"{precision} {loop}")
            continue
        known = {
            "size": size,
            "precision": precision,
            "loop": loop,
            "flop": 1e9 * gflop_per_iteration(TAPS, STYLE, size, size),
            "fewest_bytes": fewest_bytes(size, precision),
        }
        backend = JaxVgg19(LOOPS[loop])
        counter = find_counter(backend.start(device))
        backend.load(parameters)
        problem = replace(posed(size), precision=precision)
        print(json.dumps(known | measure(backend, problem, counter, chunk, least_s)), flush=True)
        last = perf_counter() - began
    print(json.dumps({"size": size, "left_out": left_out}), flush=True)


if __name__ == "__main__":
    main()
