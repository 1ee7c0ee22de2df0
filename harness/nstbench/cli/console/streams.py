"""Standard output and standard error that outlast whatever becomes of their readers.

A reader that leaves (`| head`), a full disk or an encoding that lacks a sign must not end a sweep that only
reports on itself, nor change what a verb found.
"""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path
from typing import Any, TextIO


class LastingFile(io.FileIO):
    """Takes what it is given; once that cannot be written, it goes nowhere, and `error` says why.

    That nobody reads any longer is no error.
    """

    error: OSError | None = None

    def write(self, data: Any) -> int:
        """Write bytes; return how many were taken."""
        try:
            return super().write(data)
        except BrokenPipeError:
            pass
        except OSError as error:
            self.error = error
        os.dup2(os.open(os.devnull, os.O_WRONLY), self.fileno())
        return len(data)


def make_streams_last() -> LastingFile | None:
    """Put lasting streams in the place of this process's own; return standard output's, if it is open.

    Streams that somebody has replaced (a test, a notebook) are left alone.
    """
    _fill_closed_descriptors()
    sys.stderr, _ = _lasting(sys.stderr, sys.__stderr__)
    sys.stdout, file = _lasting(sys.stdout, sys.__stdout__)
    return file


def _fill_closed_descriptors() -> None:
    """Let no file that is opened later become standard output, and get what libraries print there."""
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest that is free, which is this one


def _lasting(stream: TextIO | None, own: TextIO | None) -> tuple[TextIO, LastingFile | None]:
    if stream is None:  # closed by whoever started this process
        return Path(os.devnull).open("w", encoding="utf-8"), None
    if stream is not own or not isinstance(stream, io.TextIOWrapper):
        return stream, None
    stream.flush()
    file = LastingFile(stream.fileno(), "w", closefd=False)
    # Of the ways to treat a sign that the encoding lacks, these two may raise.
    raises = stream.errors == "strict" or (stream.errors == "surrogateescape" and stream.encoding != "utf-8")
    errors = "backslashreplace" if raises else stream.errors
    lasting = io.TextIOWrapper(
        io.BufferedWriter(file),
        stream.encoding,
        errors,
        line_buffering=stream.line_buffering,
        write_through=stream.write_through,
    )
    return lasting, file
