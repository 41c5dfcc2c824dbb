"""``/feedback``: corrections are kept, and deleted again."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from digits.errors import FeedbackOff, NotFound, StoreUnavailable, Timeout
from digits.serving.desk import Desk
from digits.serving.routes import Exchange, Route
from digits.settings import Settings
from digits.wire import Answer, Service, answers, feedback
from digits.wire.message import TEXT

if TYPE_CHECKING:
    from digits.feedback.store import Store

logger = logging.getLogger(__name__)

T = TypeVar("T")

THREADS = 4
MOST_UNDER_WAY = 16
"""Corrections that are written at the same time, and those that may wait for it: a database may
hang, and each holds its picture until that is over, whatever its client has been told."""


class Feedback:
    """Keeps corrections, if a store is configured."""

    def __init__(self, service: Service, desk: Desk, settings: Settings) -> None:
        self._service = service
        self._desk = desk
        self._days = settings.feedback_days
        self._store = _join(settings.feedback) if settings.feedback else None
        self._threads = ThreadPoolExecutor(THREADS, "corrections")
        self._under_way = 0

    def routes(self) -> list[Route]:
        """Both of them."""
        return [
            Route("/feedback", {"POST": self.keep}),
            Route("/feedback/{id}", {"DELETE": self.delete}),
        ]

    async def keep(self, exchange: Exchange) -> Answer:
        """Raises DigitsError."""
        store, request, service = self._opened(), exchange.request, self._service
        deadline = self._desk.deadline()
        take = partial(
            feedback.take,
            request,
            service.signer,
            service.reader.limits,
            max_body=service.max_body,
        )
        # The picture is decoded to see that it is one, so it takes its turn with the others.
        with self._desk.places(1, deadline) as places:
            correction = await self._desk.turn(take, places, light=False)
        await self._aside(partial(store.add, correction, days=self._days), request.id, deadline)
        value = {"id": correction.reading_id, "kept_days": self._days}
        return answers.ok(value, request.id, status=201)

    async def delete(self, exchange: Exchange) -> Answer:
        """Raises DigitsError."""
        store, request = self._opened(), exchange.request
        reading_id = request.path.rpartition("/")[2]
        feedback.checked_id(reading_id, self._service.signer)
        delete = partial(store.delete, reading_id)
        if not await self._aside(delete, request.id, self._desk.deadline()):
            raise NotFound("nothing is kept of this reading")
        return Answer(204, TEXT, b"", (("x-request-id", request.id),))

    async def _aside(self, work: Callable[[], T], request_id: str, deadline: float) -> T:
        """Do what waits for a disk or a network in a thread.

        What the database says is for the log: it names its own address and files.
        """
        loop = asyncio.get_running_loop()
        if self._under_way >= MOST_UNDER_WAY:
            raise StoreUnavailable("the store of corrections is slow just now; try again later")
        self._under_way += 1
        done = loop.run_in_executor(self._threads, work)
        done.add_done_callback(self._finished)
        try:
            # Shielded, since a thread's queue keeps even what is cancelled.
            return await asyncio.wait_for(asyncio.shield(done), deadline - loop.time())
        except asyncio.TimeoutError:
            raise Timeout(
                f"the store of corrections has not answered within {self._desk.timeout_s:g} s"
                " (DIGITS_TIMEOUT_S); whether it has done it is not known: ask again"
            ) from None
        except StoreUnavailable as error:
            logger.error("%s", error, extra={"request_id": request_id})
            raise StoreUnavailable(
                "the store of corrections cannot be used just now; try again later"
            ) from None

    def _finished(self, done: asyncio.Future[T]) -> None:
        self._under_way -= 1
        done.exception()  # seen, also where nobody waits for it any more

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
