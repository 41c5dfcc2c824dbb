"""Answers: readings and errors as JSON. The one place where an error becomes an answer."""

from __future__ import annotations

import logging

import orjson

from digits.errors import DigitsError, MethodNotAllowed
from digits.wire.message import JSON, Answer

logger = logging.getLogger(__name__)

RETRY_AFTER_S = 1
"""What a client that was turned away for lack of room should wait."""


def ok(value: object, request_id: str, *, status: int = 200) -> Answer:
    """``value`` as JSON. orjson writes a number that is not finite as null, never as NaN."""
    return Answer(status, JSON, orjson.dumps(value), (("x-request-id", request_id),))


def refusal(error: DigitsError, request_id: str) -> Answer:
    """An error as the client sees it."""
    headers = [("x-request-id", request_id)]
    if error.status == 503:
        headers.append(("retry-after", str(RETRY_AFTER_S)))
    if isinstance(error, MethodNotAllowed):
        headers.append(("allow", error.allow))
    if error.status == 401:
        headers.append(("www-authenticate", "Bearer"))
    body = {"error": describe(error, request_id)}
    return Answer(error.status, JSON, orjson.dumps(body), tuple(headers))


def describe(error: DigitsError, request_id: str) -> dict[str, str]:
    """The inside of ``"error"``."""
    return {"code": error.code, "message": str(error), "id": request_id}


def internal(request_id: str) -> DigitsError:
    """Our own bug; call it inside its ``except``. The stack goes to the log, an apology out."""
    logger.exception("a request failed", extra={"request_id": request_id})
    return DigitsError("something went wrong in here; the log has the details under this id")
