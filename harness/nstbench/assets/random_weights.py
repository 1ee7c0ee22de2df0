"""Untrained VGG-19 parameters with the same bits on every machine, for tests and for timing alone."""

from __future__ import annotations

import numpy as np

from nstbench.api import CHANNELS, Array, VggWeights, in_channels


def random_spec(seed: int) -> str:
    """Describe the parameters; hashed instead of 80 MB of arrays. Raise the number if they change."""
    return f"nstbench random VGG-19, version 1, seed {seed}"


def random_weights(seed: int) -> VggWeights:
    """Draw kernels with He's standard deviation sqrt(2 / fan in), biases zero (He et al. 2015, eq. 10)."""
    bits = np.random.Philox(seed)
    return {
        layer: (_kernel(bits, in_channels(layer), channels), np.zeros(channels, np.float32))
        for layer, channels in CHANNELS.items()
    }


def _kernel(bits: np.random.Philox, channels_in: int, channels_out: int) -> Array:
    """Add twelve uniform numbers of 16 bits for a nearly normal one of mean 0 and deviation 1.

    All but the last product is exact. NumPy keeps a bit generator's raw output the same for ever, but not
    that of `standard_normal`, which also asks the platform's logarithm.
    """
    shape = (3, 3, channels_in, channels_out)
    raw = bits.random_raw(3 * int(np.prod(shape))).astype("<u8", copy=False)
    total = raw.view("<u2").reshape(12, -1).sum(axis=0, dtype=np.int32)
    normal: Array = (total - 6 * 65535).astype(np.float32) / np.float32(65536)
    kernel: Array = normal * np.sqrt(np.float32(2) / np.float32(9 * channels_in))
    return kernel.reshape(shape)
