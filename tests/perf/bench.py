"""The iterative backends beside plain loops in their frameworks: `bench.py [SIZE...]` [128 256 512].

At each size and precision all of them take turns, as tests/gpu/turns.py has it; prints a table of each, the
median of the turns with their least and most, and its share of the best plain loop in float32.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

TURNS = Path(__file__).parents[1] / "gpu" / "turns.py"
SIZES = ("128", "256", "512")
PIXELS_A_TURN, ROUNDS = 2**18, 9


def main():
    for size in sys.argv[1:] or SIZES:
        iterations = max(1, PIXELS_A_TURN // int(size) ** 2)
        with tempfile.TemporaryDirectory() as folder:
            command = [sys.executable, TURNS, "cpu", size, str(iterations), str(ROUNDS), "random:0", folder]
            done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
        rows = [json.loads(line) for line in done.stdout.splitlines()]
        best = min(row["step_s"] for name, row in rows[0]["loops"].items() if name.startswith("plain"))
        for row in rows:
            print(f"\n{size} x {size}, {row['precision']}, {ROUNDS} turns of {iterations}\n")
            print("| loop | ms an iteration | least, most | of the best plain loop in float32 |")
            print("|---|---|---|---|")
            for name, loop in sorted(row["loops"].items(), key=lambda each: each[1]["step_s"]):
                paces = [1e3 * pace for pace in loop["paces"]]
                print(
                    f"| {name} | {1e3 * loop['step_s']:.0f} | {min(paces):.0f}, {max(paces):.0f} "
                    f"| {loop['step_s'] / best:.2f} |",
                    flush=True,
                )


if __name__ == "__main__":
    main()
