"""A plugin whose module imports what it should leave to `start`; `colorsys` plays the framework."""

import colorsys
from dataclasses import replace

from nstbench.testing import FakeBackend


class ImportsAtTheTop(FakeBackend):
    capabilities = replace(FakeBackend.capabilities, requires=("colorsys",), install="comes with Python")

    def start(self, device, deterministic=False):
        colorsys.rgb_to_hsv(0, 0, 0)
        return super().start(device, deterministic)
