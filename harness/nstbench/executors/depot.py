"""What jobs need of files, on a machine that may not have them: each travels there once, by hash."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from nstbench.api import AssetError
from nstbench.assets import WeightsSource, cache_dir
from nstbench.record.layout import input_path
from nstbench.run.job import Job
from nstbench.system.files import open_regular, sha256_of, write_whole

PART_BYTES = 2**23
"""How much travels at once: clusters keep messages in a store that may be small."""


def needed(job: Job) -> dict[str, Path]:
    """Return name -> file of what a job reads; the name has the hash of the file, or of its pixels."""
    names = [input_path(each).name for trial in job.trials for each in trial.image_hashes]
    files = {name: job.inputs / name for name in names}
    sources = [each for each in (job.weights, job.referee) if each and each.path]
    return files | {_weights_name(each): Path(str(each.path)) for each in sources}


def parts(path: Path) -> Iterator[bytes]:
    """Read a file part by part.

    Raises:
        AssetError: it cannot be read.
    """
    with _readable(path), open_regular(path) as file:
        while part := file.read(PART_BYTES):
            yield part


class Depot:
    """The files that have come to this machine; those of earlier sweeps are still there."""

    def __init__(self) -> None:
        self.folder = cache_dir() / "depot"
        self.folder.mkdir(mode=0o700, exist_ok=True)
        self._arriving: dict[str, bytearray] = {}
        self._seen: dict[str, tuple[tuple[int, int], str]] = {}

    def lacks(self, names: Mapping[str, str]) -> list[str]:
        """Return the names of files that are not here, or are others; given with their hashes."""
        return [name for name, digest in names.items() if self._digest(name) != digest]

    def receive(self, name: str, part: bytes) -> None:
        """Take the next part of a file."""
        self._arriving.setdefault(name, bytearray()).extend(part)

    def keep(self, name: str) -> None:
        """Write a file whose parts have all come."""
        write_whole(self.folder / name, bytes(self._arriving.pop(name)))

    def furnish(self, job: Job, log: Path) -> Job:
        """Return the job with the places that its files have here."""
        weights, referee = (self._here(each) for each in (job.weights, job.referee))
        return replace(job, log=log, base=None, inputs=self.folder, weights=weights, referee=referee)

    def _digest(self, name: str) -> str | None:
        """Return the hash of a file here; every job asks, so one that is as it was is not read again."""
        try:
            found = (self.folder / name).stat()
            stamp = found.st_size, found.st_mtime_ns
            if self._seen.get(name, ((), ""))[0] != stamp:
                self._seen[name] = stamp, sha256_of(self.folder / name)
        except OSError:
            return None
        return self._seen[name][1]

    def _here(self, weights: WeightsSource | None) -> WeightsSource | None:
        if weights is None or weights.path is None:
            return weights
        return replace(weights, path=str(self.folder / _weights_name(weights)))


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file that is to travel.

    Raises:
        AssetError: it cannot be read.
    """
    with _readable(path):
        return sha256_of(path)


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise AssetError(f"{path}: cannot be read ({error.strerror}), so no other machine gets it") from error


def _weights_name(weights: WeightsSource) -> str:
    return f"{weights.sha256}{Path(str(weights.path)).suffix}"
