"""Keras's own ImageNet VGG-19, downloaded to where Keras keeps it and verified."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import file_digest
from pathlib import Path
from threading import Thread

from nstbench.api import AssetError, one_line
from nstbench.assets.cache import expanded


@dataclass(frozen=True, slots=True)
class Download:
    """A file to fetch; `patience_s` is how long the server may take to give its first answer."""

    url: str
    md5: str
    patience_s: float = 3.0

    @property
    def path(self) -> Path:
        """Where Keras puts it, and so where a copy that Keras fetched is found."""
        home = os.environ.get("KERAS_HOME") or "~/.keras"
        return expanded(home).absolute() / "models" / self.url.rsplit("/", 1)[-1]


VGG19 = Download(
    url="https://storage.googleapis.com/tensorflow/keras-applications/vgg19/"
    "vgg19_weights_tf_dim_ordering_tf_kernels_notop.h5",
    md5="253f8cb515780f3b799900260a226db6",
)


def fetch(download: Download, say: Callable[[str], None]) -> Path:
    """Return the path of a verified copy, downloaded if there is none.

    Raises:
        AssetError: the server does not answer in time, breaks off, or sends something else.
    """
    path = download.path
    if path.is_file() and _md5(path) == download.md5:
        return path
    try:
        _answers(download)
        say(f"weights: downloading {download.url} to {path.parent}")
        _download(download, path)
    except (OSError, ValueError) as error:
        raise AssetError(_cannot(download, error)) from error
    return path


def why_no_imagenet(download: Download = VGG19) -> str:
    """Say why these parameters cannot be had here, without downloading them; empty if they can."""
    if download.path.is_file() and _md5(download.path) == download.md5:
        return ""
    try:
        _answers(download)
    except (OSError, ValueError) as error:
        return _cannot(download, error)
    return ""


def _cannot(download: Download, error: Exception) -> str:
    why = f"'imagenet' cannot be downloaded ({one_line(error)})"
    return f"{why}. Put {download.url} at {download.path} to use it"


def _answers(download: Download) -> None:
    """Ask whether the file is there, for `patience_s` in all.

    A time-out of requests counts for each of a host's addresses in turn, and not at all for looking up its
    name: behind a firewall that drops packets a large host would take a minute. A thread can be left behind.
    """
    import requests

    outcome: list[OSError | int] = []

    def ask() -> None:
        try:
            answer = requests.head(download.url, timeout=download.patience_s, allow_redirects=True)
            outcome.append(answer.status_code)
        except OSError as error:
            outcome.append(error)

    asking = Thread(target=ask, daemon=True)
    asking.start()
    asking.join(download.patience_s)
    if not outcome:
        raise TimeoutError(f"no answer within {download.patience_s:g} s")
    if isinstance(outcome[0], OSError):
        raise _short(outcome[0])
    if outcome[0] >= 400:
        raise OSError(f"the server says HTTP {outcome[0]}")


def _short(error: OSError) -> OSError:
    """Requests wraps causes in causes; the innermost is the one to tell."""
    cause: BaseException = error
    while inner := cause.__context__:
        cause = inner
    return OSError(str(cause) or type(cause).__name__)


def _download(download: Download, path: Path) -> None:
    """Let pooch write a temporary file, check it and move it into place."""
    import pooch

    pooch.retrieve(
        download.url,
        known_hash=f"md5:{download.md5}",
        fname=path.name,
        path=path.parent,
        downloader=pooch.HTTPDownloader(timeout=(download.patience_s, 30)),
    )


def _md5(path: Path) -> str:
    with path.open("rb") as file:
        return file_digest(file, "md5").hexdigest()
