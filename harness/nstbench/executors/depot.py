"""What jobs need of files, on a machine that may not have them: each travels there once, by hash."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from hashlib import file_digest, sha256
from pathlib import Path

from nstbench.api import AssetError
from nstbench.assets import WeightsSource, cache_dir
from nstbench.plan import Trial
from nstbench.record.layout import input_path
from nstbench.run.job import Job
from nstbench.system.files import open_regular, write_whole

PART_BYTES = 2**23
"""How much travels at once: clusters keep messages in a store that may be small."""


def needed(job: Job) -> dict[str, Path]:
    """Return name -> file of what a job reads; the name has the hash of the file, or of its pixels."""
    names = [input_path(each).name for trial in job.trials for each in _images(trial)]
    files = {name: job.inputs / name for name in names}
    sources = [each for each in (job.weights, job.referee) if each and each.path]
    return files | {_weights_name(each): Path(str(each.path)) for each in sources}


def parts(path: Path) -> Iterator[bytes]:
    """Read a file part by part.

    Raises:
        AssetError: it cannot be read.
    """
    try:
        with open_regular(path) as file:
            while part := file.read(PART_BYTES):
                yield part
    except OSError as error:
        raise AssetError(f"{path}: cannot be read ({error.strerror}), so no other machine gets it") from error


class Depot:
    """The files that have come to this machine; those of earlier sweeps are still there."""

    def __init__(self) -> None:
        self.folder = cache_dir() / "depot"
        self.folder.mkdir(mode=0o700, exist_ok=True)
        self._arriving: dict[str, bytearray] = {}

    def lacks(self, names: Mapping[str, str]) -> list[str]:
        """Return the names of files that are not here, or are others; given with their hashes."""
        return [name for name, digest in names.items() if _hash(self.folder / name) != digest]

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

    def _here(self, weights: WeightsSource | None) -> WeightsSource | None:
        if weights is None or weights.path is None:
            return weights
        return replace(weights, path=str(self.folder / _weights_name(weights)))


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file.

    Raises:
        AssetError: it cannot be read.
    """
    digest = sha256()
    for part in parts(path):
        digest.update(part)
    return digest.hexdigest()


def _hash(path: Path) -> str | None:
    try:
        with open_regular(path) as file:
            return file_digest(file, "sha256").hexdigest()
    except OSError:
        return None


def _weights_name(weights: WeightsSource) -> str:
    return f"{weights.sha256}{Path(str(weights.path)).suffix}"


def _images(trial: Trial) -> Iterator[str]:
    yield trial.content_sha256
    yield from (each for _, each in trial.hashed_styles())
    if trial.init_sha256:
        yield trial.init_sha256
