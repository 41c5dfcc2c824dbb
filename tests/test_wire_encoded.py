"""Pictures as base64 and data: URLs: exact bytes back, or an error that names the mistake."""

from __future__ import annotations

import base64

import pytest

from digits.errors import BadRequest, TooLarge
from digits.picture import Limits
from digits.wire.encoded import decode_picture

LIMITS = Limits(max_bytes=1000)


def test_every_length_comes_back_exactly():
    for length in range(1, 100):
        data = bytes(range(length))
        assert decode_picture(base64.b64encode(data).decode(), LIMITS) == data
        assert decode_picture(base64.encodebytes(data).decode(), LIMITS) == data


@pytest.mark.parametrize(
    "head", ["data:image/png;base64,", "data:;base64,", "DATA:x/y;a=b;BASE64,"]
)
def test_data_urls(head):
    assert decode_picture(f"{head}AAEC", LIMITS) == b"\0\1\2"


@pytest.mark.parametrize(
    "text", ["A", "AA", "AAA", "A===", "AA=A", "====", "AA==AA==", "AB-_", "AAA\0", "ÄÄÄÄ", "%41A"]
)
def test_what_is_not_base64(text):
    with pytest.raises(BadRequest, match="not valid base64"):
        decode_picture(text, LIMITS)


@pytest.mark.parametrize("text", ["data:image/png,AAAA", "data:AAAA", "data:image/png;base64"])
def test_data_urls_of_another_kind(text):
    with pytest.raises(BadRequest, match="data: URL"):
        decode_picture(text, LIMITS)


@pytest.mark.parametrize("text", ["", "  \n", "data:image/png;base64,"])
def test_nothing(text):
    with pytest.raises(BadRequest, match="empty string"):
        decode_picture(text, LIMITS)


@pytest.mark.parametrize("encode", [base64.b64encode, base64.encodebytes])
@pytest.mark.parametrize("size", [999, 1000])
def test_up_to_the_limit(encode, size):
    assert len(decode_picture(encode(b"x" * size).decode(), LIMITS)) == size


@pytest.mark.parametrize("encode", [base64.b64encode, base64.encodebytes])
@pytest.mark.parametrize("size", [1001, 1002, 5000])
def test_over_the_limit_the_message_has_both_sizes(encode, size):
    with pytest.raises(TooLarge, match=rf"{size:,} bytes; the limit is 1,000"):
        decode_picture(encode(b"x" * size).decode(), LIMITS)
