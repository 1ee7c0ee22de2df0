"""The weights of VGG-19 on the device, in the form that each way to convolve takes them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

import jax
import jax.numpy as jnp
import numpy as np

from nstbench.api import Array, VggWeights, up_to
from nstbench_jax.convolution import transformed
from nstbench_jax.network import Weights


class Parameters:
    """Those of each layer are made when they are first asked for, and stay.

    Args:
        convolution: a key of `nstbench_jax.network.NETWORKS`.
    """

    def __init__(self, weights: VggWeights, device: jax.Device, convolution: str) -> None:
        self._weights, self._device = weights, device
        self._make: Callable[..., Mapping[str, Array]] = (
            _as_they_are if convolution == "xla" else _for_winograd
        )
        self._made: dict[tuple[str, bool], Mapping[str, jax.Array]] = {}

    def get(self, taps: Collection[str], precision: str) -> Weights:
        """Return the parameters of all layers up to the deepest tap."""
        half = precision == "bf16"
        for layer in up_to(taps):
            if (layer, half) not in self._made:
                made = self._make(*self._weights[layer], half)
                self._made[layer, half] = jax.block_until_ready(jax.device_put(made, self._device))
        return {layer: self._made[layer, half] for layer in up_to(taps)}


def _as_they_are(kernel: Array, bias: Array, half: bool) -> Mapping[str, Array]:
    return {"kernel": kernel, "bias": bias}  # Flax converts them


def _for_winograd(kernel: Array, bias: Array, half: bool) -> Mapping[str, Array]:
    if half:
        kernel, bias = (array.astype(jnp.bfloat16).astype(np.float32) for array in (kernel, bias))
    return transformed(kernel, bias)
