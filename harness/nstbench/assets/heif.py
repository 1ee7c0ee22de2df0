"""HEIC, in which telephones keep photographs: Pillow reads it where pillow-heif is installed."""

from __future__ import annotations

from pathlib import Path

BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1")
"""What such a file says it is (ISO/IEC 23008-12); of the last two the codec may be another, as in AVIF."""

FORMAT = "HEIF"
INSTALL = "pip install 'nstbench[heic]' reads HEIC"


def is_heif(path: Path) -> bool:
    """Whether a file begins as a HEIC picture does.

    Raises:
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        beginning = file.read(12)
    return beginning[4:8] == b"ftyp" and beginning[8:12] in BRANDS


def can_read() -> bool:
    """Make Pillow read it, if that is installed: the file's own rotation is applied, 10 bits are made 8."""
    try:
        from pillow_heif import register_heif_opener
    except ImportError:
        return False
    register_heif_opener()
    return True
