"""Masks: regions of a picture that have a style of their own, by guided Gram matrices."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from nstbench.api.errors import AssetError
from nstbench.api.vgg19 import Array, block


def guides(
    masks: Sequence[Array], layers: Collection[str], shares: Sequence[float] | None = None
) -> dict[str, Array]:
    """Return the weight T^2 of each position of a tap in each region, see `nstbench.api.losses`.

    A position of a tap weighs as much as the mean of the pixels that it stands for: 2 x 2 are one after each
    pooling, and what is left over at an edge is left out, as by the network.

    Args:
        masks: (H, W) float32 each, weights of pixels, 0 or more.
        shares: what the weights of each mask add up to; 1 by default.

    Returns:
        Layer -> (masks, h * w) float32.

    Raises:
        AssetError: a mask is 0 at every position of a tap.
    """
    import numpy as np

    at_block = {1: np.stack(masks).astype(np.float64)}
    for deeper in range(2, 1 + max(map(block, layers))):
        above = at_block[deeper - 1]
        count, height, width = above.shape
        pairs = above[:, : height // 2 * 2, : width // 2 * 2].reshape(count, height // 2, 2, width // 2, 2)
        at_block[deeper] = pairs.mean(axis=(2, 4))
    wanted = np.ones(len(masks)) if shares is None else np.asarray(shares, np.float64)
    found = {}
    for layer in layers:
        flat = at_block[block(layer)].reshape(len(masks), -1)
        sums = flat.sum(axis=1)
        if not sums.all():
            raise AssetError(f"mask {int(np.argmin(sums)) + 1} is black at every position of {layer}")
        found[layer] = (flat * (wanted / sums)[:, None]).astype(np.float32)
    return found
