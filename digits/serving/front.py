"""The connections of one worker, and what they may hold together."""

from __future__ import annotations

import asyncio
import logging
import socket
from typing import Protocol

from digits.errors import DigitsError, Overloaded
from digits.serving.connection import Connection
from digits.serving.head import Head
from digits.serving.sockets import BACKLOG
from digits.serving.state import State
from digits.serving.telemetry import Telemetry
from digits.settings import Settings
from digits.wire import Answer, Request, answers
from digits.wire.ids import request_id

logger = logging.getLogger(__name__)

MAX_CONNECTIONS = 1000
"""Open connections of one worker; further ones are told to come back."""

BODIES = 4
"""Request bodies of the largest size allowed that may be in memory at once."""

FAREWELL_S = 0.5
"""How long idle connections may still ask something after the server was told to stop."""


class Handler(Protocol):
    """What answers requests."""

    def check(self, head: Head) -> DigitsError | None:
        """Why a request is refused before its body is read, if it is."""

    async def answer(self, request: Request, refused: DigitsError | None) -> Answer:
        """The answer to a request, or to one that is refused. Raises nothing."""


class Front:
    """Accepts clients on one listening socket until it is drained."""

    def __init__(
        self, app: Handler, settings: Settings, telemetry: Telemetry, state: State
    ) -> None:
        self.app = app
        self.loop = asyncio.get_running_loop()
        self.max_body = settings.max_body
        self.timeout_s = settings.timeout_s
        self.state = state
        self._telemetry = telemetry
        self._connections: set[Connection] = set()
        self._held = 0
        self._sweeping: asyncio.TimerHandle | None = None

    async def listen(self, listener: socket.socket) -> None:
        """Start accepting. The socket stays the caller's to close."""
        self._listener = listener
        self._server = await self.loop.create_server(
            self._connection, sock=listener.dup(), backlog=BACKLOG
        )

    async def retire(self, hurry: asyncio.Event, *, patience_s: float) -> None:
        """Accept no more: another worker does on the same socket. Connections end with their next
        answer, so that no client meets one that is closed as it asks; those who ask nothing are
        waited for until ``patience_s`` have passed or somebody is in a hurry."""
        self.state.retired = True
        self._server.close()
        deadline = self.loop.time() + patience_s
        while self._connections and self.loop.time() < deadline and not hurry.is_set():
            await asyncio.sleep(0.02)

    async def drain(self, *, patience_s: float) -> bool:
        """Accept no more, answer what was asked; whether all was answered in time."""
        self.state.leaving = True
        self._server.close()
        if not self.state.retired:  # else these clients are another worker's
            await self._accept_the_rest()
        self._listener.close()
        await asyncio.sleep(FAREWELL_S)
        deadline = self.loop.time() + patience_s
        while self._connections and self.loop.time() < deadline:
            for connection in list(self._connections):
                connection.close_if_idle()
            await asyncio.sleep(0.02)
        return not self._connections

    def join(self, connection: Connection) -> bool:
        """Take a client in; False if there are too many already."""
        self._connections.add(connection)
        if self._sweeping is None:
            self._sweeping = self.loop.call_later(1, self._sweep)
        return len(self._connections) <= MAX_CONNECTIONS

    def leave(self, connection: Connection) -> None:
        """A client is gone."""
        self._connections.discard(connection)

    def hold(self, size: int) -> bool:
        """Count bytes of a body that are kept in memory; False if that is too much."""
        if self._held + size > BODIES * self.max_body:
            return False
        self.release(-size)
        return True

    def release(self, size: int) -> None:
        """The bytes are needed no more."""
        self._held -= size

    def report(self) -> None:
        """Tell the metrics how many are here, and what they hold."""
        self._telemetry.connections.set(value=len(self._connections))
        self._telemetry.body_bytes.set(value=self._held)

    def crowded(self) -> Answer:
        """What a client hears that is one too many."""
        error = Overloaded(f"{MAX_CONNECTIONS:,} clients are connected; try again in a moment")
        return answers.refusal(error, request_id(None))

    def _connection(self) -> Connection:
        return Connection(self)

    def _sweep(self) -> None:
        now = self.loop.time()
        for connection in list(self._connections):
            connection.sweep(now)
        # An idle server has nothing to sweep and sleeps.
        self._sweeping = self.loop.call_later(1, self._sweep) if self._connections else None

    async def _accept_the_rest(self) -> None:
        """Take in the clients whom the kernel has connected but nobody has accepted yet."""
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            await self.loop.connect_accepted_socket(self._connection, client)
