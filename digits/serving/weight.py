"""Which pictures are small enough to be read between two turns of the event loop."""

from __future__ import annotations

LIGHT_BYTES = 128 * 1024
LIGHT_PIXELS = 320 * 320
"""A PNG within both is read in a few milliseconds, whatever is in it."""

PNG = b"\x89PNG\r\n\x1a\n"


def is_light(picture: bytes) -> bool:
    """Whether a picture may be read on the event loop: a small PNG, by its own header."""
    if len(picture) > LIGHT_BYTES or not picture.startswith(PNG):
        return False
    width, height = int.from_bytes(picture[16:20], "big"), int.from_bytes(picture[20:24], "big")
    return width * height <= LIGHT_PIXELS
