"""What a first and a later sweep compile, and what XLA's trials of algorithms are worth.

`compiling.py DEVICE SIZE WEIGHTS FOLDER [--quick]`
Prints a JSON line for each sweep of one trial of `jax-vgg19`: first with an empty cache of programs, then
with what the first one kept there, with the trials as they come and with fewer (`xla_gpu_autotune_level`).
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from time import perf_counter

from layers import FIXED, QUICK

LEVELS = (None,) if QUICK else (None, 0, 1)
"""None: as XLA comes (4). The lower ones do without a part: see XLA's debug options."""
COLUMNS = ("status", "compile_s", "compile_cached_s", "step_median_s", "peak_device_bytes", "error_message")
COMMAND = Path(sys.executable).with_name("nstbench")


def experiment(device, size, weights):
    """Return a trial that is long enough to time."""
    fixed = FIXED | {"size": int(size), "iterations": 4 if QUICK else 200, "precision": "default"}
    return {
        "name": "compiling",
        "inputs": {"content": "sample:cat", "style": "sample:strokes"},
        "fixed": fixed | {"device": device, "weights": str(Path(weights).absolute())},
        "measure": {"referee": "none"},
        "backends": ["jax-vgg19"],
    }


def swept(path, results, environ):
    """Return what is known of the trial, and the seconds from the command to its end."""
    start = perf_counter()
    command = [COMMAND, "sweep", path, "-o", results, "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environ)
    wall = perf_counter() - start
    (row,) = json.loads(done.stdout)
    return {name: row[name] for name in COLUMNS} | {"wall_s": wall}


def main():
    device, size, weights, folder = sys.argv[1:]
    folder = Path(folder)
    folder.mkdir(parents=True)
    path = folder / "compiling.yaml"  # JSON is YAML
    path.write_text(json.dumps(experiment(device, size, weights)))
    elsewhere = ("JAX_COMPILATION_CACHE_DIR", "XLA_FLAGS")
    plain = {name: value for name, value in os.environ.items() if name not in elsewhere}
    for level in LEVELS:
        environ = plain | {"NSTBENCH_CACHE": str(folder / f"cache-{level}")}
        if level is not None:
            environ["XLA_FLAGS"] = f"--xla_gpu_autotune_level={level}"
        for turn in ("first", "later"):
            found = swept(path, folder / f"{turn}-{level}", environ)
            print(json.dumps({"size": int(size), "level": level, "sweep": turn} | found), flush=True)


if __name__ == "__main__":
    main()
