"""HTTP/1.1 on one connection: bytes to requests, answers to bytes, and what bounds both.

A small server of our own on httptools' parser, for two reasons: every bound (head, body, time,
memory) holds while the bytes arrive, and a request costs a fraction of what a general-purpose
server takes for it.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

import httptools

from digits.errors import BadRequest, DigitsError, MethodNotAllowed, Overloaded, Timeout
from digits.serving.head import Head, Incoming, too_large
from digits.serving.response import CONTINUE, encode
from digits.wire import Answer, Request
from digits.wire.ids import request_id
from digits.wire.order import check_body

if TYPE_CHECKING:
    from digits.serving.front import Front

SMALL_BODY = 64 * 1024
"""A refused request's body up to this size is read to its end, so the connection can go on."""

MIN_RATE = 16 * 1024
"""Bytes of a body that earn a client another second to send more, up to its time limit."""

SMALL_PIECE, PIECES = 64, 1000
"""A body in more pieces than this has so many bytes in each on average: a piece costs the loop as
much time as kilobytes do."""

HEAD_SLICE, BODY_SLICE = 4 * 1024, 64 * 1024
"""Bytes that are parsed at a time, between requests and within a body: the former may be very many
requests, of which no more are taken while one waits."""

BODILESS = ("GET", "HEAD", "OPTIONS", "DELETE")
"""Methods that nobody sends a body of any size with."""

KEEP_ALIVE_S = 75.0
LINGER_S = 2.0
"""How long what a refused client still sends is thrown away, so that it can read its answer."""


@dataclass(slots=True)
class _Ready:
    """A complete request; ``held`` bytes of its body count against the worker's budget."""

    request: Request
    refused: DigitsError | None
    keep_alive: bool
    held: int


