"""``/feedback``: corrections are kept, and deleted again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from digits.errors import FeedbackOff, NotFound
from digits.serving.desk import Desk
from digits.serving.routes import Exchange, Route
from digits.settings import Settings
from digits.wire import Answer, Service, answers, feedback
from digits.wire.message import TEXT

if TYPE_CHECKING:
    from digits.feedback.store import Store

T = TypeVar("T")


class Feedback:
    """Keeps corrections, if a store is configured."""

    def __init__(self, service: Service, desk: Desk, settings: Settings) -> None:
        self._service = service
        self._desk = desk
        self._days = settings.feedback_days
        self._store = _join(settings.feedback) if settings.feedback else None

    def routes(self) -> list[Route]:
        """Both of them."""
        return [
            Route("/feedback", {"POST": self.keep}),
            Route("/feedback/{id}", {"DELETE": self.delete}),
        ]

    async def keep(self, exchange: Exchange) -> Answer:
        """Raises DigitsError."""
        store, request, service = self._opened(), exchange.request, self._service
        take = partial(
            feedback.take,
            request,
            service.signer,
            service.reader.limits,
            max_body=service.max_body,
        )
        # The picture is decoded to see that it is one, so it takes its turn with the others.
        with self._desk.places(1, self._desk.deadline()) as places:
            correction = await self._desk.turn(take, places, light=False)
        await _aside(partial(store.add, correction, days=self._days))
        value = {"id": correction.reading_id, "kept_days": self._days}
        return answers.ok(value, request.id, status=201)

    async def delete(self, exchange: Exchange) -> Answer:
        """Raises DigitsError."""
        store, request = self._opened(), exchange.request
        reading_id = request.path.rpartition("/")[2]
        feedback.checked_id(reading_id, self._service.signer)
        if not await _aside(partial(store.delete, reading_id)):
            raise NotFound("nothing is kept of this reading")
        return Answer(204, TEXT, b"", (("x-request-id", request.id),))

    def _opened(self) -> Store:
        if self._store is None:
            raise FeedbackOff("this endpoint keeps no corrections: DIGITS_FEEDBACK is not set")
        return self._store


def check_store(settings: Settings) -> None:
    """Make the configured store if it is not there. Raises what is wrong with it."""
    if settings.feedback:
        from digits.feedback.store import Store

        Store.open(settings.feedback).close()


def _join(location: str) -> Store:
    from digits.feedback.store import Store  # takes a while, which those without need not wait

    return Store.join(location)


async def _aside(work: Callable[[], T]) -> T:
    """Do what waits for a disk or a network in a thread."""
    return await asyncio.get_running_loop().run_in_executor(None, work)
