"""The largest picture that fits, by doubling: `sizes.py DEVICE FIRST LAST SECONDS WEIGHTS FOLDER`.

Prints a JSON line for each size: what `--dry-run` predicts, and what became of it. Ends at the first that
does not fit, or when SECONDS are over.
"""

import json
import subprocess
import sys
from pathlib import Path
from time import perf_counter

from layers import FIXED

import nstbench

COMMAND = Path(sys.executable).with_name("nstbench")


def experiment(device, size, weights):
    """A few iterations, called one by one; the style stays small, so that the size alone grows."""
    fixed = FIXED | {
        "size": size,
        "style_size": 256,
        "iterations": 4,
        "device": device,
        "weights": str(Path(weights).absolute()),
    }
    return {
        "name": "sizes",
        "inputs": {"content": "sample:cat", "style": "sample:strokes"},
        "fixed": fixed | {"precision": "default"},
        "measure": {"referee": "none", "chunk": 1},
        "backends": ["jax-vgg19"],
    }


def predicted_bytes(wanted, folder):
    path = folder / "sizes.yaml"  # JSON is YAML
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(wanted))
    command = [COMMAND, "sweep", path, "-o", folder / "dry", "--dry-run", "--json"]
    planned = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return json.loads(planned)[0]["memory_bytes"]


def main():
    device, first, last, seconds, weights, folder = sys.argv[1:]
    start, size = perf_counter(), int(first)
    while size <= int(last) and perf_counter() - start < float(seconds):
        wanted, own = experiment(device, size, weights), Path(folder, str(size))
        predicted = predicted_bytes(wanted, own)
        row = nstbench.sweep(wanted, own / "results").runs.iloc[0]
        names = (
            "height",
            "width",
            "status",
            "error_message",
            "peak_device_bytes",
            "peak_rss_bytes",
            "step_median_s",
        )
        found = {name: None if row.isna()[name] else row[name] for name in names}
        print(json.dumps({"size": size, "predicted_bytes": predicted, **found}, default=float), flush=True)
        if found["status"] != "ok":
            return
        size *= 2


if __name__ == "__main__":
    main()
