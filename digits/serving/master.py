"""The master: holds the sockets and the model, keeps the workers alive, stops them gently.

Workers are forked from it once everything is imported and the model is in memory. They share that
memory, start in milliseconds, and one that takes a dead one's place needs no file of the model.
The master itself never starts a thread, which is what makes forking safe.
"""

from __future__ import annotations

import gc
import logging
import os
import signal
import socket
import time
import traceback
from dataclasses import dataclass

from digits.serving.noise import Noise
from digits.serving.shared import Board
from digits.serving.signals import Signals
from digits.serving.telemetry import Families, Telemetry
from digits.serving.worker import Shift, work
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


HUNG_S = 30.0
"""A worker whose event loop has not turned for this long, or three time limits, is killed."""


@dataclass
class Place:
    """One worker's place: who has it since when, and what a successor must wait after a death."""

    listener: socket.socket
    pid: int = 0
    started: float = 0.0
    due: float = 0.0
    delay: float = 0.0


class Master:
    """Runs the workers until a signal says stop. Use it once."""

    def __init__(
        self,
        service: Service,
        settings: Settings,
        families: Families,
        listeners: list[socket.socket],
    ) -> None:
        self._service = service
        self._settings = settings
        self._families = families
        # The last row is the master's own.
        self._board = Board(rows=len(listeners) + 1, width=families.layout.width)
        self._telemetry = Telemetry(families, self._board.row(len(listeners)))
        self._places = [Place(listener) for listener in listeners]
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
            self._signals.wait(self._noise.reading, self._patience())
            self._noise.relay()
        self._stop_workers()

    def _patience(self) -> float:
        """How long there is nothing to do but wait for a signal."""
        waits = [place.due - time.monotonic() for place in self._places if not place.pid]
        return max(0.0, min([ROUND_S, *waits]))

    def _fill_places(self) -> None:
        for index, place in enumerate(self._places):
            if not place.pid and place.due <= time.monotonic():
                place.started = time.monotonic()
                place.pid = self._fork(index, place)
                self._board.beat(index, place.pid)

    def _fork(self, index: int, place: Place) -> int:
        pid = os.fork()
        if pid:
            return pid
        status = 1
        try:
            self._become_worker(place)
            status = work(
                Shift(
                    index=index,
                    service=self._service,
                    settings=self._settings,
                    families=self._families,
                    board=self._board,
                    listener=place.listener,
                    log=self._log,
                    noise=self._noise.writing,
                )
            )
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(status)

    def _become_worker(self, own: Place) -> None:
        """Leave behind what is the master's: its signals, the others' sockets."""
        self._signals.leave_behind()
        for place in self._places:
            if place is not own:
                place.listener.close()

    def _reap(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if not pid:
                return
            for place in self._places:
                if place.pid == pid:
                    self._bury(place, os.waitstatus_to_exitcode(status))

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

    def _kill_hung(self) -> None:
        patience = max(HUNG_S, 3 * self._settings.timeout_s)
        for index, place in enumerate(self._places):
            if place.pid and self._board.silent_for(index) > patience:
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
        while left := [place.pid for place in self._places if place.pid]:
            late = time.monotonic() > deadline
            # Said again every second: a worker that has just been forked is still deaf.
            if late or rounds % 100 == 0:
                self._tell(left, signal.SIGKILL if late else signal.SIGTERM)
            rounds += 1
            time.sleep(0.01)
            self._reap()
            self._noise.relay()
        logger.info("stopped")

    def _tell(self, pids: list[int], number: signal.Signals) -> None:
        for pid in pids:
            if number == signal.SIGKILL:
                logger.error("worker %d does not end; killing it", pid)
            os.kill(pid, number)
