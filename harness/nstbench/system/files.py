"""Files: regular ones alone are read, and others see what is written either not at all or complete."""

from __future__ import annotations

import errno
import os
import secrets
import stat
from contextlib import suppress
from hashlib import file_digest
from io import BufferedReader
from pathlib import Path

KINDS = {
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


def open_regular(path: Path) -> BufferedReader:
    """Open a file for reading; what would make the reader wait, or never end, is refused.

    Raises:
        OSError: it is not there, cannot be read, or is no regular file: a folder, pipe, socket, device.
    """
    try:
        # Without waiting for somebody who writes into a pipe.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if error.errno != errno.ENXIO:
            raise
        raise _other(path, stat.S_IFSOCK) from error
    kind = stat.S_IFMT(os.fstat(descriptor).st_mode)
    if kind != stat.S_IFREG:
        os.close(descriptor)
        raise _other(path, kind)
    return os.fdopen(descriptor, "rb")


def read_regular(path: Path, most_bytes: int | None = None) -> bytes:
    """Read a whole file.

    Raises:
        OSError: as for `open_regular`; also if it is larger than `most_bytes`.
    """
    with open_regular(path) as file:
        size = os.fstat(file.fileno()).st_size
        if most_bytes is not None and size > most_bytes:
            raise OSError(errno.EFBIG, f"it has {size} bytes; at most {most_bytes} are read", str(path))
        return file.read()


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file; a tenth of a second for 60 MB.

    Raises:
        OSError: as for `open_regular`.
    """
    with open_regular(path) as file:
        return file_digest(file, "sha256").hexdigest()


def write_whole(path: Path, content: bytes, lasting: bool = True) -> None:
    """Write through a temporary file in the same folder, fsync, rename.

    Args:
        lasting: whether it is to be there after a loss of power; else without fsync.

    Raises:
        OSError: as for any writing; nothing is left behind.
    """
    temporary = path.with_name(f".{path.name[:40]}.{secrets.token_hex(6)}.tmp")
    try:
        with temporary.open("xb") as file:
            file.write(content)
            if lasting:
                file.flush()
                os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def write_into(path: Path, content: bytes) -> None:
    """Write into what is no regular file, a device or a pipe, without waiting for somebody who reads it.

    Raises:
        OSError: a folder, a socket, a pipe that nobody reads, or as for any writing.
    """
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if error.errno != errno.ENXIO:
            raise
        raise OSError(errno.ENXIO, "nobody reads from it", str(path)) from error
    os.set_blocking(descriptor, True)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)


def _other(path: Path, kind: int) -> OSError:
    if kind == stat.S_IFDIR:
        return IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    return OSError(errno.EINVAL, f"it is {KINDS.get(kind, 'something else')}, no regular file", str(path))
