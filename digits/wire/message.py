"""A request and an answer, free of any web framework."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

JSON = "application/json"
TEXT = "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Request:
    """One request, its body complete. Header names are in lower case; ``query`` is undecoded.

    ``id`` names it in answers and logs: see `digits.wire.ids.request_id`.
    """

    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    id: str = ""

    @property
    def media_type(self) -> str:
        """The body's type, lower case, without parameters: ``image/png``; empty when not said."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer: ``body`` is encoded, ``headers`` come on top of the content type."""

    status: int
    content_type: str
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()
