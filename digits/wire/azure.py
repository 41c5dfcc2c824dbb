"""Between Azure's inference server and ours: its request, its response, its entry script's needs.

Azure's server hands ``run()`` a Flask request and sends an ``AMLResponse`` as it is. Where that
package is not installed, as in the command line's environment, small stand-ins take its place.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Protocol, TypeVar

from digits.wire.ids import request_id
from digits.wire.message import Answer, Request

Run = TypeVar("Run", bound=Callable[..., object])


class Headers(Protocol):
    """Flask's headers, or a plain mapping; names in any case."""

    def items(self) -> Iterable[tuple[str, str]]: ...


class AzureRequest(Protocol):
    """What is used of Flask's request."""

    @property
    def method(self) -> str: ...
    @property
    def path(self) -> str: ...
    @property
    def query_string(self) -> bytes: ...
    @property
    def headers(self) -> Headers: ...

    def get_data(self, cache: bool = True) -> bytes: ...


class PlainResponse:
    """Stands in for ``AMLResponse``: the part of it that is used, and no Flask."""

    def __init__(
        self, message: bytes, status_code: int, response_headers: Mapping[str, str]
    ) -> None:
        self.data = message
        self.status_code = status_code
        self.headers = dict(response_headers)


def plain_rawhttp(run: Run) -> Run:
    """Stands in for ``rawhttp``, which only tells Azure's server to pass requests unparsed."""
    return run


def to_request(request: AzureRequest) -> Request:
    """Azure's request as ours. Its id is the one that the server itself sends back, if sane."""
    headers = {name.lower(): value for name, value in request.headers.items()}
    return Request(
        method=request.method,
        path=request.path,
        query=request.query_string.decode("latin-1"),
        headers=headers,
        body=request.get_data(cache=False),
        id=request_id(headers.get("x-request-id") or _server_request_id()),
    )


def headers_of(answer: Answer) -> dict[str, str]:
    """All headers of an answer. Azure splits values at commas, so none of ours has one."""
    return {"Content-Type": answer.content_type, **dict(answer.headers)}


def _server_request_id() -> str | None:
    flask = sys.modules.get("flask")  # there in Azure's server, absent on the command line
    given = flask.g.get("request_id") if flask and flask.g else None
    return given if isinstance(given, str) else None
