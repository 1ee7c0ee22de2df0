"""What the device can do at most: a large copy, and a large matrix product at each precision.

`ceilings.py DEVICE COPY_MIB SIDE` prints one JSON object, with the facts of the machine beside them.
"""

import json
import subprocess
import sys
from statistics import median
from time import perf_counter

import jax
import jax.numpy as jnp

from nstbench.run.machine import environment

REPEATS = 10
PRECISIONS = {
    "highest": (jnp.float32, jax.lax.Precision.HIGHEST),
    "default": (jnp.float32, jax.lax.Precision.DEFAULT),
    "bf16": (jnp.bfloat16, jax.lax.Precision.DEFAULT),
}
"""As in nstbench: the type of the operands, and how XLA is to multiply them."""


def seconds(function, *arguments):
    """Return the median of some calls, after two that do not count."""
    found = []
    for number in range(REPEATS + 2):
        start = perf_counter()
        jax.block_until_ready(function(*arguments))
        if number > 1:
            found.append(perf_counter() - start)
    return median(found)


def copied_bytes_per_s(mib):
    """Bytes read and bytes written, of data that no cache holds."""
    data = jax.random.normal(jax.random.key(0), (mib * 2**18,), jnp.float32)
    return 2 * data.nbytes / seconds(jax.jit(jnp.negative), data)


def product_flop_per_s(side, precision):
    kind, how = PRECISIONS[precision]
    a, b = (jax.random.normal(jax.random.key(seed), (side, side), kind) for seed in (1, 2))
    return 2 * side**3 / seconds(jax.jit(lambda a, b: jnp.matmul(a, b, precision=how)), a, b)


def smi():
    try:
        return subprocess.run(["nvidia-smi"], capture_output=True, text=True, timeout=20, check=False).stdout
    except (OSError, subprocess.TimeoutExpired):
        return ""


def main():
    device, mib, side = sys.argv[1], *map(int, sys.argv[2:])
    found = jax.devices(device)[0]
    with jax.default_device(found):
        copy = copied_bytes_per_s(mib)
        products = {precision: product_flop_per_s(side, precision) for precision in PRECISIONS}
    ceilings = {"device": found.device_kind, "bytes_per_s": copy, "flop_per_s": products}
    print(
        json.dumps(ceilings | {"copy_mib": mib, "side": side, "environment": environment()[1], "smi": smi()})
    )


if __name__ == "__main__":
    main()
