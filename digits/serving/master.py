"""The master: holds the sockets and the model, keeps the workers alive, stops them gently.

Workers are forked from it once everything is imported and the model is in memory. They share that
memory, start in milliseconds, and one that takes a dead one's place needs no file of the model.
The master itself never starts a thread, which is what makes forking safe.

Told to serve another model, it loads that and goes from place to place: a new worker first, on the
same socket, and once that is warm the old one retires. No client is turned away meanwhile.
"""

from __future__ import annotations

import gc
import logging
import os
import signal
import socket
import time
import traceback
from dataclasses import dataclass, replace

from digits.errors import DigitsError
from digits.serving.noise import Noise
from digits.serving.orders import Orders
from digits.serving.shared import Board
from digits.serving.signals import RETIRE, Signals
from digits.serving.telemetry import Families, Telemetry
from digits.serving.worker import RETIRED_S, Shift, work
from digits.settings import Settings
from digits.wire import Service

logger = logging.getLogger(__name__)

STDERR = 2
ROUND_S = 1.0
YOUNG_S = 5.0
"""A worker that dies younger than this is replaced with a growing delay."""

LONGEST_DELAY_S = 10.0
GRACE_S = 5.0
"""How long after their requests have timed out workers may still take to end."""


RENEWING_S = 0.05
"""How often one looks while one worker takes another one's place."""

HUNG_S = 30.0
"""A worker whose event loop has not turned for this long, or three time limits, is killed."""


@dataclass
class Place:
    """One worker's place: who has it since when, and what a successor must wait after a death.

    ``row`` is that of the worker on the board; ``version`` is that of the model it serves, and
    ``outdated`` says that another one was ordered since.
    """

    listener: socket.socket
    row: int
    pid: int = 0
    version: str = ""
    outdated: bool = False
    started: float = 0.0
    due: float = 0.0
    delay: float = 0.0


@dataclass
class Leaver:
    """A worker that was told to retire, and when it is killed if it has not."""

    pid: int
    row: int
    deadline: float


