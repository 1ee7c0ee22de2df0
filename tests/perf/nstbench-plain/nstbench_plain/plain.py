"""What the plain loops have in common: the problem that they solve, and how they are asked."""

import json
import sys
from time import perf_counter

MEAN = (103.939, 116.779, 123.68)
LAYERS = [f"conv{block}_{i}" for block, count in enumerate((2, 2, 4, 4, 1), 1) for i in range(1, count + 1)]
STYLE, CONTENT = ("conv1_1", "conv2_1", "conv3_1", "conv4_1", "conv5_1"), "conv4_2"
if "--quick" in sys.argv:  # as tests/gpu/layers.py
    sys.argv.remove("--quick")
    STYLE, CONTENT = ("conv1_1",), "conv2_1"
    LAYERS = LAYERS[: LAYERS.index(CONTENT) + 1]


def answer(run):
    """Answer each line `N` on standard input with seconds and losses of N more iterations, as JSON."""
    for line in sys.stdin:
        start = perf_counter()
        losses = run(int(line))
        print(json.dumps({"seconds": perf_counter() - start, "losses": losses}), flush=True)
