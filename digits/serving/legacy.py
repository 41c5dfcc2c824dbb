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
        picture, deadline = b"", self._desk.deadline()
        try:
            picture = await self._take(dialect, exchange, deadline)
            outcome = await self._read(picture, exchange, deadline)
            read = not isinstance(outcome, DigitsError)
            if dialect.shows and read and not legacy.is_shown(picture):
                picture = await self._preview(picture, deadline)
        except (Overloaded, Timeout):
            raise
        except DigitsError as error:
            outcome = error
        return _guarded(dialect.answer(exchange.request, picture, outcome))

    async def _take(self, dialect: Dialect, exchange: Exchange, deadline: float) -> bytes:
        request = exchange.request
        check_body(len(request.body), self._service.max_body)
        take = partial(dialect.take, request, self._service.reader.limits)
        light = len(request.body) <= INLINE_BODY
        with self._desk.places(1, deadline) as places:
            return await self._desk.turn(take, places, light=light)

    async def _read(self, picture: bytes, exchange: Exchange, deadline: float) -> Outcome:
        with self._desk.places(1, deadline) as places:
            await self._scoring.read((picture,), Options(single=True), exchange, places)
        return exchange.outcomes[0]

    async def _preview(self, picture: bytes, deadline: float) -> bytes:
        work = partial(legacy.preview, picture, self._service.reader.limits)
        with self._desk.places(1, deadline) as places:
            return await self._desk.turn(work, places, light=False)


def _guarded(answer: Answer) -> Answer:
    if not answer.content_type.startswith("text/html"):
        return answer
    return replace(answer, headers=answer.headers + GUARDED)
