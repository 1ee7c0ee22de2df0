"""The units of a loss: what multiple of the canonical terms a project's own terms are."""

from __future__ import annotations

from dataclasses import dataclass

TV_DEGREE = {"squared": 2.0, "absolute": 1.0, "mahendran": 2.5}
"""Form of total variation -> the power of the pixels' range that it grows with."""


@dataclass(frozen=True, slots=True)
class LossScale:
    """How a project's terms relate to the canonical ones of `nstbench.api.losses`.

    With K = sum (F - P)^2 at a content layer, E = E_l at a style layer (by either style_loss), a tap of N
    channels at M positions and a pastiche of H x W pixels, the project's terms before alpha, beta and the
    layers' weights are

        content   content * K, divided by N M if content_mean          (canonical: K / 2)
        style     style * E * N^channel_power * (M / (H W))^position_power
        tv        tv * TV of pixels from 0 to pixel_range,             (canonical: TV of pixels from 0 to 1)
                  divided by 3 H W if tv_mean
    """

    content: float = 0.5
    content_mean: bool = False
    style: float = 1.0
    channel_power: int = 0
    position_power: int = 0
    tv: float = 1.0
    tv_mean: bool = False
    pixel_range: float = 1.0

    def content_factor(self, channels: int, positions: int) -> float:
        """Return its content term of a layer in units of K / 2."""
        return 2 * self.content / (channels * positions if self.content_mean else 1)

    def style_factor(self, channels: int, positions: int, pixels: int) -> float:
        """Return its style term of a layer in units of E."""
        return float(self.style * channels**self.channel_power * (positions / pixels) ** self.position_power)

    def tv_factor(self, form: str, pixels: int) -> float:
        """Return its total variation in units of that of pixels from 0 to 1, in one of `TV_FORMS`."""
        factor = self.tv * self.pixel_range ** TV_DEGREE[form]
        return float(factor / (3 * pixels) if self.tv_mean else factor)
