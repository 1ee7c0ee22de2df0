"""Load the chosen network with tensorflow_hub."""

from __future__ import annotations

import os
import warnings
from typing import Any

import tensorflow as tf

from nstbench.api import AssetError, one_line
from nstbench_tfhub.mobile import mobile_module
from nstbench_tfhub.source import HUB_URL, hub_folder, mobile_files


def import_hub() -> Any:
    """Import tensorflow_hub, sparing the reader the warning about its use of pkg_resources."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*pkg_resources")
        import tensorflow_hub
    return tensorflow_hub


def load_module(choice: str) -> Any:
    """Load `hub` or `mobile`: a module whose `module(content, style)[0]` is the pastiche.

    Content, style and pastiche are NHWC float32 RGB in [0, 1].

    Raises:
        AssetError: it can be neither found, downloaded nor read.
    """
    if choice == "hub":
        os.environ["TFHUB_CACHE_DIR"] = str(hub_folder())  # the only way to tell tensorflow_hub
        return _load(HUB_URL, "check the connection, or set the option network: mobile")
    try:
        folder = mobile_module(mobile_files())
    except OSError as error:
        raise AssetError(
            f"{error.filename}: the rebuilt network cannot be kept ({error.strerror}); "
            "set NSTBENCH_CACHE to a folder that can be written"
        ) from error
    return _load(str(folder), "remove this folder and run again")


def _load(handle: str, advice: str) -> Any:
    try:
        return import_hub().load(handle)
    except (OSError, ValueError, tf.errors.OpError) as error:
        raise AssetError(f"{handle}: cannot be loaded ({one_line(error)}); {advice}") from error
