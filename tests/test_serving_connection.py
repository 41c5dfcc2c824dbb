"""One connection without a network: what a client that vanishes or stalls leaves behind."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

import pytest

from digits.errors import DigitsError
from digits.serving.connection import Connection
from digits.wire import Answer, Request

REQUEST = b"POST /score HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello"
TIMEOUT_S = 10.0
MOST_HELD = 20_000


@dataclass
class Wire:
    """A transport that keeps what is written; ``unsent`` bytes of it the client does not take."""

    written: bytes = b""
    unsent: int = 0
    aborted: bool = False

    def write(self, data: bytes) -> None:
        self.written += data

    def get_write_buffer_size(self) -> int:
        return self.unsent

    def abort(self) -> None:
        self.aborted = True

    def can_write_eof(self) -> bool:
        return False

    def pause_reading(self) -> None:
        pass

    resume_reading = close = pause_reading


@dataclass
class House:
    """The front of a server that answers everything at once, or after ``gate`` is opened."""

    loop: asyncio.AbstractEventLoop
    held: int = 0
    max_body: int = 1000
    timeout_s: float = TIMEOUT_S
    gate: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def app(self) -> House:
        return self

    @property
    def state(self) -> House:
        return self

    parting = False

    def join(self, connection: Connection) -> bool:
        return True

    def leave(self, connection: Connection) -> None:
        pass

    def hold(self, size: int) -> bool:
        fits = self.held + size <= MOST_HELD
        self.held += size * fits
        return fits

    def release(self, size: int) -> None:
        self.held -= size

    def check(self, head: object) -> DigitsError | None:
        return None

    async def answer(self, request: Request, refused: DigitsError | None) -> Answer:
        await self.gate.wait()
        return Answer(200, "text/plain", b"", ())


def connected(open_gate: bool) -> tuple[House, Wire, Connection]:
    house, wire = House(asyncio.get_running_loop()), Wire()
    if open_gate:
        house.gate.set()
    anything: Any = house
    connection = Connection(anything)
    connection.connection_made(wire)  # type: ignore[arg-type]
    return house, wire, connection


@pytest.mark.parametrize("turns", range(6))
@pytest.mark.parametrize("open_gate", [True, False])
def test_whenever_a_client_vanishes_nothing_of_it_is_held(turns: int, open_gate: bool) -> None:
    async def vanish() -> int:
        house, _, connection = connected(open_gate)
        connection.data_received(REQUEST * 3 + REQUEST[:-2])
        assert house.held > 0
        for _ in range(turns):
            await asyncio.sleep(0)
        connection.connection_lost(None)
        await asyncio.sleep(0.01)
        return house.held

    assert asyncio.run(vanish()) == 0


@pytest.mark.parametrize(("unsent", "aborted"), [(1, True), (0, False)])
def test_who_does_not_take_the_last_bytes_of_an_answer_is_sent_away(
    unsent: int, aborted: bool
) -> None:
    async def stall() -> bool:
        house, wire, connection = connected(True)
        connection.data_received(REQUEST)
        await asyncio.sleep(0.01)
        assert wire.written.startswith(b"HTTP/1.1 200")
        wire.unsent = unsent
        connection.sweep(house.loop.time() + TIMEOUT_S + 1)
        return wire.aborted

    assert asyncio.run(stall()) is aborted


def test_what_waits_behind_a_request_is_not_taken_in() -> None:
    async def flood() -> tuple[int, int]:
        house, wire, connection = connected(False)
        connection.data_received(REQUEST * 3000)
        taken = house.held
        house.gate.set()
        while wire.written.count(b"HTTP/1.1 200") < 3000:
            await asyncio.sleep(0.01)
        return taken, house.held

    taken, held = asyncio.run(flood())
    assert taken < 5 * 3000 / 10
    assert held == 0


@pytest.mark.parametrize(("unsent", "aborted"), [(MOST_HELD, False), (MOST_HELD + 1, True)])
def test_answers_that_nobody_takes_are_bounded_as_bodies_are(unsent: int, aborted: bool) -> None:
    async def stall() -> tuple[bool, list[int]]:
        house, wire, connection = connected(True)
        connection.data_received(REQUEST)
        await asyncio.sleep(0.01)
        wire.unsent = unsent
        connection.pause_writing()
        held = [house.held]
        connection.resume_writing()
        held.append(house.held)
        connection.pause_writing()
        connection.connection_lost(None)
        return wire.aborted, [*held, house.held]

    assert asyncio.run(stall()) == (aborted, [0 if aborted else unsent, 0, 0])
