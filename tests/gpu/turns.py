"""jax-vgg19 and the plain PyTorch loop in turns: `turns.py DEVICE SIZE ITERATIONS TURNS WEIGHTS FOLDER`.

Each loop has a process of its own and waits while another one is at work; all solve the same problem. Prints
a JSON line for each precision. Without PyTorch it says so, and that is no failure.
"""

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from time import perf_counter

import numpy as np

from nstbench.api import GATYS_STYLE_LAYERS, LAYERS, Problem
from nstbench.assets import load_weights, resolve_weights

HERE = Path(__file__).parent
PYTORCH = HERE.parent / "perf" / "pytorch_loop.py"
FIRST = 10
"""Iterations of the first call, which compiles and whose losses are compared."""


class Loop:
    """A process that iterates when asked, and its seconds per iteration so far."""

    def __init__(self, *command):
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        self._process = subprocess.Popen([sys.executable, *map(str, command)], **pipes)
        start = perf_counter()
        self.losses = self.ask(FIRST)["losses"]
        self.first_s, self.paces = perf_counter() - start, []

    def ask(self, n):
        self._process.stdin.write(f"{n}\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise RuntimeError(f"{self._process.args} ended with {self._process.wait()}")
        return json.loads(answer)

    def take_turn(self, n):
        self.paces.append(self.ask(n)["seconds"] / n)

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


def ours(path, device, precision):
    """Be the process of jax-vgg19: answers as pytorch_loop.py does."""
    from nstbench.run.clock import rounds
    from nstbench_jax import JaxVgg19

    with np.load(path) as arrays:
        content, style = arrays["content"], arrays["style"]
        weights = {layer: (arrays[f"{layer}/kernel"], arrays[f"{layer}/bias"]) for layer in LAYERS}
        numbers = {
            "alpha": float(arrays["alpha"]),
            "beta": float(arrays["beta"]),
            "learning_rate": float(arrays["rate"]),
        }
    layers = dict.fromkeys(GATYS_STYLE_LAYERS, 0.2)
    backend = JaxVgg19()
    backend.start(device)
    backend.load(weights)
    session = backend.prepare(
        Problem(
            content=content,
            styles=(style,),
            init=content,
            content_layers={"conv4_2": 1.0},
            style_layers=layers,
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


def compare(path, device, precision, iterations, turns):
    torch_device = "cuda" if device == "gpu" else device
    commands = {
        "jax-vgg19": (__file__, "--ours", path, device, precision),
        "pytorch": (PYTORCH, path, torch_device, precision),
    }
    if device == "gpu":  # on a processor to compile takes longer than all the turns
        commands["pytorch compiled"] = (*commands["pytorch"], "--compile")
    found, loops = {"precision": precision, "turns": turns, "loops": {}}, {}
    for name, command in commands.items():
        try:
            loops[name] = Loop(*command)
        except RuntimeError as error:  # what it printed stands in the log
            found["loops"][name] = {"failed": str(error)}
    for turn in range(turns):
        for name in list(loops)[:: 1 if turn % 2 else -1]:
            loops[name].take_turn(iterations)
    for name, loop in loops.items():
        loop.close()
        known = {"step_s": median(loop.paces), "paces": loop.paces, "first_s": loop.first_s}
        gaps = (
            np.abs(np.array(loop.losses) / loops["jax-vgg19"].losses - 1)
            if "jax-vgg19" in loops
            else [np.nan]
        )
        found["loops"][name] = {**known, "loss_gap": float(np.max(gaps))}
    print(json.dumps(found), flush=True)


def main():
    if sys.argv[1] == "--ours":
        return ours(*sys.argv[2:])
    device, size, iterations, turns, weights, folder = sys.argv[1:]
    if find_spec("torch") is None:
        print(json.dumps({"left_out": "no torch here"}))
        return None
    write_problem(path := Path(folder, "problem.npz"), int(size), weights)
    for precision in ("default", "bf16"):
        compare(path, device, precision, int(iterations), int(turns))
    return None


if __name__ == "__main__":
    main()
