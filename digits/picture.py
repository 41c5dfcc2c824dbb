"""Bytes to an upright grey picture: the one decoder, whatever way the picture came.

Format and size are read from the header before any pixel is decoded. The pixels are decoded
straight to grey by OpenCV where that is exact, large JPEGs at half size; whatever needs more care
(transparency, sixteen bits, palettes, CMYK, GIF, TIFF) goes through Pillow.
"""

from __future__ import annotations

import io
import struct
import warnings
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from digits.errors import TooLarge, UnreadableImage, UnsupportedMediaType
from digits.settings import MIB, Settings

Grey = NDArray[np.uint8]

FORMATS = ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP")
JPEGS = ("JPEG", "MPO")
"""What Pillow calls a JPEG; the second has more pictures behind it, as phones write some."""
SUPPORTED = "PNG, JPEG, GIF, BMP, TIFF or WebP"
REDUCE_ABOVE = 5_200_000
"""Pixels from which a JPEG is decoded at half its size: the reader works on fewer anyway."""

MAX_SCANS = 200
"""Passes over a JPEG's pixels. Progressive ones have about ten, and a film that a phone hangs on
behind may look like a hundred more; but a pass that changes nothing takes a dozen bytes and as long
as any other, so that without a limit a file could keep the decoder busy for hours."""

SCAN = 0xDA
SEQUENTIAL = (0xC0, 0xC1)
BEFORE_SCANS = frozenset({0xC4, 0xDB, 0xDD, 0xFE, *range(0xE0, 0xF0)})
"""JPEG's markers (ITU-T T.81, table B.1): a scan, a frame whose scans are not passes over the same
pixels, and tables, comments and applications' data."""

ORIENTATION_TAG = 0x0112
ORIENTATION_KEYS = {"exif", "xmp", "Raw profile type exif", "XML:com.adobe.xmp"}
"""Where Pillow's ``info`` may hold an orientation."""

Image.MAX_IMAGE_PIXELS = None  # `Limits` bounds the pixels, with a message that says how many


@dataclass(frozen=True)
class Limits:
    """Bounds on one picture: encoded bytes, and pixels once decoded."""

    max_bytes: int = 10 * MIB
    max_pixels: int = 50_000_000

    @classmethod
    def of(cls, settings: Settings) -> Limits:
        return cls(max_bytes=settings.max_bytes, max_pixels=settings.max_pixels)


@dataclass(frozen=True)
class Picture:
    """``grey`` is ``[h, w]`` uint8, 0 black to 255 white, upright.

    ``width`` and ``height`` are the upright picture's own, which ``grey`` may be half of.
    """

    grey: Grey
    width: int
    height: int


def decode(data: bytes, limits: Limits | None = None) -> Picture:
    """Decode a picture in any supported format.

    Raises TooLarge (over a limit, found before the pixels are decoded), UnsupportedMediaType (not
    a picture in a supported format), UnreadableImage (truncated or corrupt).
    """
    limits = limits or Limits()
    check_bytes(len(data), limits)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow warns of oddities that it copes with
        try:
            return _decode(data, limits)
        except (OSError, ValueError, SyntaxError, EOFError, struct.error, IndexError) as error:
            raise UnreadableImage(
                f"the picture is truncated or corrupt ({_reason(error)}); send the whole file"
            ) from None
        except (
            MemoryError,
            cv2.error,
            OverflowError,
            KeyError,
            TypeError,
            AttributeError,
            ZeroDivisionError,
            RuntimeError,
        ):
            raise UnreadableImage(
                "the picture is corrupt: its parts contradict each other; save it again and retry"
            ) from None


def check_bytes(count: int, limits: Limits) -> None:
    """Raise TooLarge if an encoded picture of ``count`` bytes is over the limit."""
    if count > limits.max_bytes:
        raise TooLarge(
            f"the picture has {count:,} bytes; the limit is {limits.max_bytes:,} "
            "(DIGITS_MAX_BYTES); send a smaller or more compressed one"
        )


def _decode(data: bytes, limits: Limits) -> Picture:
    image = _open(data)
    width, height = image.size
    if width * height > limits.max_pixels:
        raise TooLarge(
            f"the picture has {width} x {height} = {width * height:,} pixels; the limit is "
            f"{limits.max_pixels:,} (DIGITS_MAX_PIXELS); scale it down"
        )
    if image.format in JPEGS:
        _check_scans(data)
    grey = _decode_with_opencv(image, data)
    if grey is None:
        image.seek(0)
        image.load()  # which turns a TIFF upright, so its orientation is asked for afterwards
        grey = _to_grey(image)
        width, height = image.size
    orientation = _orientation(image)
    if orientation >= 5:
        width, height = height, width
    return Picture(_upright(grey, orientation), width, height)


def _open(data: bytes) -> Image.Image:
    if not data:
        raise UnreadableImage("the picture is empty (0 bytes); send the file's content")
    try:
        return Image.open(io.BytesIO(data), formats=FORMATS)
    except UnidentifiedImageError:
        if _starts_like_a_picture(data):
            raise UnreadableImage(
                "the picture is truncated or corrupt: its header is broken; send the whole file"
            ) from None
        raise UnsupportedMediaType(
            f"these {len(data):,} bytes are not a picture in a supported format; send {SUPPORTED}"
        ) from None


def _check_scans(jpeg: bytes) -> None:
    if _ends_with_one_scan(jpeg):
        return
    # Inside compressed pixels 0xff is always followed by zero.
    scans = _pairs(jpeg, b"\xff\xda")
    if scans > MAX_SCANS:
        raise UnreadableImage(
            f"the JPEG paints its pixels {scans:,} times over; the limit is {MAX_SCANS}; save it "
            "again and retry"
        )


