"""What planning asks about backends, images and weights."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from nstbench.api import LAYERS, AssetError, Network, smallest_side
from nstbench.assets import WeightsSource, load_image, resolve_weights
from nstbench.plan import BackendFacts, ImageFacts
from nstbench.run.installed import installed

COARSEST = smallest_side(LAYERS)
"""Pixels, a side, that a position of the deepest layer stands for; what is left over at an edge has none."""


def facts(name: str) -> BackendFacts:
    """Return what planning needs to know of a backend.

    Raises:
        UnknownName: nothing installed answers to that name.
        BackendUnavailable: the plugin is broken or its framework is not installed.
    """
    found = installed(name)
    can, plugin = found.ready("; or choose others: --backend NAME"), found.plugin
    return BackendFacts(name, plugin.version, can, plugin.planning)


class AssetLookUp:
    """Answers the planner and remembers where each set of weights comes from, for the workers."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._sources: dict[str, WeightsSource] = {}
        self._profiled: set[str] = set()
        self._networks: dict[tuple[str, Path], Network] = {}

    def image(self, ref: str, longer_side: int, base: Path) -> ImageFacts:
        """Return hash and size of an image as it will be resized.

        Raises:
            AssetError: it cannot be read.
        """
        image = load_image(ref, longer_side, base)
        if image.profile and ref not in self._profiled:
            self._profiled.add(ref)
            applied = not image.profile.startswith("ignored: ")
            self._say(f"{ref}: colour profile {image.profile}{', converted to sRGB' if applied else ''}")
        return ImageFacts(image.sha256, image.height, image.width, image.profile)

    def mask(self, ref: str, longer_side: int, base: Path) -> ImageFacts:
        """Return the same of a mask.

        Raises:
            AssetError: it cannot be read, or is black.
        """
        found = self.image(ref, longer_side, base)
        height, width = (side // COARSEST * COARSEST or side for side in (found.height, found.width))
        if not load_image(ref, longer_side, base).pixels[:height, :width].any():
            raise AssetError(f"{ref}: the mask is black everywhere; where it is white it counts")
        return found

    def weights(self, ref: str, base: Path, remark: bool = True) -> Network:
        """Return the name and hash of VGG-19 parameters, downloading them if that is what `ref` asks.

        Args:
            remark: whether to say so if `auto` is not what one would wish for.

        Raises:
            AssetError: they cannot be had.
        """
        if (ref, base) not in self._networks:
            source = resolve_weights(ref, base, self._say)
            self._sources[source.sha256] = source
            self._networks[ref, base] = Network(source.name, source.sha256)
            if remark and ref == "auto" and source.name != "imagenet":
                why = "as imagenet cannot be had here; `nstbench doctor` says why"
                self._say(f"weights: {source.name}, {why}")
        return self._networks[ref, base]

    def source(self, sha256: str | None) -> WeightsSource | None:
        """Return where weights of this hash come from; None if they are no VGG-19 parameters."""
        return self._sources.get(sha256) if sha256 else None
