"""Signals of the master, as something to wait for among file descriptors."""

from __future__ import annotations

import select
import signal
import socket
from collections.abc import Iterable
from types import FrameType

STOP = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
RETIRE = signal.SIGHUP
"""Tells a worker that another one has taken its place: nobody is in a hurry."""


class Signals:
    """From now on signals that ask to stop set ``stopping``, and every signal ends `wait`."""

    def __init__(self) -> None:
        self.stopping = False
        self._wake, self._written = socket.socketpair()
        for end in (self._wake, self._written):
            end.setblocking(False)
        signal.set_wakeup_fd(self._written.fileno(), warn_on_full_buffer=False)
        for number in STOP:
            signal.signal(number, self._stop)
        signal.signal(signal.SIGCHLD, lambda number, frame: None)

    def wait(self, descriptors: Iterable[int], seconds: float) -> None:
        """Until a signal has come, a descriptor can be read, or the time is over."""
        select.select([self._wake.fileno(), *descriptors], [], [], seconds)
        try:
            while self._wake.recv(4096):
                pass
        except BlockingIOError:
            return

    def leave_behind(self) -> None:
        """In a forked child: none of this is its own. It cannot be stopped until it says how."""
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for number in STOP:
            signal.signal(number, signal.SIG_IGN)
        self._wake.close()
        self._written.close()

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self.stopping = True
