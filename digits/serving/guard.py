"""Which web pages of other origins may ask."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from digits.wire import Answer
from digits.wire.message import TEXT

Headers = tuple[tuple[str, str], ...]


class Cors:
    """Lets the pages of configured origins call, and no others; never with cookies."""

    def __init__(self, origins: Sequence[str]) -> None:
        self._origins = frozenset(origins)

    def is_preflight(self, method: str, headers: Mapping[str, str]) -> bool:
        """Whether a browser asks, for a page of a configured origin, what it may send."""
        return (
            method == "OPTIONS"
            and headers.get("origin") in self._origins
            and "access-control-request-method" in headers
        )

    def preflight(self, request_id: str) -> Answer:
        """What it may send; the origin itself is added by `headers`."""
        allowed = (
            ("x-request-id", request_id),
            ("access-control-allow-methods", "GET, POST, DELETE"),
            ("access-control-allow-headers", "authorization, content-type, x-request-id"),
            ("access-control-max-age", "600"),
        )
        return Answer(204, TEXT, b"", allowed)

    def headers(self, origin: str | None) -> Headers:
        """What to add to an answer for this origin."""
        if not self._origins:
            return ()
        if origin not in self._origins:
            return (("vary", "origin"),)
        return (
            ("access-control-allow-origin", origin),
            ("access-control-expose-headers", "x-request-id, retry-after"),
            ("vary", "origin"),
        )
