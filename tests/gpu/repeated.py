"""`deterministic: true` twice, in fresh processes.

`repeated.py BACKEND DEVICE SIZE ITERATIONS WEIGHTS FOLDER`
Prints a JSON object: for each precision, whether losses and picture have the same bits.
"""

import json
import sys
from pathlib import Path

import numpy as np
from layers import FIXED, QUICK

import nstbench


def run(backend, fixed, folder):
    """Return the losses and the hash of the picture."""
    experiment = {
        "name": "repeated",
        "inputs": {"content": "sample:cat", "style": "sample:strokes"},
        "fixed": FIXED | fixed | {"deterministic": True},
        "measure": {"referee": "none"},
        "backends": [backend],
    }
    results = nstbench.sweep(experiment, folder)
    row = results.runs.iloc[0]
    if row["status"] != "ok":
        raise SystemExit(f"{row['status']}: {row['error_message']}")
    with np.load(next(Path(folder).glob("trials/*/losses.npz"))) as arrays:
        losses = b"".join(arrays[name].tobytes() for name in sorted(arrays) if name != "elapsed_s")
    return losses, results.images["sha256"].iloc[-1]


def main():
    backend, device, size, iterations, weights, folder = sys.argv[1:]
    fixed = {"device": device, "size": int(size), "iterations": int(iterations), "weights": weights}
    found = {}
    for precision in ("highest",) if QUICK else ("highest", "default"):
        wanted = fixed | {"precision": precision}
        one, other = (run(backend, wanted, f"{folder}/{precision}-{turn}") for turn in "ab")
        found[precision] = one == other
    print(json.dumps(found))


if __name__ == "__main__":
    main()
