"""The application: what is refused at the door, who answers the rest, what is told of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from digits.errors import DigitsError, NotFound
from digits.serving.desk import Desk, overloaded
from digits.serving.guard import Cors
from digits.serving.head import Head
from digits.serving.logs import timestamp
from digits.serving.routes import Exchange, Routes
from digits.serving.telemetry import Telemetry
from digits.settings import Settings
from digits.wire import Answer, Request, answers
from digits.wire.key import KeyCheck
from digits.wire.order import check_body
from digits.wire.service import Scored

Log = Callable[[dict[str, object]], None]


class App:
    """Answers requests."""

    def __init__(
        self,
        routes: Routes,
        desk: Desk,
        settings: Settings,
        telemetry: Telemetry,
        log: Log,
    ) -> None:
        self._routes = routes
        self._desk = desk
        self._max_body = settings.max_body
        self._check_key = KeyCheck(settings.api_key)
        self._cors = Cors(settings.cors_origins)
        self._telemetry = telemetry
        self._log = log

    def check(self, head: Head) -> DigitsError | None:
        """Why a request is refused before its body is read, if it is."""
        try:
            if self._cors.is_preflight(head.method, head.headers):
                return None
            route = self._routes.find(head.path)
            route.handle(head.method)
            if not route.open:
                self._check_key(head.headers)
            check_body(head.length or 0, self._max_body)
            if route.scores and self._desk.full:
                raise overloaded(self._desk.queue)
        except DigitsError as error:
            return error
        return None

    async def answer(self, request: Request, refused: DigitsError | None) -> Answer:
        """The answer to a request, or to one that is refused. Raises nothing."""
        began = time.perf_counter()
        exchange = Exchange(request)
        try:
            if refused is not None:
                self._name(exchange)
                raise refused
            answer = await self._do(exchange)
        except DigitsError as error:
            answer = answers.refusal(error, request.id)
        except Exception:
            answer = answers.refusal(answers.internal(request.id), request.id)
        self._tell(exchange, answer, time.perf_counter() - began)
        added = self._cors.headers(request.headers.get("origin"))
        return replace(answer, headers=answer.headers + added) if added else answer

    async def _do(self, exchange: Exchange) -> Answer:
        request = exchange.request
        if self._cors.is_preflight(request.method, request.headers):
            return self._cors.preflight(request.id)
        route = self._routes.find(request.path)
        exchange.route = route.path
        exchange.quiet = route.quiet
        return await route.handle(request.method)(exchange)

    def _name(self, exchange: Exchange) -> None:
        """Note whose a refused request would have been."""
        with suppress(NotFound):
            exchange.route = self._routes.find(exchange.request.path).path

    def _tell(self, exchange: Exchange, answer: Answer, seconds: float) -> None:
        """Count the exchange and log it, unless it is one of a probe's many successes."""
        self._telemetry.answered(exchange.route, answer.status, seconds)
        self._telemetry.tried(exchange.outcomes)
        if not (exchange.quiet and answer.status == 200):
            self._log(_entry(exchange, answer, seconds))


def _entry(exchange: Exchange, answer: Answer, seconds: float) -> dict[str, object]:
    """One line of the log: never the picture, never more of the client's text than its id."""
    request = exchange.request
    entry: dict[str, object] = {
        "time": timestamp(time.time()),
        # A probe that is told to wait is no trouble: it is what it asks for.
        "level": "info" if answer.status < 500 or exchange.quiet else "warning",
        "message": "request",
        "id": request.id,
        "method": request.method,
        "route": exchange.route,
        "status": answer.status,
        "bytes": len(request.body),
    }
    ms = {"answer": round(seconds * 1000, 3)}
    if exchange.outcomes:
        entry["pictures"] = len(exchange.outcomes)
        read = [each.reading for each in exchange.outcomes if isinstance(each, Scored)]
        entry["pixels"] = sum([reading.width * reading.height for reading in read])
        entry["digits"] = sum([len(reading.digits) for reading in read])
        for stage in ("decode", "find", "classify"):
            ms[stage] = round(sum([getattr(reading.ms, stage) for reading in read]), 3)
    entry["ms"] = ms
    return entry
