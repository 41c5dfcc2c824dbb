"""One worker: an event loop, a socket, the model, until it is told to stop."""

from __future__ import annotations

import asyncio
import ctypes
import logging
import os
import signal
import socket
import sys
from dataclasses import dataclass
from functools import partial

import uvloop

from digits.serving.about import About
from digits.serving.app import App
from digits.serving.desk import Desk
from digits.serving.feedback import Feedback
from digits.serving.front import FAREWELL_S, Front
from digits.serving.legacy import Legacy
from digits.serving.logs import JsonHandler, LogWriter
from digits.serving.protocol import InferenceProtocol
from digits.serving.routes import Routes
from digits.serving.scoring import Scoring
from digits.serving.shared import Board
from digits.serving.signals import RETIRE
from digits.serving.site import site
from digits.serving.state import State
from digits.serving.telemetry import Families, Telemetry
from digits.settings import Settings
from digits.wire import Service, warmup
from digits.wire.options import Options

logger = logging.getLogger(__name__)

STDERR = 2
BEAT_S = 1.0
STUCK = 3
"""A picture that has been read for this many time limits never will be: the worker gives up."""

GAVE_UP = 3
"""Exit status of a worker that a picture never left."""

RETIRED_S = 10.0
"""How long a worker whose place another one has taken waits for clients who ask nothing."""

PR_SET_PDEATHSIG = 1


@dataclass(frozen=True, kw_only=True)
class Shift:
    """What the master hands a worker.

    ``log`` is a file descriptor for the log; ``noise`` one for what C libraries print. ``relief``
    says that another worker still answers: there is time to warm up before one is asked anything.
    """

    index: int
    service: Service
    settings: Settings
    families: Families
    board: Board
    listener: socket.socket
    log: int
    noise: int
    relief: bool = False


def work(shift: Shift) -> int:
    """Serve until SIGTERM or `RETIRE`, in a freshly forked process; the exit status."""
    _end_with_master()
    os.dup2(shift.noise, STDERR)  # libpng and its like print; the log holds nothing but JSON
    telemetry = Telemetry(shift.families, shift.board.row(shift.index))
    telemetry.start_over()
    writer = LogWriter(shift.log, lost=lambda n: telemetry.lost_lines.add(amount=n))
    logging.getLogger().handlers[:] = [JsonHandler(writer.write)]
    try:
        return uvloop.run(_serve(shift, telemetry, writer))
    finally:
        writer.close()


async def _serve(shift: Shift, telemetry: Telemetry, writer: LogWriter) -> int:
    settings, state, told, stop = shift.settings, State(), asyncio.Event(), asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(RETIRE, told.set)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, partial(_set, told, stop))
    desk = Desk(queue=settings.queue, timeout_s=settings.timeout_s, telemetry=telemetry)
    about = About(shift.service.reader, settings, shift.families, shift.board, state)
    scoring = Scoring(shift.service, desk)
    protocol = InferenceProtocol(shift.service, scoring, desk, state)
    legacy = Legacy(shift.service, scoring, desk)
    feedback = Feedback(shift.service, desk, settings)
    routes = Routes(site(scoring, about, protocol, legacy, feedback))
    app = App(routes, desk, settings, telemetry, writer.write)
    front = Front(app, settings, telemetry, state)
    if not shift.relief:
        await front.listen(shift.listener)
    await _warm_up(shift.service, desk)
    state.warm = True
    if shift.relief:
        await front.listen(shift.listener)
    status = 0
    while not told.is_set():
        shift.board.beat(shift.index, os.getpid())
        desk.report()
        front.report()
        if desk.busy_for > STUCK * settings.timeout_s:
            logger.critical("a picture has been read for %.0f s; leaving", desk.busy_for)
            status = GAVE_UP
            break
        await _until(told, BEAT_S)
    if told.is_set() and not stop.is_set():
        await front.retire(stop, patience_s=RETIRED_S)
    if not await front.drain(patience_s=settings.timeout_s + FAREWELL_S):
        logger.warning("stopped with requests unanswered")
    return status


async def _warm_up(service: Service, desk: Desk) -> None:
    """Read a first picture the way that the large ones go. Raises Timeout."""
    read = partial(service.read, warmup.picture(), Options(), "warm-up")
    with desk.places(1, desk.deadline()) as places:
        await desk.turn(read, places, light=False)


def _set(*events: asyncio.Event) -> None:
    for event in events:
        event.set()


async def _until(stop: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(stop.wait(), seconds)
    except asyncio.TimeoutError:
        return


def _end_with_master() -> None:
    """Stop when the master is gone, even if it was killed outright; only Linux can promise that."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