class Master:
    """Runs the workers until a signal says stop. Use it once."""

    def __init__(
        self,
        service: Service,
        settings: Settings,
        families: Families,
        listeners: list[socket.socket],
        orders: Orders | None = None,
    ) -> None:
        self._service = service
        self._settings = settings
        self._families = families
        # Each place has two rows, for a worker and its successor; the last is the master's own.
        self._board = Board(rows=2 * len(listeners) + 1, width=families.layout.width)
        self._telemetry = Telemetry(families, self._board.row(2 * len(listeners)))
        self._places = [Place(listener, row) for row, listener in enumerate(listeners)]
        self._orders = orders or Orders(None)
        self._successor: Place | None = None
        self._leaver: Leaver | None = None
        self._log = os.dup(STDERR)
        self._noise = Noise()
        self._signals = Signals()

    def run(self) -> None:
        """Returns once a signal said stop and the workers have ended."""
        gc.freeze()  # what the workers inherit stays where it is, and stays shared
        while not self._signals.stopping:
            self._reap()
            self._kill_hung()
            self._fill_places()
            self._obey()
            self._renew()
            self._signals.wait((self._noise.reading, *self._orders.descriptors), self._patience())
            self._noise.relay()
        self._stop_workers()

    def _patience(self) -> float:
        """How long there is nothing to do but wait for a signal."""
        waits = [place.due - time.monotonic() for place in self._places if not place.pid]
        if self._successor or self._leaver:
            waits.append(RENEWING_S)
        return max(0.0, min([ROUND_S, *waits]))

    def _fill_places(self) -> None:
        for place in self._places:
            if not place.pid and place.due <= time.monotonic():
                self._occupy(place)

    def _occupy(self, place: Place) -> None:
        place.outdated = False
        place.version = self._service.reader.version
        place.pid = self._fork(place)
        place.started = time.monotonic()
        self._board.beat(place.row, place.pid)
        place.started = self._board.last_beat(place.row)

    def _obey(self) -> None:
        """Load the model that was last ordered; the present one stays if that is of no use."""
        if (order := self._orders.latest()) is None:
            return
        try:
            loaded = Service.load(replace(self._settings, model_dir=order.path))
        except DigitsError as error:
            logger.error("%s is not taken: %s", order.path, error)
            return
        reader = replace(loaded.reader, version=order.version)
        self._service = replace(loaded, reader=reader)
        gc.collect()
        gc.freeze()
        for place in self._workers():  # the one that is about to take over, too
            place.outdated = True
        logger.info("loaded %s %s", reader.folder.card.name, reader.version)

    def _renew(self) -> None:
        """One step towards workers that all serve the present model."""
        if self._leaver is not None:
            self._see_off(self._leaver)
        elif self._successor is not None:
            if self._is_warm(self._successor):
                self._hand_over(self._successor)
        elif outdated := [place for place in self._places if place.pid and place.outdated]:
            spare = (outdated[0].row + len(self._places)) % (2 * len(self._places))
            self._successor = Place(outdated[0].listener, spare)
            self._occupy(self._successor)

    def _is_warm(self, worker: Place) -> bool:
        """It beats once it has read its first picture."""
        return bool(worker.pid) and self._board.last_beat(worker.row) != worker.started

    def _hand_over(self, successor: Place) -> None:
        place = next(each for each in self._places if each.listener is successor.listener)
        patience = RETIRED_S + self._settings.timeout_s + GRACE_S
        if place.pid:
            self._leaver = Leaver(place.pid, place.row, time.monotonic() + patience)
            os.kill(place.pid, RETIRE)
        self._places[self._places.index(place)] = successor
        self._successor = None
        logger.info("worker %d serves version %s", successor.pid, successor.version)

    def _see_off(self, leaver: Leaver) -> None:
        if time.monotonic() > leaver.deadline:
            logger.error("worker %d does not retire; killing it", leaver.pid)
            os.kill(leaver.pid, signal.SIGKILL)

    def _fork(self, place: Place) -> int:
        pid = os.fork()
        if pid:
            return pid
        status = 1
        try:
            self._become_worker(place)
            status = work(
                Shift(
                    index=place.row,
                    service=self._service,
                    settings=self._settings,
                    families=self._families,
                    board=self._board,
                    listener=place.listener,
                    log=self._log,
                    noise=self._noise.writing,
                    relief=place is self._successor,
                )
            )
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(status)

    def _become_worker(self, own: Place) -> None:
        """Leave behind what is the master's: its signals, the others' sockets."""
        self._signals.leave_behind()
        self._orders.close()
        for place in self._places:
            if place.listener is not own.listener:
                place.listener.close()

    def _reap(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if not pid:
                return
            if self._leaver is not None and self._leaver.pid == pid:
                self._forget(self._leaver)
                self._leaver = None
            for place in self._workers():
                if place.pid == pid:
                    self._bury(place, os.waitstatus_to_exitcode(status))

    def _workers(self) -> list[Place]:
        return [*self._places, self._successor] if self._successor else self._places

    def _forget(self, leaver: Leaver) -> None:
        """What it counted stays, what it held is gone."""
        Telemetry(self._families, self._board.row(leaver.row)).start_over()
        self._board.clear(leaver.row)

    def _bury(self, place: Place, code: int) -> None:
        pid, place.pid = place.pid, 0
        if self._signals.stopping:
            return
        young = time.monotonic() - place.started < YOUNG_S
        place.delay = min(LONGEST_DELAY_S, max(0.1, place.delay * 2)) if young else 0.0
        place.due = time.monotonic() + place.delay
        self._telemetry.restarts.add()
        how = f"was killed by signal {-code}" if code < 0 else f"ended with status {code}"
        logger.error("worker %d %s; replacing it in %.1f s", pid, how, place.delay)
        if place is self._successor:
            self._board.clear(place.row)
            self._successor = None  # and the next round begins anew

    def _kill_hung(self) -> None:
        patience = max(HUNG_S, 3 * self._settings.timeout_s)
        for place in self._workers():
            if place.pid and self._board.silent_for(place.row) > patience:
                logger.error(
                    "worker %d has not answered for %.0f s; killing it", place.pid, patience
                )
                os.kill(place.pid, signal.SIGKILL)

    def _stop_workers(self) -> None:
        """Let every worker answer what it has accepted; kill what takes too long."""
        for place in self._places:
            place.listener.close()
        deadline = time.monotonic() + self._settings.timeout_s + GRACE_S
        rounds = 0
        while left := self._pids():
            late = time.monotonic() > deadline
            # Said again every second: a worker that has just been forked is still deaf.
            if late or rounds % 100 == 0:
                self._tell(left, signal.SIGKILL if late else signal.SIGTERM)
            rounds += 1
            time.sleep(0.01)
            self._reap()
            self._noise.relay()
        logger.info("stopped")

    def _pids(self) -> list[int]:
        leavers = [self._leaver.pid] if self._leaver else []
        return [place.pid for place in self._workers() if place.pid] + leavers

    def _tell(self, pids: list[int], number: signal.Signals) -> None:
        for pid in pids:
            if number == signal.SIGKILL:
                logger.error("worker %d does not end; killing it", pid)
            os.kill(pid, number)
