"""Which pictures are small enough to be read between two turns of the event loop."""

from __future__ import annotations

LIGHT_BYTES = 16 * 1024
LIGHT_PIXELS = 320 * 320
"""A PNG within both, of chunks as small ones have them, is read in a few milliseconds; one that is
made to inflate a thousandfold in some thirty."""

LIGHT_CHUNKS = 64
HARMLESS = frozenset(
    (b"PLTE", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"sBIT", b"bKGD", b"pHYs", b"tIME")
    + (b"tEXt", b"eXIf", b"IDAT")
)
"""What takes no time to read. Compressed texts and profiles grow a thousandfold, and animations
have many pictures."""

START = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"
FIRST = len(START) + 13 + 4
"""Where what follows the header begins. A second header would count instead for some decoders."""


def is_light(picture: bytes) -> bool:
    """Whether a picture may be read on the event loop: a small and plain PNG, by its own chunks."""
    if len(picture) > LIGHT_BYTES or not picture.startswith(START):
        return False
    width, height = int.from_bytes(picture[16:20], "big"), int.from_bytes(picture[20:24], "big")
    return width * height <= LIGHT_PIXELS and _is_plain(picture)


def _is_plain(png: bytes) -> bool:
    """Whether all of its chunks are harmless, and few. Bytes after the last one are nobody's."""
    place = FIRST
    for _ in range(LIGHT_CHUNKS):
        kind = png[place + 4 : place + 8]
        if kind == b"IEND" or not kind:
            return True
        if kind not in HARMLESS:
            return False
        place += 12 + int.from_bytes(png[place : place + 4], "big")
    return False