class Connection(asyncio.Protocol):
    """One client. Requests are answered in the order in which they came."""

    def __init__(self, front: Front) -> None:
        self._front = front
        self._loop = front.loop
        self._parser = httptools.HttpRequestParser(self)
        self._transport: asyncio.Transport
        self._incoming: Incoming | None = None
        self._ready: deque[_Ready] = deque()
        self._task: asyncio.Task[None] | None = None
        self._unread = memoryview(b"")
        self._body_follows = False
        self._deaf = False
        self._half_closed = False
        self._heard_body = False
        self._since = self._loop.time()
        self._blocked = False
        self._unsent = 0
        self._answer_due = False

    @property
    def idle(self) -> bool:
        """Whether nothing of a request is there, neither unread nor unanswered."""
        return not (self._task or self._incoming or self._ready or self._unread)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the client in, or turn it away if there are too many."""
        self._transport = transport  # type: ignore[assignment]
        if not self._front.join(self):
            self._send(self._front.crowded(), keep_alive=False)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the client and whatever it still wanted."""
        self._front.leave(self)
        if self._task is not None:
            self._task.cancel()
        self._unread = self._unread[:0]
        self._release_unsent()
        self._forget()
        self._drop_incoming()

    def data_received(self, data: bytes) -> None:
        """Bytes from the client; after an answer that ends the connection they are ignored."""
        self._unread = memoryview(bytes(self._unread) + data if self._unread else data)
        self._read_on()

    def _read_on(self) -> None:
        """Have what has arrived parsed, but for what follows a request that has to wait."""
        while self._unread and not self._ready and not self._deaf:
            within = self._incoming is not None and self._incoming.head is not None
            size = BODY_SLICE if within else HEAD_SLICE
            self._unread = self._unread[self._feed(self._unread[:size]) :]
        if self._deaf:
            self._unread = self._unread[:0]
        if self._unread:
            self._transport.pause_reading()
        else:
            self._transport.resume_reading()

    def _feed(self, data: memoryview) -> int:
        """Have the next bytes parsed; how many were. It is not all of them at times."""
        before, self._heard_body = self._incoming, False
        size = before.size if before is not None else 0
        parsed = len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            parsed = upgrade.args[0]
            self._ignore_upgrade()
        except httptools.HttpParserError:
            self._refuse(BadRequest("this is not valid HTTP/1.1"))
        if before is None or before is not self._incoming:
            return parsed
        if not self._heard_body:
            before.raw_bytes += len(data)
            if before.too_large:
                self._refuse(too_large())
        # What was sent fast is no credit for a long silence.
        latest = self._loop.time() + self._front.timeout_s
        before.due = min(latest, before.due + (before.size - size) / MIN_RATE)
        return parsed

    def _ignore_upgrade(self) -> None:
        """Go on after another protocol was proposed, which says no (RFC 9110, section 7.8).

        The parser takes what follows for that protocol, the request's own body as well.
        """
        self._parser = httptools.HttpRequestParser(self)
        if self._body_follows and self._incoming is not None and self._incoming.head is not None:
            self._parser.feed_data(self._incoming.head.framing())

    def eof_received(self) -> bool:
        """The client sends no more; it may still want its answers."""
        self._half_closed = True
        return self._task is not None or bool(self._ready)

    def pause_writing(self) -> None:
        """The client does not take its answers: it gets no further ones until it does.

        Nor may it have more of them in memory than bodies may be there.
        """
        self._blocked = True
        self._since = self._loop.time()
        unsent = self._transport.get_write_buffer_size()
        if self._front.hold(unsent):
            self._unsent = unsent
        else:
            self._transport.abort()

    def resume_writing(self) -> None:
        """The client has taken its answers."""
        self._blocked = False
        self._release_unsent()
        self._next()
        self._invite()

    # The parser calls these.

    def on_message_begin(self) -> None:
        if not self._deaf and not self._body_follows:
            self._incoming = Incoming(self._loop.time() + self._front.timeout_s)

    def on_url(self, url: bytes) -> None:
        if self._incoming is not None and self._incoming.head is None:
            self._incoming.url += url
            self._incoming.head_bytes += len(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        incoming = self._incoming
        if incoming is not None and incoming.head is None:
            incoming.add(name, value)

    def on_headers_complete(self) -> None:
        incoming = self._incoming
        if incoming is None or incoming.head is not None:
            return
        head = incoming.parse(self._parser.get_method())
        incoming.head = head
        if incoming.too_large:
            self._refuse(too_large())
        elif head.method == "CONNECT":
            self._refuse(MethodNotAllowed("this is no proxy"))
        elif head.method in BODILESS and (head.length is None or head.length > SMALL_BODY):
            self._refuse(BadRequest(f"{head.method} takes no body; send it without one"))
        elif (refused := self._front.app.check(head)) is not None:
            incoming.refused = refused
            if head.length is None or head.length > SMALL_BODY or incoming.asks:
                self._refuse(refused)
        else:
            self._invite()

    def _invite(self) -> None:
        """Have a client send its body that asked first, once all before it is answered."""
        incoming = self._incoming
        free = not (self._task or self._ready or self._answer_due)
        if incoming is not None and incoming.asks and free:
            incoming.asks = False
            incoming.due = self._loop.time() + self._front.timeout_s
            self._transport.write(CONTINUE)

    def on_body(self, chunk: bytes) -> None:
        incoming = self._incoming
        self._heard_body = True
        if incoming is None or incoming.refused is not None:
            return
        if not self._front.hold(len(chunk)):
            self._refuse(Overloaded("too many large requests are in memory; try again in a moment"))
            return
        incoming.pieces += 1
        incoming.body += chunk
        if incoming.pieces > PIECES and incoming.size < SMALL_PIECE * incoming.pieces:
            self._refuse(BadRequest("the body comes in too many small pieces; send larger ones"))
            return
        try:
            check_body(incoming.size, self._front.max_body)
        except DigitsError as error:
            self._refuse(error)

    def on_message_complete(self) -> None:
        incoming = self._incoming
        if incoming is None or incoming.head is None:
            return
        if self._parser.should_upgrade() and incoming.head.length != 0:
            self._body_follows = True
            return
        self._incoming, self._body_follows = None, False
        keep_alive = self._parser.should_keep_alive()
        request = incoming.head.request(bytes(incoming.body))
        self._enqueue(_Ready(request, incoming.refused, keep_alive, incoming.size))

    def sweep(self, now: float) -> None:
        """End what takes too long: called every second."""
        for_s = now - self._since
        incoming = self._incoming
        if self._transport.get_write_buffer_size() and for_s > self._front.timeout_s:
            self._transport.abort()  # it does not take its answers
        elif self._blocked:
            return  # it has some time left for that
        elif self._deaf and self.idle:
            if for_s > LINGER_S:
                self._transport.abort()
        elif self.idle:
            if for_s > KEEP_ALIVE_S:
                self._transport.close()
        elif incoming is not None and self._task is None and now > incoming.due:
            self._refuse(
                Timeout(
                    f"the request stopped arriving: send it within {self._front.timeout_s:g} s, or"
                    f" at {MIN_RATE // 1024} KiB a second and more"
                )
            )

    def close_if_idle(self) -> None:
        """The server is shutting down: nothing more will be asked here."""
        if self.idle:
            self._transport.close()

    def _refuse(self, error: DigitsError) -> None:
        """Answer what is arriving with an error, and end the connection with that."""
        if self._deaf:
            return
        self._deaf = True
        incoming = self._incoming
        self._drop_incoming()
        head = incoming.head if incoming is not None else None
        head = head or Head("", "", "", {}, 0, request_id(None))
        self._enqueue(_Ready(head.request(b""), error, keep_alive=False, held=0))

    def _drop_incoming(self) -> None:
        if self._incoming is not None:
            self._front.release(self._incoming.size)
            self._incoming = None

    def _release_unsent(self) -> None:
        self._front.release(self._unsent)
        self._unsent = 0

    def _forget(self) -> None:
        """Answer nothing more of what is complete."""
        for ready in self._ready:
            self._front.release(ready.held)
        self._ready.clear()

    def _enqueue(self, ready: _Ready) -> None:
        self._ready.append(ready)
        self._next()

    def _next(self) -> None:
        if self._ready and self._task is None and not self._blocked:
            ready = self._ready.popleft()
            self._task = self._loop.create_task(self._answer(ready))
            # Not in the task: one that is cancelled before it has begun runs nothing of itself.
            self._task.add_done_callback(lambda _: self._front.release(ready.held))

    async def _answer(self, ready: _Ready) -> None:
        answer = await self._front.app.answer(ready.request, ready.refused)
        self._front.release(ready.held)  # before the answer takes its own place
        ready.held = 0
        self._task, self._answer_due = None, True
        if ready.keep_alive and self._unread:
            self._read_on()
        # What has been accepted is answered, even where nothing more will be.
        ending = self._front.state.parting or self._half_closed
        keep_alive = ready.keep_alive and not (ending and self._task is None and not self._ready)
        self._send(answer, keep_alive=keep_alive, body=ready.request.method != "HEAD")

    def _send(self, answer: Answer, *, keep_alive: bool, body: bool = True) -> None:
        self._answer_due = False
        self._transport.write(encode(answer, keep_alive=keep_alive, body=body))
        self._since = self._loop.time()
        if keep_alive:
            self._next()
            self._invite()
            return
        self._forget()
        if self._deaf and not self._half_closed and self._transport.can_write_eof():
            self._transport.write_eof()  # it may still be sending: see LINGER_S
        else:
            self._transport.close()
