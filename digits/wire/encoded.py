"""Pictures as text: base64, with or without line breaks, and data: URLs."""

from __future__ import annotations

import binascii

import pybase64

from digits.errors import BadRequest
from digits.picture import Limits, check_bytes

_BLANKS = str.maketrans("", "", " \t\r\n")


def decode_picture(text: str, limits: Limits) -> bytes:
    """The bytes of one picture. Raises BadRequest (not base64) or TooLarge (before decoding)."""
    encoded = _payload(text)
    if _decoded_size(encoded) > limits.max_bytes:
        encoded = encoded.translate(_BLANKS)
    check_bytes(_decoded_size(encoded), limits)
    if not encoded.strip():
        raise BadRequest("the picture is an empty string; send its bytes as base64")
    try:
        return _decoded(encoded)
    except (binascii.Error, ValueError):
        raise BadRequest(
            "the picture is not valid base64: use the standard alphabet with its padding, as "
            "`base64 picture.png` makes it, or a data: URL"
        ) from None


def _payload(text: str) -> str:
    if text[:5].lower() != "data:":
        return text
    header, comma, payload = text.partition(",")
    if not comma or not header.lower().endswith(";base64"):
        raise BadRequest("only base64 data: URLs are read: data:image/png;base64,…")
    return payload


def _decoded_size(encoded: str) -> int:
    return len(encoded) * 3 // 4 - encoded[-2:].count("=")


def _decoded(encoded: str) -> bytes:
    try:
        return pybase64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        # Only a text with line breaks pays for their removal.
        return pybase64.b64decode(encoded.translate(_BLANKS), validate=True)
