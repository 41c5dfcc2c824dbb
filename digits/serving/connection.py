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

from digits.errors import BadRequest, DigitsError, Overloaded, Timeout
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
        self._deaf = False
        self._half_closed = False
        self._heard_body = False
        self._since = self._loop.time()
        self._blocked = False

    @property
    def idle(self) -> bool:
        """Whether nothing of a request is there, neither unread nor unanswered."""
        return self._task is None and self._incoming is None and not self._ready

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
        self._forget()
        self._drop_incoming()

    def data_received(self, data: bytes) -> None:
        """Bytes from the client; after an answer that ends the connection they are ignored."""
        rest = memoryview(data)
        while rest and not self._deaf:
            rest = self._feed(rest)

    def _feed(self, data: memoryview) -> memoryview:
        """Have the next bytes parsed; those that are left where another protocol is proposed."""
        before, self._heard_body = self._incoming, False
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            # We speak nothing else, which we say by going on (RFC 9110, section 7.8).
            self._parser = httptools.HttpRequestParser(self)
            return data[upgrade.args[0] :]
        except httptools.HttpParserError:
            self._refuse(BadRequest("this is not valid HTTP/1.1"))
        if before is not None and before is self._incoming and not self._heard_body:
            before.raw_bytes += len(data)
            if before.too_large:
                self._refuse(too_large())
        return data[:0]

    def eof_received(self) -> bool:
        """The client sends no more; it may still want its answers."""
        self._half_closed = True
        return self._task is not None or bool(self._ready)

    def pause_writing(self) -> None:
        """The client does not take its answers: it gets no further ones until it does."""
        self._blocked = True
        self._since = self._loop.time()

    def resume_writing(self) -> None:
        """The client has taken its answers."""
        self._blocked = False
        self._next()

    # The parser calls these.

    def on_message_begin(self) -> None:
        if not self._deaf:
            self._incoming = Incoming(self._loop.time() + self._front.timeout_s)

    def on_url(self, url: bytes) -> None:
        if self._incoming is not None:
            self._incoming.url += url
            self._incoming.head_bytes += len(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        incoming = self._incoming
        if incoming is not None and incoming.head is None:
            incoming.add(name, value)

    def on_headers_complete(self) -> None:
        incoming = self._incoming
        if incoming is None:
            return
        head = incoming.parse(self._parser.get_method())
        incoming.head = head
        if incoming.too_large:
            self._refuse(too_large())
        elif head.method in BODILESS and (head.length is None or head.length > SMALL_BODY):
            self._refuse(BadRequest(f"{head.method} takes no body; send it without one"))
        elif (refused := self._front.app.check(head)) is not None:
            incoming.refused = refused
            if head.length is None or head.length > SMALL_BODY:
                self._refuse(refused)
        elif head.headers.get("expect", "").lower() == "100-continue" and self._task is None:
            self._transport.write(CONTINUE)

    def on_body(self, chunk: bytes) -> None:
        incoming = self._incoming
        self._heard_body = True
        if incoming is None or incoming.refused is not None:
            return
        if not self._front.hold(len(chunk)):
            self._refuse(Overloaded("too many large requests are in memory; try again in a moment"))
            return
        incoming.size += len(chunk)
        incoming.body.append(chunk)
        # What was sent fast is no credit for a long silence.
        latest = self._loop.time() + self._front.timeout_s
        incoming.due = min(latest, incoming.due + len(chunk) / MIN_RATE)
        try:
            check_body(incoming.size, self._front.max_body)
        except DigitsError as error:
            self._refuse(error)

    def on_message_complete(self) -> None:
        incoming, self._incoming = self._incoming, None
        if incoming is None or incoming.head is None:
            return
        body = b"".join(incoming.body)
        keep_alive = self._parser.should_keep_alive()
        request = incoming.head.request(body)
        self._enqueue(_Ready(request, incoming.refused, keep_alive, incoming.size))

    def sweep(self, now: float) -> None:
        """End what takes too long: called every second."""
        for_s = now - self._since
        incoming = self._incoming
        if self._blocked or self._deaf and self.idle:
            if for_s > (self._front.timeout_s if self._blocked else LINGER_S):
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

    def _forget(self) -> None:
        """Answer nothing more of what is complete."""
        for ready in self._ready:
            self._front.release(ready.held)
        self._ready.clear()

    def _enqueue(self, ready: _Ready) -> None:
        self._ready.append(ready)
        if self._task is None:
            self._next()
        else:
            self._transport.pause_reading()

    def _next(self) -> None:
        if self._ready and self._task is None and not self._blocked:
            self._task = self._loop.create_task(self._answer(self._ready.popleft()))

    async def _answer(self, ready: _Ready) -> None:
        try:
            answer = await self._front.app.answer(ready.request, ready.refused)
        finally:
            self._front.release(ready.held)
        self._task = None
        # What has been accepted is answered, even where nothing more will be.
        ending = (self._front.state.parting or self._half_closed) and not self._ready
        keep_alive = ready.keep_alive and not ending
        self._send(answer, keep_alive=keep_alive, body=ready.request.method != "HEAD")

    def _send(self, answer: Answer, *, keep_alive: bool, body: bool = True) -> None:
        self._transport.write(encode(answer, keep_alive=keep_alive, body=body))
        self._since = self._loop.time()
        if keep_alive:
            self._transport.resume_reading()
            self._next()
            return
        self._forget()
        if self._deaf and not self._half_closed and self._transport.can_write_eof():
            self._transport.write_eof()  # it may still be sending: see LINGER_S
        else:
            self._transport.close()
