"""`make matrix`: the parity ladder of jax-vgg19 on the oldest and the newest JAX that its extra allows.

For the Python that runs this file, in virtual environments of their own. Prints a table.
"""

import json
import os
import platform
import re
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
NAMES = ("jax", "jaxlib", "flax", "optax", "numpy")
VERSIONS = f"from importlib.metadata import version; print(*map(version, {NAMES}))"


def oldest() -> list[str]:
    """Return the extra's requirements with each lower bound as the only version."""
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    return [re.sub(r">=([\w.]+).*", r"==\1", requirement) for requirement in extras["jax"]]


def install(folder: Path, arguments: list[str]) -> Path:
    """Make an environment with nstbench and its extra, without `constraints.txt`; returns its Python."""
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    python = folder / "bin" / "python"
    environment = {name: value for name, value in os.environ.items() if name != "PIP_CONSTRAINT"}
    command = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*command, f"{ROOT}[jax]", *arguments], check=True, env=environment)
    return python


def verified(python: Path) -> tuple[bool, str]:
    """Climb the ladder; returns whether it passed, and the rung with the largest share of its limit."""
    command = [str(python.with_name("nstbench")), "verify", "jax-vgg19", "--device", "cpu", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=python.parent)
    if not done.stdout:
        return False, (done.stderr.strip().splitlines() or ["no output"])[-1]
    (outcome,) = json.loads(done.stdout)
    failed = [f"{rung['name']}: {rung['detail']}" for rung in outcome["rungs"] if rung["status"] == "failed"]
    return outcome["passed"], "; ".join(failed) or f"{len(outcome['rungs'])} rungs"


def main() -> None:
    """Try both ends; exits with 1 if one of them does not pass."""
    folder, passed = Path(sys.argv[1]).absolute() / platform.python_version(), True
    print(f"| Python | {' | '.join(NAMES)} | ladder |\n|{'---|' * (len(NAMES) + 2)}", flush=True)
    for end, arguments in {
        "oldest": oldest(),
        "newest": ["--upgrade", "--upgrade-strategy", "eager"],
    }.items():
        python = install(folder / end, arguments)
        versions = subprocess.run([python, "-c", VERSIONS], capture_output=True, text=True, check=True).stdout
        fine, said = verified(python)
        passed = passed and fine
        row = (platform.python_version(), *versions.split(), f"{'passed' if fine else 'FAILED'}, {said}")
        print(f"| {' | '.join(row)} |", flush=True)
    sys.exit(0 if passed else 1)


if __name__ == "__main__":
    main()
