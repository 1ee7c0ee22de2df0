"""Stand-ins for backends and images."""

from dataclasses import dataclass, field

import pytest

from nstbench.api import (
    FEEDFORWARD_SETTINGS,
    VGG_SETTINGS,
    AssetError,
    Backend,
    Capabilities,
    Network,
    Option,
    UnknownName,
)
from nstbench.plan import BackendFacts, ImageFacts

from ..experiment.conftest import layers, load

__all__ = ["layers", "load"]


@dataclass
class Shelf:
    """A look-up that counts what it is asked; images are twice as wide as high, `strip` eight times."""

    asked: list = field(default_factory=list)

    def image(self, ref, longer_side, base):
        self.asked.append((ref, longer_side))
        if "missing" in ref:
            raise AssetError(f"{ref}: no such file")
        height = longer_side // (8 if ref == "strip" else 2)
        return ImageFacts(f"sha-of-{ref.split('/')[-1]}-{longer_side}", height, longer_side)

    def mask(self, ref, longer_side, base):
        return self.image(ref, longer_side, base)

    def weights(self, ref, base):
        self.asked.append(ref)
        if ref == "damaged.h5":
            raise AssetError("damaged.h5: not an HDF5 file")
        return Network("imagenet" if ref == "auto" else ref, f"sha-of-{ref}")


@pytest.fixture
def shelf():
    return Shelf()


XLA = Option(False, "compile with XLA")
CHOICES = {
    "xla": XLA,
    "tiles": Option(4, "tiles"),
    "rate": Option(0.5, "a rate"),
    "mode": Option("fast", "how", ("fast", "exact")),
}


class Planned(Backend):
    """A backend that can only be planned for."""

    def refuse(self, settings):
        return "bf16 is beyond it" if settings.precision == "bf16" else None

    def prepare(self, problem):
        raise NotImplementedError


class JaxLike(Planned):
    capabilities = Capabilities("jax", VGG_SETTINGS, ("cpu", "gpu"))


class TensorFlowLike(Planned):
    capabilities = Capabilities("tf", VGG_SETTINGS, options={"xla": XLA})


class Fast(Planned):
    capabilities = Capabilities("fast", FEEDFORWARD_SETTINGS, options=CHOICES)

    def identify(self):
        return Network(f"magenta-{self.options['mode']}", "feed")


KNOWN = {"jax-vgg19": JaxLike, "tf-vgg19": TensorFlowLike, "fast": Fast}


@pytest.fixture
def facts():
    """What three backends would say of themselves: two with VGG-19, and one that needs a single pass."""

    def of(name):
        if name not in KNOWN:
            raise UnknownName("backend", name, KNOWN)
        return BackendFacts(name, "1.0", KNOWN[name].capabilities, KNOWN[name])

    return of
