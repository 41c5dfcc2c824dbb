"""A request while it arrives: its head, taken apart and bounded."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import unquote

from digits.errors import DigitsError, HeadersTooLarge
from digits.wire import Request
from digits.wire.ids import request_id

MAX_HEAD = 32 * 1024
"""Bytes of request line and headers, and again of all that is neither these nor the body."""

MAX_HEADERS = 100


@dataclass(slots=True)
class Head:
    """A request's head. ``length`` is the body's declared size, None if it comes in chunks."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    length: int | None
    id: str

    def request(self, body: bytes) -> Request:
        """The request, once its body is there."""
        return Request(self.method, self.path, self.query, self.headers, body, self.id)

    def framing(self) -> bytes:
        """A head that says of the body, and of the connection after it, what this one does."""
        length = self.length
        body = "transfer-encoding: chunked" if length is None else f"content-length: {length}"
        lines = ["POST / HTTP/1.1", body]
        if "close" in self.headers.get("connection", "").lower():
            lines.append("connection: close")
        return "\r\n".join([*lines, "", ""]).encode()


@dataclass(slots=True)
class Incoming:
    """A request while it arrives.

    ``head_bytes`` are those of its complete headers; ``raw_bytes`` came in pieces without any body:
    headers that are not complete yet, trailers, extensions of chunks. ``due`` is the loop's time by
    which more must be here; the ``body`` so far came in ``pieces``. The client ``asks`` before it
    sends the body (``Expect: 100-continue``) and has not been answered yet.
    """

    due: float
    url: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    head_bytes: int = 0
    raw_bytes: int = 0
    head: Head | None = None
    body: bytearray = field(default_factory=bytearray)
    pieces: int = 0
    refused: DigitsError | None = None
    asks: bool = False

    @property
    def size(self) -> int:
        """Bytes of the body that are here."""
        return len(self.body)

    @property
    def too_large(self) -> bool:
        """Whether the head is over its bounds."""
        return max(self.head_bytes, self.raw_bytes) > MAX_HEAD or len(self.headers) > MAX_HEADERS

    def add(self, name: bytes, value: bytes) -> None:
        """One header; of several with one name the last counts."""
        self.headers[name.decode("latin-1").lower()] = value.decode("latin-1")
        self.head_bytes += len(name) + len(value) + len(b": \r\n")

    def parse(self, method: bytes) -> Head:
        """The head, now that all of it is there."""
        self.asks = self.headers.get("expect", "").lower() == "100-continue"
        target, _, query = self.url.decode("latin-1").partition("?")
        if not target.startswith("/"):  # absolute form, as proxies get it
            target = "/" + target.partition("://")[2].partition("/")[2]
        length = self.headers.get("content-length", "")
        declared = int(length) if length.isdigit() else 0
        return Head(
            method=method.decode("latin-1"),
            path=unquote(target) if "%" in target else target,
            query=query,
            headers=self.headers,
            length=None if "transfer-encoding" in self.headers else declared,
            id=request_id(self.headers.get("x-request-id")),
        )


def too_large() -> HeadersTooLarge:
    """What a client hears whose head is over its bounds."""
    return HeadersTooLarge(
        f"the request's headers are over {MAX_HEAD:,} bytes or {MAX_HEADERS} lines"
    )
