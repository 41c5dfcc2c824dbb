"""JSON from outside cannot grow beyond its own size by much."""

from __future__ import annotations

import tracemalloc

import pytest

from digits.errors import BadRequest
from digits.wire import jsonbody


def test_values():
    assert jsonbody.parse(b'{"images": ["a", "b"]}') == {"images": ["a", "b"]}


def test_line_breaks_inside_strings_are_forgiven():
    assert jsonbody.parse(b'{"image":\r\n "AA\r\nBB\n"}') == {"image": "AABB"}


def test_as_many_values_as_allowed_and_one_more():
    assert jsonbody.parse(b"[" + b"0," * 9 + b"0]", max_parts=10) == [0] * 10
    with pytest.raises(BadRequest, match="11 values or more; the limit is 10"):
        jsonbody.parse(b"[" + b"0," * 10 + b"0]", max_parts=10)


@pytest.mark.parametrize("opening", [b"[", b'{"a":'])
@pytest.mark.parametrize("depth", [2_000, 1_000_000])
def test_depth(opening, depth):
    with pytest.raises(BadRequest):
        jsonbody.parse(opening * depth, max_parts=10_000)


@pytest.mark.parametrize("unit", [b"[],", b"{},", b"0,"])
def test_a_small_body_does_not_become_a_large_value(unit):
    body = b"[" + unit * 1_000_000 + b"0]"
    tracemalloc.start()
    with pytest.raises(BadRequest):
        jsonbody.parse(body)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak < 100_000
