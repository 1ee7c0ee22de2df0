"""The iterative backends, and plain loops in their frameworks, in turns.

`turns.py DEVICE SIZE ITERATIONS TURNS WEIGHTS FOLDER [--quick]`
Each loop has a process of its own and waits while another one is at work, but for the first call, in which
all compile at once; all solve the same problem. Prints a JSON line for each precision. TensorFlow takes part
on a processor, unless it is to be quick. Without PyTorch it says so, and that is no failure.
"""

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from statistics import median

import numpy as np
from layers import CONTENT, QUICK, STYLE

from nstbench.api import LAYERS, Problem
from nstbench.assets import load_weights, resolve_weights

HERE = Path(__file__).parent
PLAIN = HERE.parent / "perf" / "nstbench-plain"
PYTORCH, TENSORFLOW = (("-m", f"nstbench_plain.{name}_loop") for name in ("pytorch", "tensorflow"))
FIRST = 10
"""Iterations of the first call, which compiles and whose losses are compared."""


class Loop:
    """A process that iterates when asked, and its seconds per iteration so far; begins with its first."""

    def __init__(self, *command):
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        pipes["env"] = os.environ | {"PYTHONPATH": str(PLAIN)}
        quick = ["--quick"] if QUICK else []
        self._process = subprocess.Popen([sys.executable, *map(str, command), *quick], **pipes)
        self.paces = []
        self._ask(FIRST)

    def start(self):
        """Wait for the losses of its first iterations."""
        self.losses = self._answer()["losses"]

    def take_turn(self, n):
        self._ask(n)
        self.paces.append(self._answer()["seconds"] / n)

    def _ask(self, n):
        self._process.stdin.write(f"{n}\n")
        self._process.stdin.flush()

    def _answer(self):
        answer = self._process.stdout.readline()
        if not answer:
            raise RuntimeError(f"{self._process.args} ended with {self._process.wait()}")
        return json.loads(answer)

    def close(self):
        self._process.stdin.close()
        self._process.wait()


def write_problem(path, size, weights):
    generator = np.random.default_rng(1)
    pictures = {name: generator.random((size, size, 3), np.float32) for name in ("content", "style")}
    found = load_weights(resolve_weights(weights, Path()))
    arrays = {
        f"{layer}/{part}": a
        for layer in LAYERS
        for part, a in zip(("kernel", "bias"), found[layer], strict=True)
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(path, alpha=1.0, beta=1000.0, rate=0.02, **pictures, **arrays)


def ours(path, device, precision, name, options):
    """Be the process of a backend: answers as pytorch_loop.py does."""
    from nstbench.api import plugin
    from nstbench.run.clock import rounds

    with np.load(path) as arrays:
        content, style = arrays["content"], arrays["style"]
        weights = {layer: (arrays[f"{layer}/kernel"], arrays[f"{layer}/bias"]) for layer in LAYERS}
        numbers = {
            "alpha": float(arrays["alpha"]),
            "beta": float(arrays["beta"]),
            "learning_rate": float(arrays["rate"]),
        }
    backend = plugin(name).make(json.loads(options))
    backend.start(device)
    backend.load(weights)
    session = backend.prepare(
        Problem(
            content=content,
            styles=(style,),
            init=content,
            content_layers=dict.fromkeys(CONTENT, 1.0),
            style_layers=dict.fromkeys(STYLE, 1 / len(STYLE)),
            precision=precision,
            **numbers,
        )
    )
    session.compile(64)
    for line in sys.stdin:
        steps = list(rounds(session, int(line), 64, warmup=False))
        losses = np.concatenate([step.trace.total for step in steps]).tolist()
        print(
            json.dumps({"seconds": sum(step.round.seconds for step in steps), "losses": losses}), flush=True
        )


def commands(path, device, precision):
    """Return the command of each loop, by name."""
    torch_device = "cuda" if device == "gpu" else device
    ours = {"jax-vgg19": {}, "torch-vgg19": {}}
    plain = {"plain PyTorch": ()}
    if device == "gpu":  # on a processor there is no graph, and to compile takes longer than all the turns
        ours |= {"torch-vgg19 no graph": {"graph": False}, "torch-vgg19 compiled": {"compile": True}}
        plain |= {"plain PyTorch compiled": ("--compile",)}
    elif find_spec("tensorflow") and not QUICK:
        ours |= {"tf-vgg19": {}}
        plain |= {"plain TensorFlow": ()}
    return {
        **{
            name: (__file__, "--ours", path, device, precision, name.split()[0], json.dumps(options))
            for name, options in ours.items()
        },
        **{
            name: (*(PYTORCH if "PyTorch" in name else TENSORFLOW), path, torch_device, precision, *more)
            for name, more in plain.items()
        },
    }


def compare(path, device, precision, iterations, turns):
    """Return what is known of each loop: its seconds, or why it failed."""
    begun = {name: Loop(*command) for name, command in commands(path, device, precision).items()}
    found, loops = {}, {}
    for name, loop in begun.items():
        try:
            loop.start()
            loops[name] = loop
        except RuntimeError as error:  # what it printed stands in the log
            found[name] = {"failed": str(error)}
    for turn in range(turns):
        for name in list(loops)[:: 1 if turn % 2 else -1]:
            loops[name].take_turn(iterations)
    for name, loop in loops.items():
        loop.close()
        gaps = np.abs(np.array(loop.losses) / next(iter(loops.values())).losses - 1)
        found[name] = {"step_s": median(loop.paces), "paces": loop.paces, "loss_gap": float(np.max(gaps))}
    return found


def main():
    if sys.argv[1] == "--ours":
        return ours(*sys.argv[2:])
    device, size, iterations, turns, weights, folder = sys.argv[1:]
    if find_spec("torch") is None:
        print(json.dumps({"left_out": "no torch here"}))
        return None
    write_problem(path := Path(folder, "problem.npz"), int(size), weights)
    for precision in ("default",) if QUICK else ("default", "bf16"):
        loops = compare(path, device, precision, int(iterations), int(turns))
        known = {"size": int(size), "precision": precision, "turns": int(turns)}
        print(json.dumps(known | {"loops": loops}), flush=True)
    return None


if __name__ == "__main__":
    main()
