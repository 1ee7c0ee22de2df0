"""Colour profiles written by hand, and the same colours by published formulas: nothing here is Little CMS."""

import struct

import numpy as np

P3_TO_XYZ = [[0.4865709, 0.2656677, 0.1982173], [0.2289746, 0.6917385, 0.0792869], [0, 0.0451134, 1.0439444]]
XYZ_TO_SRGB = [
    [3.2404542, -1.5371385, -0.4985314],
    [-0.9692660, 1.8760108, 0.0415560],
    [0.0556434, -0.2040259, 1.0572252],
]
"""For the white of D65 (CSS Color Module Level 4, Lindbloom)."""

D65_TO_D50 = [
    [1.0478112, 0.0228866, -0.0501270],
    [0.0295424, 0.9904844, -0.0170491],
    [-0.0092345, 0.0150436, 0.7521316],
]
"""Bradford's adaptation (Lindbloom): colours in a profile stand against D50."""

D50 = (0.9642, 1.0, 0.8249)
SRGB_CURVE = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)


def display_p3():
    """Return a profile with the primaries of Display P3 and the curve of sRGB."""
    columns = (np.array(D65_TO_D50) @ np.array(P3_TO_XYZ)).T
    colours = {f"{name}XYZ": _xyz(column) for name, column in zip("rgb", columns, strict=True)}
    return profile(
        "RGB ", colours | dict.fromkeys(("rTRC", "gTRC", "bTRC"), _curve(SRGB_CURVE)), "Display P3"
    )


def linear_grey():
    """Return a profile of light, not of its perception: a grey of half the number is half the light."""
    return profile("GRAY", {"kTRC": b"curv" + bytes(4) + struct.pack(">I", 0)}, "Linear grey")


def inks(lab_of):
    """Return a CMYK profile with these colours at the corners: `lab_of(c, m, y, k)`, each 0 or 1."""
    straight = bytes(range(256))
    corners = [(c, m, y, k) for c in (0, 1) for m in (0, 1) for y in (0, 1) for k in (0, 1)]
    lab = np.array([lab_of(*corner) for corner in corners])
    stored = np.rint(lab * [2.55, 1, 1] + [0, 128, 128]).clip(0, 255).astype(np.uint8)
    identity = struct.pack(">9i", *(int(v * 65536) for v in (1, 0, 0, 0, 1, 0, 0, 0, 1)))
    table = (
        b"mft1" + bytes(4) + bytes([4, 3, 2, 0]) + identity + straight * 4 + stored.tobytes() + straight * 3
    )
    return profile("CMYK", {"A2B0": table, "A2B1": table}, "Some inks", kind="prtr", connection="Lab ")


def profile(space, tags, name, kind="mntr", connection="XYZ "):
    """Return an ICC profile (ICC.1:2010, version 4): a header, a list of tags, the tags."""
    tags = {"desc": _text(name), "cprt": _text("public domain"), "wtpt": _xyz(D50), **tags}
    header = struct.pack(">4sI", b"none", 0x04200000) + f"{kind}{space}{connection}".encode()
    header += struct.pack(">6H", 2026, 1, 1, 0, 0, 0) + b"acsp" + bytes(28) + _fixed(D50) + bytes(48)
    offset, listed, body = 4 + len(header) + 4 + 12 * len(tags), struct.pack(">I", len(tags)), b""
    for signature, content in tags.items():
        listed += struct.pack(">4sII", signature.encode(), offset + len(body), len(content))
        body += content + bytes(-len(content) % 4)
    return struct.pack(">I", offset + len(body)) + header + listed + body


def to_srgb(p3):
    """Return Display P3 colours, (..., 3) from 0 to 255, in sRGB; what it lacks is clipped."""
    linear = _decoded(np.asarray(p3) / 255) @ (np.array(XYZ_TO_SRGB) @ np.array(P3_TO_XYZ)).T
    return 255 * encoded(np.clip(linear, 0, 1))


def lab_to_srgb(lightness, a, b):
    """Return a colour of CIE L*a*b* (against D50) in sRGB."""
    y = (lightness + 16) / 116
    f = np.array([y + a / 500, y, y - b / 200])
    xyz = np.where(f > 6 / 29, f**3, 3 * (6 / 29) ** 2 * (f - 4 / 29)) * D50
    linear = np.array(XYZ_TO_SRGB) @ np.linalg.solve(np.array(D65_TO_D50), xyz)
    return 255 * encoded(np.clip(linear, 0, 1))


def encoded(linear):
    """Apply the curve of sRGB (IEC 61966-2-1)."""
    return np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * np.power(linear, 1 / 2.4) - 0.055)


def _decoded(values):
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def _fixed(values):
    return struct.pack(">3i", *(round(value * 65536) for value in values))


def _xyz(values):
    return b"XYZ " + bytes(4) + _fixed(values)


def _curve(parameters):
    numbers = (round(value * 65536) for value in parameters)
    return b"para" + bytes(4) + struct.pack(">HH5i", 3, 0, *numbers)


def _text(text):
    words = text.encode("utf-16-be")
    return b"mluc" + bytes(4) + struct.pack(">II4sII", 1, 12, b"enUS", len(words), 28) + words
