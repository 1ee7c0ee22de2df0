"""What planning must ask others: about backends, images and weights."""

from __future__ import annotations

import pathlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from nstbench.api import Capabilities, Network, Planning


@dataclass(frozen=True, slots=True)
class BackendFacts:
    """What is known of a backend without its framework; `make` takes its options, complete."""

    name: str
    version: str
    capabilities: Capabilities
    make: Callable[[Mapping[str, Any]], Planning]


@dataclass(frozen=True, slots=True)
class ImageFacts:
    """An image after resizing: hash of its pixels, size in pixels, colour profile it was converted from."""

    sha256: str
    height: int
    width: int
    profile: str = ""


class LookUp(Protocol):
    """Finds what an experiment refers to; relative paths start from `base`."""

    def image(self, ref: str, longer_side: int, base: pathlib.Path) -> ImageFacts:
        """Return what an image is once its longer side has `longer_side` pixels.

        Raises:
            AssetError, UsageError: there is no such image, or it cannot be read.
        """
        ...

    def mask(self, ref: str, longer_side: int, base: pathlib.Path) -> ImageFacts:
        """Return likewise what a mask is.

        Raises:
            AssetError, UsageError: as for `image`; or it is black.
        """
        ...

    def weights(self, ref: str, base: pathlib.Path) -> Network:
        """Return which VGG-19 parameters a name or path means.

        Raises:
            AssetError, UsageError: there are none, or they cannot be read.
        """
        ...
