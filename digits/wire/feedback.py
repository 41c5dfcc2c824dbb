"""``POST /feedback``: a picture comes back with what is really in it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from digits import picture as pictures
from digits.errors import BadRequest, UnknownReading, UnsupportedMediaType
from digits.picture import Limits, Picture
from digits.reading import Box
from digits.wire import jsonbody
from digits.wire.encoded import decode_picture
from digits.wire.ids import Signer
from digits.wire.message import JSON, Request
from digits.wire.order import check_body

MAX_DIGITS = 1000
"""Digits of one correction."""

_ROWS = re.compile(r"([0-9]+(/[0-9]+)*)?")
_EXAMPLE = '{"id": "<id of the reading>", "image": "<base64>", "digits": "123/45"}'


@dataclass(frozen=True)
class Correction:
    """What is really in a picture that was read before.

    ``picture`` is encoded as it was sent; ``rows`` are its digits, top to bottom, empty if there
    are none; ``boxes`` has one box for each digit, in reading order, or is None.
    """

    reading_id: str
    picture: bytes
    rows: tuple[str, ...]
    boxes: tuple[Box, ...] | None = None


def take(request: Request, signer: Signer, limits: Limits, *, max_body: int) -> Correction:
    """The correction in a request, its picture proven to be one.

    Raises BadRequest, UnknownReading, TooLarge, UnsupportedMediaType or UnreadableImage.
    """
    check_body(len(request.body), max_body)
    if request.media_type != JSON:
        raise UnsupportedMediaType(f"a correction is JSON (Content-Type: {JSON}): {_EXAMPLE}")
    value = jsonbody.parse(request.body, max_parts=6 * MAX_DIGITS)
    if not isinstance(value, dict):
        raise BadRequest(f"a correction is a JSON object: {_EXAMPLE}")
    reading_id = checked_id(_text(value, "id"), signer)
    rows = _rows(_text(value, "digits"))
    data = decode_picture(_text(value, "image"), limits)
    boxes = _boxes(value.get("boxes"), sum(map(len, rows)), pictures.decode(data, limits))
    return Correction(reading_id, data, rows, boxes)


def checked_id(reading_id: str, signer: Signer) -> str:
    """The id, if this deployment issued it. Raises UnknownReading."""
    if signer.issued_at(reading_id) is None:
        raise UnknownReading('this endpoint has issued no reading with this id; send its "id"')
    return reading_id


def _text(value: dict[str, object], name: str) -> str:
    text = value.get(name)
    if not isinstance(text, str):
        raise BadRequest(f'"{name}" must be there and be a string: {_EXAMPLE}')
    return text


def _rows(text: str) -> tuple[str, ...]:
    if len(text) - text.count("/") > MAX_DIGITS or not _ROWS.fullmatch(text):
        raise BadRequest(
            '"digits" must be the digits 0 to 9 with / between rows, as in "123/45", or empty if '
            f"there are none; at most {MAX_DIGITS}"
        )
    return tuple(text.split("/")) if text else ()


def _boxes(value: object, count: int, picture: Picture) -> tuple[Box, ...] | None:
    if value is None:
        return None
    if not isinstance(value, list) or len(value) != count:
        raise BadRequest(f'"boxes" must be a list with one box for each of the {count} digits')
    return tuple(_box(each, place, picture) for place, each in enumerate(value))


def _box(value: object, place: int, picture: Picture) -> Box:
    if isinstance(value, list) and len(value) == 4 and all(type(each) is int for each in value):
        x, y, width, height = value
        inside = x >= 0 <= y and x + width <= picture.width and y + height <= picture.height
        if inside and width >= 1 <= height:
            return x, y, width, height
    raise BadRequest(
        f'"boxes"[{place}] must be [x, y, width, height] in whole pixels, inside the picture of '
        f"{picture.width} x {picture.height}"
    )