def _ends_with_one_scan(jpeg: bytes) -> bool:
    """Whether a decoder reads no more than one scan: that of a sequential picture, if it has all
    of the components. So has nearly every photo, and its pixels need not be searched for others.

    The segments before the scan are walked as a decoder does; where one could walk otherwise, the
    answer is no.
    """
    components = 0
    at = 2
    while at + 9 < len(jpeg) and jpeg[at] == 0xFF:
        kind, length = jpeg[at + 1], int.from_bytes(jpeg[at + 2 : at + 4], "big")
        if kind == SCAN:
            return components > 0 and jpeg[at + 4] == components
        if kind in SEQUENTIAL:
            components = jpeg[at + 9]
        elif kind not in BEFORE_SCANS:
            return False
        at += 2 + length
    return False


def _pairs(data: bytes, pair: bytes) -> int:
    """How often two bytes follow each other; many times as fast as ``data.count(pair)``."""
    [wanted] = np.frombuffer(pair, np.uint16)
    from_even = np.frombuffer(data, np.uint16, len(data) // 2)
    from_odd = np.frombuffer(data, np.uint16, (len(data) - 1) // 2, offset=1)
    return sum(int(np.count_nonzero(pairs == wanted)) for pairs in (from_even, from_odd))


def _starts_like_a_picture(data: bytes) -> bool:
    signatures = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"BM", b"II*\0", b"MM\0*")
    return data.startswith(signatures) or (data[:4] == b"RIFF" and data[8:12] == b"WEBP")


def _orientation(image: Image.Image) -> int:
    """EXIF orientation, 1 to 8; 1 where there is none or it is nonsense."""
    if image.format in (*JPEGS, "PNG") and not ORIENTATION_KEYS & image.info.keys():
        return 1  # asking Pillow anyway takes longer than decoding a small picture
    try:
        value = image.getexif().get(ORIENTATION_TAG, 1)
    except (ValueError, OSError, SyntaxError, struct.error, KeyError, TypeError, IndexError):
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def _decode_with_opencv(image: Image.Image, data: bytes) -> Grey | None:
    """Grey pixels as stored, or None where only Pillow gets the picture right."""
    if image.format in JPEGS and image.mode in ("L", "RGB"):
        large = image.width * image.height > REDUCE_ABOVE
        flag = cv2.IMREAD_REDUCED_GRAYSCALE_2 if large else cv2.IMREAD_GRAYSCALE
    elif image.format == "PNG" and image.mode in ("L", "RGB") and "transparency" not in image.info:
        flag = cv2.IMREAD_GRAYSCALE
    else:
        return None
    grey = cv2.imdecode(np.frombuffer(data, np.uint8), flag | cv2.IMREAD_IGNORE_ORIENTATION)
    return None if grey is None else np.asarray(grey, np.uint8)


def _to_grey(image: Image.Image) -> Grey:
    """Grey pixels of any mode: deep pictures stretched to 8 bits, transparent ones composed."""
    if image.mode.startswith(("I", "F")):
        return _stretched(np.asarray(image, np.float64))
    if image.has_transparency_data:
        return _composed(np.asarray(image.convert("RGBA"), np.uint8))
    if image.mode not in ("L", "RGB"):
        image = image.convert("RGB" if image.mode != "1" else "L")
    return np.asarray(image.convert("L"), np.uint8)


def _stretched(deep: NDArray[np.float64]) -> Grey:
    """More than 8 bits a pixel to 0..255, by the range in use: files do not say their depth."""
    known = deep[np.isfinite(deep)]
    low, high = (float(known.min()), float(known.max())) if known.size else (0.0, 0.0)
    if high <= low:
        return np.zeros(deep.shape, np.uint8)
    deep = np.clip(np.nan_to_num(deep, nan=low), low, high)
    if low >= 0 and 1 < high <= 255:
        return deep.astype(np.uint8)
    return ((deep - low) * (255 / (high - low))).astype(np.uint8)


def _composed(rgba: NDArray[np.uint8]) -> Grey:
    """Lay a transparent picture over the paper that shows its ink.

    Where most of the picture is see-through, the opaque part is the ink and the paper is white or
    black, whichever differs more from it: strokes that live in the alpha channel alone show up so.
    Where most is opaque, the see-through part is filled with the typical opaque grey.
    """
    alpha = rgba[..., 3].astype(np.uint16)
    grey = cv2.cvtColor(rgba, cv2.COLOR_RGBA2GRAY).astype(np.uint16)
    opaque = grey[alpha > 127]
    if not len(opaque):
        opaque = grey[alpha > 0]
    typical = int(np.median(opaque)) if len(opaque) else 0
    mostly_opaque = len(opaque) * 2 > grey.size
    paper = typical if mostly_opaque else (255 if typical < 128 else 0)
    return np.asarray((grey * alpha + paper * (255 - alpha) + 127) // 255, np.uint8)


def _upright(grey: Grey, orientation: int) -> Grey:
    """Undo the camera's turn: the eight EXIF orientations as flips and transpositions."""
    if orientation == 1:
        return grey
    if orientation >= 5:
        grey = grey.T
    if orientation in (2, 3, 6, 7):
        grey = grey[:, ::-1]
    if orientation in (3, 4, 7, 8):
        grey = grey[::-1]
    return np.ascontiguousarray(grey)


def _reason(error: Exception) -> str:
    text = " ".join(str(error).split())
    return text[:120] if text.isprintable() else type(error).__name__
