"""Where pictures wait for their turn in one worker.

Small ones are read between two turns of the event loop: handing one to a thread and back would
cost more than the wait it saves. Large ones are read in a thread, one at a time, so that the loop
keeps answering; the pictures of a request with many take turns with those of others.
"""

from __future__ import annotations

import asyncio
import os
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from digits.errors import Overloaded, Timeout
from digits.serving.telemetry import Telemetry

T = TypeVar("T")

TURN_S = 0.002
"""How long small pictures may keep the event loop before it looks at its sockets again."""

CAUTION = 1.25
"""How much longer than lately the pictures before one are expected to take."""

NICE = 5
"""How far the thread for large pictures gives way to the loop on a crowded machine."""


@dataclass(slots=True)
class Places:
    """What one request holds at the desk: ``waiting`` of its pictures are not yet begun.

    ``deadline`` is the loop's time by which its client wants an answer; ``admitted`` says that
    one of them has been found to have a chance of that.
    """

    waiting: int
    deadline: float
    admitted: bool = False


@dataclass(slots=True, eq=False)
class _Turn:
    work: Callable[[], object]
    done: asyncio.Future[object]
    places: Places
    asked: float


class Desk:
    """The queues of one worker. Belongs to one event loop.

    ``queue`` bounds the pictures that wait; ``timeout_s`` runs from accepted to answered.
    """

    def __init__(self, *, queue: int, timeout_s: float, telemetry: Telemetry) -> None:
        self.queue = queue
        self.timeout_s = timeout_s
        self._telemetry = telemetry
        self._loop = asyncio.get_running_loop()
        self.waiting = 0
        self._light: deque[_Turn] = deque()
        self._heavy: deque[_Turn] = deque()
        self._pumping = False
        self._thread = ThreadPoolExecutor(1, "large-pictures", initializer=_give_way)
        self._begun_at: float | None = None
        self._usual_s = 0.0

    @property
    def full(self) -> bool:
        """Whether the next picture would be turned away."""
        return self.waiting >= self.queue

    @property
    def busy_for(self) -> float:
        """Seconds since the thread began the picture that it is at; 0 if it is idle."""
        return 0.0 if self._begun_at is None else time.monotonic() - self._begun_at

    def deadline(self) -> float:
        """The loop's time by which a request that was accepted now must be answered."""
        return self._loop.time() + self.timeout_s

    def places(self, count: int, deadline: float) -> Admission:
        """Let in the pictures of one request, for as long as the context lasts.

        Entering raises Overloaded if there is no room for them. However many they are, they are
        let in when nobody else waits.
        """
        return Admission(self, Places(count, deadline))

    def report(self) -> None:
        """Tell the metrics how many wait."""
        self._telemetry.waiting.set(value=self.waiting)

    async def turn(self, work: Callable[[], T], places: Places, *, light: bool) -> T:
        """Do ``work`` when its turn comes.

        Raises Overloaded if that cannot be in time, Timeout if it was not, and what ``work``
        raises.
        """
        turn = _Turn(work, self._loop.create_future(), places, time.monotonic())
        if light:
            self._light.append(turn)
            self._pump_soon()
            return await turn.done  # type: ignore[return-value]
        self._check_chance(places)
        self._heavy.append(turn)
        self._next_heavy()
        expiry = self._loop.call_at(places.deadline, self._expire, turn.done)
        try:
            return await turn.done  # type: ignore[return-value]
        finally:
            expiry.cancel()
            # A client that is gone leaves no picture behind, in memory or in others' way.
            with suppress(ValueError):
                self._heavy.remove(turn)

    def _check_chance(self, places: Places) -> None:
        """Better refused at once than let to wait for nothing: by how long pictures took lately."""
        wait = (len(self._heavy) + 1) * self._usual_s * CAUTION
        if self._heavy and not places.admitted and self._loop.time() + wait > places.deadline:
            raise Overloaded(
                f"{len(self._heavy)} pictures are waiting here already, which takes longer than "
                f"the {self.timeout_s:g} s that an answer may (DIGITS_TIMEOUT_S); try again soon"
            )
        places.admitted = True

    def _pump_soon(self) -> None:
        if not self._pumping:
            self._pumping = True
            self._loop.call_soon(self._pump)

    def _pump(self) -> None:
        """Read small pictures until the loop wants to see its sockets."""
        self._pumping = False
        until = time.monotonic() + TURN_S
        while self._light and time.monotonic() < until:
            turn = self._light.popleft()
            if self._loop.time() > turn.places.deadline:
                self._expire(turn.done)
            if self._begins(turn):
                _finish(turn.done, turn.work)
        if self._light:
            self._pump_soon()

    def _next_heavy(self) -> None:
        """Give the thread its next picture, unless it has one."""
        while self._heavy and self._begun_at is None:
            turn = self._heavy.popleft()
            if self._begins(turn):
                self._begun_at = time.monotonic()
                future = self._loop.run_in_executor(self._thread, turn.work)
                future.add_done_callback(partial(self._heavy_done, turn))

    def _heavy_done(self, turn: _Turn, future: asyncio.Future[object]) -> None:
        taken = self.busy_for
        self._usual_s = 0.8 * self._usual_s + 0.2 * taken if self._usual_s else taken
        self._begun_at = None
        if not turn.done.done():
            _finish(turn.done, future.result)
        self._next_heavy()

    def _begins(self, turn: _Turn) -> bool:
        """Whether its client still waits; it then stops counting as waiting."""
        if turn.done.done():
            return False
        turn.places.waiting -= 1
        self.waiting -= 1
        self._telemetry.waited(time.monotonic() - turn.asked)
        return True

    def _expire(self, done: asyncio.Future[object]) -> None:
        if not done.done():
            done.set_exception(Timeout(f"not read within {self.timeout_s:g} s (DIGITS_TIMEOUT_S)"))


class Admission:
    """The context in which a request holds its places at the desk."""

    __slots__ = ("_desk", "_places")

    def __init__(self, desk: Desk, places: Places) -> None:
        self._desk = desk
        self._places = places

    def __enter__(self) -> Places:
        desk, count = self._desk, self._places.waiting
        if desk.waiting and desk.waiting + count > desk.queue:
            raise overloaded(desk.queue)
        desk.waiting += count
        return self._places

    def __exit__(self, *exception: object) -> None:
        self._desk.waiting -= self._places.waiting


def overloaded(queue: int) -> Overloaded:
    """What a client hears that finds no room."""
    return Overloaded(
        f"{queue} pictures are waiting here already (DIGITS_QUEUE); try again in a moment"
    )


def _finish(done: asyncio.Future[object], work: Callable[[], object]) -> None:
    try:
        done.set_result(work())
    except Exception as error:
        done.set_exception(error)


def _give_way() -> None:
    """Let this thread take fewer turns than the others; on Linux threads have their own."""
    if sys.platform == "linux":
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)
