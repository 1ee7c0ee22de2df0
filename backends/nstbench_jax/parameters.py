"""The weights of VGG-19 on the device, in the form that each way to convolve takes them."""

from __future__ import annotations

from collections.abc import Collection, Mapping

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
        self._minimal = convolution == "winograd"
        self._made: dict[tuple[str, bool], Mapping[str, jax.Array]] = {}

    def get(self, taps: Collection[str], precision: str) -> Weights:
        """Return the parameters of all layers up to the deepest tap."""
        rounded = self._minimal and precision == "bf16"  # those of `xla` are converted by Flax
        layers = up_to(taps)
        for layer in layers:
            if (layer, rounded) not in self._made:
                made = self._make(layer, rounded)
                self._made[layer, rounded] = jax.block_until_ready(jax.device_put(made, self._device))
        return {layer: self._made[layer, rounded] for layer in layers}

    def _make(self, layer: str, rounded: bool) -> Mapping[str, Array]:
        kernel, bias = self._weights[layer]
        if not self._minimal:
            return {"kernel": kernel, "bias": bias}
        if rounded:
            kernel, bias = (array.astype(jnp.bfloat16).astype(np.float32) for array in (kernel, bias))
        return transformed(kernel, bias)
