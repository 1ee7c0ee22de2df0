"""The optimising backends beside plain loops, in turns: `bench.py [FOLDER] [SIZE:ITERATIONS:CHUNK ...]`.

Sweeps bench.yaml at each size with the plain loops of nstbench-plain installed beside it, for as long as it
runs, then each once more that finds its programs compiled. Writes bench.md and bench.png into FOLDER, anew.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from bench_table import write

HERE = Path(__file__).parent
SIZES = ("128:96:16", "256:60:5", "512:7:1")
COMPILERS = ("jax-vgg19",)
"""Backends that keep compiled programs for later processes."""
CEILINGS = ("cpu", "64", "2048")


def main():
    folder, *sizes = sys.argv[1:] or ["build/bench"]
    sizes, out = sizes or SIZES, Path(folder)
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    environment = with_plain_loops(out)
    limits = [sys.executable, HERE.parent / "gpu" / "ceilings.py", *CEILINGS]
    done = subprocess.run(limits, stdout=subprocess.PIPE, text=True, check=True)
    for each in sizes:
        sweep(out, each, each == sizes[len(sizes) // 2], environment)
    print(write(out, [each.partition(":")[0] for each in sizes], json.loads(done.stdout)["flop_per_s"]))


def with_plain_loops(out):
    """Install the plain loops for this run, with a cache of its own: nothing is compiled yet."""
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    here = ["--no-index", "--no-deps", "--no-build-isolation", "--target", out / "plain"]
    subprocess.run([*pip, *here, HERE / "nstbench-plain"], check=True)
    places = {"PYTHONPATH": str(out.resolve() / "plain"), "NSTBENCH_CACHE": str(out.resolve() / "cache")}
    return os.environ | places


def sweep(out, each, judged, environment):
    """Sweep one size; if it is `judged`, its pictures are, after each call of `run`."""
    size, iterations, chunk = each.split(":")
    settings = {"size": size, "iterations": iterations, "measure.chunk": chunk}
    referee = {"measure.snapshot_every": chunk, "measure.referee": "bundled"}
    settings |= referee if judged else {"measure.referee": "none"}
    run(out / f"sweep-{size}", settings, (), environment)
    warm = settings | {"iterations": chunk, "measure.referee": "none", "measure.snapshot_every": "null"}
    run(out / f"warm-{size}", warm, COMPILERS, environment)


def run(folder, settings, backends, environment):
    changes = [word for name, value in settings.items() for word in ("--set", f"{name}={value}")]
    chosen = [word for name in backends for word in ("--backend", name)]
    command = [Path(sys.executable).with_name("nstbench"), "sweep", HERE / "bench.yaml", "-o", folder]
    done = subprocess.run([*command, *changes, *chosen], env=environment, check=False)
    if done.returncode:
        sys.exit(done.returncode)


if __name__ == "__main__":
    main()
