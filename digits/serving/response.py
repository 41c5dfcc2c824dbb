"""Answers as bytes of HTTP/1.1."""

from __future__ import annotations

import http
import time
from email.utils import formatdate
from functools import lru_cache

from digits.wire import Answer

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"

# On every answer: what is sent is what its type says, and no cache keeps readings.
ALWAYS = "x-content-type-options: nosniff\r\ncache-control: no-store\r\n"


def encode(answer: Answer, *, keep_alive: bool, body: bool = True) -> bytes:
    """The bytes to send; ``body=False`` leaves out the body, as HEAD wants it."""
    lines = [
        _status_line(answer.status),
        f"date: {_date(int(time.time()))}\r\n",
        ALWAYS,
        # A 204 has no body, and must not even say that it has none.
        f"content-type: {answer.content_type}\r\ncontent-length: {len(answer.body)}\r\n"
        if answer.status != 204
        else "",
        *(f"{name}: {value}\r\n" for name, value in answer.headers),
        "\r\n" if keep_alive else "connection: close\r\n\r\n",
    ]
    head = "".join(lines).encode("latin-1")
    return head + answer.body if body else head


@lru_cache(maxsize=64)
def _status_line(status: int) -> str:
    return f"HTTP/1.1 {status} {http.HTTPStatus(status).phrase}\r\n"


@lru_cache(maxsize=2)
def _date(seconds: int) -> str:
    return formatdate(seconds, usegmt=True)
