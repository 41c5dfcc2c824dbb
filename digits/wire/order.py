"""What a scoring request asks for: which pictures, read how, answered in which form."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from digits.errors import BadRequest, DigitsError, TooLarge, UnsupportedMediaType
from digits.picture import Limits
from digits.wire import jsonbody, multipart
from digits.wire.encoded import decode_picture
from digits.wire.message import Request
from digits.wire.options import Options

Form = Literal["reading", "readings", "digits"]

MAX_IMAGES = 64
"""Pictures in one request."""

_HOST = re.compile(r"[A-Za-z0-9.:\[\]-]{1,100}")


@dataclass(frozen=True, slots=True)
class Order:
    """``pictures`` are encoded pictures, or why one of several could not be taken.

    ``form`` is how the client wants them: one reading, a list of readings, a bare list of digits.
    """

    form: Form
    pictures: tuple[bytes | DigitsError, ...]
    options: Options

    @classmethod
    def of(cls, request: Request, limits: Limits, *, max_body: int) -> Order:
        """Take the pictures out of a request's body, by its type.

        Raises BadRequest, TooLarge or UnsupportedMediaType.
        """
        check_body(len(request.body), max_body)
        if not request.body:
            raise BadRequest(f"the request has no body; send a picture: {curl(request)}")
        options = Options.parse(request.query)
        kind = request.media_type
        if kind.startswith("image/") or kind == "application/octet-stream":
            return cls("reading", (request.body,), options)
        if kind == "multipart/form-data":
            file = multipart.only_file(request.headers["content-type"], request.body)
            return cls("reading", (file,), options)
        if kind == "application/json":
            return _from_json(jsonbody.parse(request.body), options, limits)
        said = f"a body of type {kind[:80]!r}" if kind else "a body of no stated type"
        raise UnsupportedMediaType(f"{said} is not read; this works: {curl(request)}")


def check_body(size: int, max_body: int) -> None:
    """Raise TooLarge if a body of ``size`` bytes is over the limit."""
    if size > max_body:
        raise TooLarge(
            f"the request's body has {size:,} bytes; the limit is {max_body:,} (DIGITS_MAX_BODY); "
            "send fewer or smaller pictures"
        )


def curl(request: Request) -> str:
    """A command that scores a picture, for the address the client itself used."""
    host = request.headers.get("host", "")
    host = host if _HOST.fullmatch(host) else "127.0.0.1:5001"
    kind = "Content-Type: application/octet-stream"
    return f"curl --data-binary @picture.png -H '{kind}' http://{host}/score"


def _from_json(value: object, options: Options, limits: Limits) -> Order:
    if isinstance(value, str):
        return Order("digits", (decode_picture(value, limits),), options)
    if isinstance(value, dict) and len({"image", "images"} & value.keys()) == 1:
        if "image" in value:
            return Order("reading", (decode_picture(_text(value["image"]), limits),), options)
        return Order("readings", _several(value["images"], limits), options)
    raise BadRequest(
        'the JSON is none of {"image": "<base64>"}, {"images": ["<base64>", …]} or "<base64>"'
    )


def _several(values: object, limits: Limits) -> tuple[bytes | DigitsError, ...]:
    if not isinstance(values, list):
        raise BadRequest('"images" must be a list of pictures as base64')
    if not 1 <= len(values) <= MAX_IMAGES:
        raise BadRequest(f'"images" has {len(values)} pictures; send 1 to {MAX_IMAGES}')
    return tuple(_one_of_several(value, limits) for value in values)


def _one_of_several(value: object, limits: Limits) -> bytes | DigitsError:
    try:
        return decode_picture(_text(value), limits)
    except DigitsError as error:
        return error


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise BadRequest("a picture must be a string: its bytes as base64, or a data: URL")
    return value
