"""Keeping the content's colour: only the luminance of the pastiche is taken."""

from __future__ import annotations

import numpy as np

from nstbench.api import Array

LUMA = (0.299, 0.587, 0.114)
"""Weights of R, G and B in luminance Y (ITU-R BT.601)."""


def with_colour_of(content: Array, pastiche: Array) -> Array:
    """Return the pastiche's luminance with the content's chrominance, clipped to [0, 1].

    Adding one number to R, G and B changes Y and leaves the differences to it, so replacing Y in YIQ (Gatys,
    Bethge, Hertzmann and Shechtman 2016, section 4.1) is adding the difference of luminances.

    Args:
        content, pastiche: (H, W, 3) RGB in [0, 1].
    """
    luma = np.asarray(LUMA, np.float32)
    lifted = content + ((pastiche - content) @ luma)[..., None]
    return np.clip(lifted, 0.0, 1.0).astype(np.float32)
