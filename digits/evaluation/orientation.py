"""Is a picture read alike however the camera was held?

A camera stores the pixels as the sensor lay and says in an EXIF tag how to turn them. Nothing
about that may depend on chance, so anything but 100 % is a bug.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from PIL import Image

from digits.errors import DigitsError
from digits.evaluation import scenes
from digits.evaluation.labelled import Item
from digits.evaluation.metamorphic import full_size
from digits.evaluation.scenes import Grey
from digits.evaluation.share import Share
from digits.picture import ORIENTATION_TAG, REDUCE_ABOVE
from digits.reader import Reader

PER_READING = "ms"


@dataclass(frozen=True)
class Outcome:
    """One picture stored with one value of the tag: whether the reading was the same."""

    file: str
    stored_as: str
    same: bool


def check(reader: Reader, item: Item) -> list[Outcome]:
    """Store a picture with all eight values. None where it cannot be read at all.

    As PNG, turned without loss, it must read as the upright one does; as JPEG, it must read as its
    own decoded pixels do once they are turned upright here. JPEGs so large that they are decoded
    at half size have no such pixels, and are left out.
    """
    try:
        grey = full_size(item.path.read_bytes())
    except (DigitsError, OSError):
        return []
    upright = _reading(reader, scenes.bmp(grey))
    outcomes = []
    for value in TURNS:
        stored = np.ascontiguousarray(TURNS[value](grey))
        same = _reading(reader, tagged_png(stored, value)) == upright
        outcomes.append(Outcome(item.path.name, f"PNG, {value}", same))
        if grey.size <= REDUCE_ABOVE and value > 1:
            outcomes.append(Outcome(item.path.name, f"JPEG, {value}", _jpeg(reader, stored, value)))
    return outcomes


def figures(outcomes: Sequence[Outcome]) -> dict[str, object]:
    """The share of readings that were the same, and where they were not."""
    return {
        "same": Share.count(outcome.same for outcome in outcomes).to_dict(),
        "differing": [
            {"file": outcome.file, "stored_as": outcome.stored_as}
            for outcome in outcomes
            if not outcome.same
        ],
    }


def tagged_png(stored: Grey, value: int) -> bytes:
    """Pixels as they are, and the tag that says how to turn them."""
    out = io.BytesIO()
    Image.fromarray(stored).save(out, "PNG", exif=_exif(value), compress_level=0)
    return out.getvalue()


def tagged_jpeg(stored: Grey, value: int) -> bytes:
    """The same as JPEG, of good quality; the tag goes between the first marker and the rest."""
    data, exif = scenes.jpeg(stored, 92), _exif(value)
    segment = b"\xff\xe1" + (len(exif) + 2).to_bytes(2, "big") + exif
    return data[:2] + segment + data[2:]


def _jpeg(reader: Reader, stored: Grey, value: int) -> bool:
    data = tagged_jpeg(stored, value)
    flags = cv2.IMREAD_GRAYSCALE | cv2.IMREAD_IGNORE_ORIENTATION
    pixels = np.asarray(cv2.imdecode(np.frombuffer(data, np.uint8), flags), np.uint8)
    upright = TURNS[{6: 8, 8: 6}.get(value, value)](pixels)
    expected = _reading(reader, scenes.bmp(np.ascontiguousarray(upright)))
    return _reading(reader, data) == expected


def _reading(reader: Reader, data: bytes) -> dict[str, object]:
    reading = reader.read(data).to_dict()
    return {name: value for name, value in reading.items() if name != PER_READING}


def _exif(value: int) -> bytes:
    exif = Image.Exif()
    exif[ORIENTATION_TAG] = value
    return exif.tobytes()


TURNS: dict[int, Callable[[Grey], Grey]] = {
    1: lambda grey: grey,
    2: np.fliplr,
    3: lambda grey: np.rot90(grey, 2),
    4: np.flipud,
    5: np.transpose,
    6: lambda grey: np.rot90(grey, 1),
    7: lambda grey: np.rot90(np.transpose(grey), 2),
    8: lambda grey: np.rot90(grey, -1),
}
"""How an upright picture is stored under each value, by the table in Exif 2.32 (4.6.4 A).

All but 6 and 8 undo themselves; those two undo each other.
"""
