"""``POST /score`` on the server: the wire's three steps, with the wait for a turn in between."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from digits.errors import DigitsError
from digits.serving.desk import Desk, Places
from digits.serving.routes import Exchange
from digits.serving.weight import is_light
from digits.wire import Answer, Request, Service
from digits.wire.options import Options
from digits.wire.order import Order

INLINE_BODY = 256 * 1024
"""A form or JSON up to this size is taken apart on the event loop, a larger one in the thread."""


class Scoring:
    """Answers scoring requests."""

    def __init__(self, service: Service, desk: Desk) -> None:
        self._service = service
        self._desk = desk

    async def score(self, exchange: Exchange) -> Answer:
        """Raises DigitsError."""
        request = exchange.request
        deadline = self._desk.deadline()
        order = await self._take(request, deadline)
        with self._desk.places(len(order.pictures), deadline) as places:
            await self.read(order.pictures, order.options, exchange, places)
        return self._service.compose(order, exchange.outcomes, request.id)

    async def read(
        self,
        pictures: Sequence[bytes | DigitsError],
        options: Options,
        exchange: Exchange,
        places: Places,
    ) -> None:
        """Read pictures one by one, each when its turn comes; the exchange gets the outcomes."""
        for picture in pictures:
            work = partial(self._service.read, picture, options, exchange.request.id)
            light = not options.explain and _is_light(picture)
            exchange.outcomes.append(await self._desk.turn(work, places, light=light))

    async def _take(self, request: Request, deadline: float) -> Order:
        wrapped = request.media_type in ("application/json", "multipart/form-data")
        if not wrapped or len(request.body) <= INLINE_BODY:
            return self._service.take(request)
        with self._desk.places(1, deadline) as places:
            work = partial(self._service.take, request)
            return await self._desk.turn(work, places, light=False)


def _is_light(picture: bytes | DigitsError) -> bool:
    return isinstance(picture, DigitsError) or is_light(picture)
