"""The routes that the clients of the older systems use."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from digits.errors import DigitsError, Overloaded, Timeout
from digits.serving.desk import Desk
from digits.serving.pages import GUARDED
from digits.serving.routes import Exchange, Handle, Route
from digits.serving.scoring import INLINE_BODY, Scoring
from digits.wire import Answer, Service, legacy
from digits.wire.legacy import Dialect
from digits.wire.options import Options
from digits.wire.order import check_body
from digits.wire.service import Outcome


class Legacy:
    """Answers the older systems' clients, each in its own dialect."""

    def __init__(self, service: Service, scoring: Scoring, desk: Desk) -> None:
        self._service = service
        self._scoring = scoring
        self._desk = desk

    def routes(self) -> list[Route]:
        """All of them."""
        routes = []
        for dialect in legacy.DIALECTS:
            methods: dict[str, Handle] = {"POST": partial(self.answer, dialect)}
            if dialect.path == "/predict":
                methods["GET"] = self.form
            routes.append(Route(dialect.path, methods, scores=True))
        return routes

    async def form(self, exchange: Exchange) -> Answer:
        """The page to choose a picture on."""
        return _guarded(legacy.form_page(exchange.request))

    async def answer(self, dialect: Dialect, exchange: Exchange) -> Answer:
        """Read the one picture of a request. Raises Overloaded or Timeout."""
        picture = b""
        try:
            picture = await self._take(dialect, exchange)
            outcome = await self._read(picture, exchange)
        except (Overloaded, Timeout):
            raise
        except DigitsError as error:
            outcome = error
        return _guarded(dialect.answer(exchange.request, picture, outcome))

    async def _take(self, dialect: Dialect, exchange: Exchange) -> bytes:
        request = exchange.request
        check_body(len(request.body), self._service.max_body)
        take = partial(dialect.take, request, self._service.reader.limits)
        light = len(request.body) <= INLINE_BODY
        with self._desk.places(1, self._desk.deadline()) as places:
            return await self._desk.turn(take, places, light=light)

    async def _read(self, picture: bytes, exchange: Exchange) -> Outcome:
        with self._desk.places(1, self._desk.deadline()) as places:
            await self._scoring.read((picture,), Options(single=True), exchange, places)
        return exchange.outcomes[0]


def _guarded(answer: Answer) -> Answer:
    if not answer.content_type.startswith("text/html"):
        return answer
    return replace(answer, headers=answer.headers + GUARDED)
