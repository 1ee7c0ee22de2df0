"""One prepared picture: padded content and resized style on the device, and the pass the clock measures."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from nstbench.api import Array, Problem, Session


class TfHubSession(Session):
    """A content and a style image on the device; each `run` step is one whole pass.

    Args:
        stylise: (content, what was seen of the style) -> pastiche.
        seen: what a pass needs of the style: the small image, or its vector, which no pass computes then.
        side: of that small image, pixels; blur: average it first.
    """

    def __init__(
        self,
        stylise: Callable[[Any, Any], Any],
        seen: Callable[[Any], Any],
        problem: Problem,
        side: int,
        blur: bool,
    ) -> None:
        self._stylise = stylise
        self._tensor_float_32 = problem.precision == "default"
        self._size = problem.content.shape[:2]
        self._content = tf.constant(pad_content(problem.content)[None])
        (style,) = problem.styles  # the planner refuses several, as `style_blend` is not consumed
        self._style = seen(shrink_style(style, side, blur))
        self._pastiche = tf.constant(problem.init[None])

    def compile(self, chunk: int) -> None:
        """Trace for these shapes, and make one pass that is thrown away.

        Tracing alone would leave the optimisation of the graph and the choice of kernels to the first pass
        inside the clock. Any number of passes needs the same program.
        """
        self._passes(1)

    def run(self, n: int) -> None:
        """Stylise n times over; every pass does the whole work and gives the same picture."""
        if n:
            self._pastiche = self._passes(n)

    def image(self) -> Array:
        """Return the pastiche cropped to the content's size, or the starting image before the first pass."""
        height, width = self._size
        cropped: Array = self._pastiche.numpy()[0, :height, :width]
        return cropped.clip(0, 1)

    def close(self) -> None:
        """Drop the pictures; TensorFlow frees what nothing refers to."""
        del self._content, self._style, self._pastiche

    def _passes(self, n: int) -> Any:
        # A switch of the whole process, so it is thrown before each use, not once.
        tf.config.experimental.enable_tensor_float_32_execution(self._tensor_float_32)
        for _ in range(n):
            pastiche = self._stylise(self._content, self._style)
        tf.test.experimental.sync_devices()
        return pastiche


def pad_content(content: Array) -> Array:
    """Reflect an (H, W, 3) image at its lower and right edge so that both sides are multiples of 4.

    The network halves its image twice and would return the next multiple anyway, with its own padding showing
    at the edges. Both sides get at least 8 pixels, as it reflects by 1 pixel at a quarter of the size.
    """
    height, width = (max(8, -(-side // 4) * 4) for side in content.shape[:2])
    missing = ((0, height - content.shape[0]), (0, width - content.shape[1]), (0, 0))
    return np.pad(content, missing, mode="reflect")


def shrink_style(style: Array, side: int, blur: bool) -> Any:
    """Return the central square of an (h, w, 3) style image as a (1, side, side, 3) tensor.

    A square, because the network learned from squares and stretching would bend the brush strokes. Bilinear
    with antialiasing averages over all the pixels that a smaller one covers, so fine texture fades instead
    of turning into a pattern, and interpolates smoothly where the image is too small.
    """
    height, width = style.shape[:2]
    short = min(height, width)
    top, left = (height - short) // 2, (width - short) // 2
    square = style[None, top : top + short, left : left + short]
    small = tf.image.resize(square, [side, side], method="bilinear", antialias=True)
    return tf.nn.avg_pool2d(small, 3, 1, "SAME") if blur else small
