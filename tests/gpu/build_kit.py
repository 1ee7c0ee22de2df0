"""Make the folder that travels to a machine with a GPU and no network: `make gpu-kit`.

It holds nstbench's wheel, the wheels that such a machine lacks, the `bundled` weights as one file, and the
scripts beside this one. The weights are rounded to half precision, so that they fit; their hash is another.
"""

import argparse
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np

from nstbench.assets import load_weights, resolve_weights

ROOT = Path(__file__).parents[2]
LIMIT_MIB = 60
SCRIPTS = (
    "tests/gpu/*.py",
    "tests/gpu/*.sh",
    "tests/gpu/*.yaml",
    "tests/perf/nstbench-plain/nstbench_plain/*.py",
    "experiments/gpu.yaml",
)
PLATFORMS = ("manylinux2014_x86_64", "manylinux_2_28_x86_64")


def main():
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("folder", type=Path)
    asked.add_argument("--python", default="3.12", help="version of that machine's Python")
    asked.add_argument("--no-download", action="store_true", help="for a machine that lacks nothing")
    wanted = asked.parse_args()
    if wanted.folder.exists():
        shutil.rmtree(wanted.folder)
    wheels = wanted.folder / "wheels"
    wheels.mkdir(parents=True)
    pip("wheel", "--no-index", "--no-deps", "--no-build-isolation", "--wheel-dir", wheels, ROOT)
    if not wanted.no_download:
        download(wheels, wanted.python)
    write_weights(wanted.folder / "bundled-half.npz")
    copy_scripts(wanted.folder)
    check_size(wanted.folder)


def pip(*arguments):
    quiet = ["--quiet", "--disable-pip-version-check"]
    subprocess.run([sys.executable, "-m", "pip", *arguments, *quiet], check=True)


def download(wheels, python):
    """Fetch what wheels.txt names, for another Python than this one."""
    that = ["--python-version", python, "--implementation", "cp", "--only-binary=:all:"]
    that += [word for platform in PLATFORMS for word in ("--platform", platform)]
    exact = [
        "--no-deps",
        "--constraint",
        ROOT / "constraints.txt",
        "--requirement",
        Path(__file__).with_name("wheels.txt"),
    ]
    pip("download", *that, *exact, "--dest", wheels)


def write_weights(path):
    """Write the bundled weights in half precision, under the keys of nstbench's `.npz` files."""
    found = load_weights(resolve_weights("bundled", ROOT))
    arrays = {
        f"{layer}/{part}": array.astype(np.float16)
        for layer, arrays in found.items()
        for part, array in zip(("kernel", "bias"), arrays, strict=True)
    }
    np.savez_compressed(path, **arrays)


def copy_scripts(folder):
    for pattern in SCRIPTS:
        for path in ROOT.glob(pattern):
            target = folder / path.relative_to(ROOT)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, target)
    (folder / "run.sh").write_text('exec bash "$(dirname "$0")/tests/gpu/run.sh" "$@"\n')


def check_size(folder):
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 2**20
    if size > LIMIT_MIB:
        sys.exit(
            f"{folder}: {size:.1f} MiB, at most {LIMIT_MIB} travel; leave out wheels in tests/gpu/wheels.txt"
        )
    print(f"{folder}: {size:.1f} MiB of at most {LIMIT_MIB}. There: bash run.sh OUT")


if __name__ == "__main__":
    main()
