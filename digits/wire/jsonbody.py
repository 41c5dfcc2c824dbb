"""JSON from outside: parsed with a bound on what it can grow to."""

from __future__ import annotations

import orjson

from digits.errors import BadRequest

MAX_PARTS = 1000
"""Values a request's JSON may have. A list of empty lists grows thirtyfold when it is parsed."""


def parse(body: bytes, *, max_parts: int = MAX_PARTS) -> object:
    """The JSON value in ``body``. Raises BadRequest: not JSON, too many values, nested too deep.

    Line breaks inside strings, which JSON forbids and ``"$(base64 picture.png)"`` in a shell
    produces, are forgiven.
    """
    parts = body.count(b",") + body.count(b"[") + body.count(b"{")
    if parts > max_parts:
        raise BadRequest(f"the JSON has {parts:,} values or more; the limit is {max_parts:,}")
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        if b"\n" not in body:
            raise _refusal(error) from None
    try:
        return orjson.loads(body.translate(None, b"\r\n"))
    except orjson.JSONDecodeError as error:
        raise _refusal(error) from None


def _refusal(error: orjson.JSONDecodeError) -> BadRequest:
    return BadRequest(
        f'the body is not valid JSON ({error}); send {{"image": "<base64 of the picture>"}}'
    )
