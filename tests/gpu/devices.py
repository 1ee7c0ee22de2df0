"""The devices of a machine, and what is left on them after kill -9.

`devices.py DEVICE WEIGHTS FOLDER [--quick]`
Prints JSON lines: a sweep over all devices of the kind; what is said of one that is not there; and, on a
GPU, its memory before a long trial, amid it, and after the sweep's process was killed.
"""

import json
import signal
import subprocess
import sys
from pathlib import Path
from time import perf_counter, sleep

from layers import FIXED, QUICK

COMMAND = Path(sys.executable).with_name("nstbench")
ITERATIONS = {"short": 4 if QUICK else 40, "long": 100_000}


def experiment(device, weights, iterations):
    return {
        "name": "devices",
        "inputs": {"content": "sample:cat", "style": "sample:strokes"},
        "fixed": FIXED
        | {"size": 48 if QUICK else 512, "device": device, "weights": str(Path(weights).absolute())},
        "sweep": {"beta": [1000, 10000], "iterations": [iterations]},
        "measure": {"referee": "none"},
        "backends": ["torch-vgg19"],
    }


def memory():
    """Return the MiB in use on the first GPU."""
    query = ["nvidia-smi", "--query-gpu=memory.used", "--format=csv,noheader,nounits", "--id=0"]
    return int(subprocess.run(query, capture_output=True, text=True, check=True).stdout)


def until(holds, most_s):
    """Return the seconds until it holds, or None."""
    start = perf_counter()
    while perf_counter() - start < most_s:
        if holds():
            return perf_counter() - start
        sleep(0.1)
    return None


def killed(command):
    """Kill a sweep amid its iterations, and watch the memory of the GPU."""
    before = memory()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        until(lambda: memory() > before + 500, 40)
        sleep(2)
        amid = memory()
        process.send_signal(signal.SIGKILL)
    freed_s = until(lambda: memory() <= before + 20, 20)
    return {"before_mib": before, "amid_mib": amid, "after_mib": memory(), "freed_s": freed_s}


def main():
    device, weights, folder = sys.argv[1], sys.argv[2], Path(sys.argv[3])
    folder.mkdir(parents=True)
    commands = {}
    for name, iterations in ITERATIONS.items():
        path = folder / f"{name}.yaml"  # JSON is YAML
        path.write_text(json.dumps(experiment(device, weights, iterations)))
        commands[name] = [COMMAND, "sweep", path, "-o", folder / name, "--json"]
    for devices in (device, f"{device}:0", f"{device}:99"):
        done = subprocess.run(
            [*commands["short"], "--force", "--devices", devices], capture_output=True, text=True, check=False
        )
        rows = json.loads(done.stdout) if done.stdout else []
        found = [
            {name: row[name] for name in ("status", "device", "device_name", "exclusive")} for row in rows
        ]
        print(
            json.dumps(
                {"devices": devices, "code": done.returncode, "rows": found, "said": done.stderr[-400:]}
            )
        )
    if device == "gpu":
        print(json.dumps({"killed": killed(commands["long"])}))


if __name__ == "__main__":
    main()
