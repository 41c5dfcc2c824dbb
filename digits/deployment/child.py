"""A server as a child process: started, waited for, stopped with its requests finished."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException
from types import FrameType

from digits.deployment.address import Address
from digits.deployment.tether import tethered
from digits.errors import DeploymentError

logger = logging.getLogger(__name__)

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
POLL_S = 0.05


class StopRequested(BaseException):
    """Ctrl-C, SIGTERM or a closed terminal: someone wants the endpoint to end."""


@contextmanager
def stop_signals() -> Iterator[None]:
    """Raise StopRequested, once, when a signal asks this process to stop.

    Further ones are ignored: one Ctrl-C may well arrive several times, from the terminal and from
    each launcher in between, and must not cut off the requests in flight.
    """

    def handle(number: int, frame: FrameType | None) -> None:
        for each in STOP_SIGNALS:
            signal.signal(each, signal.SIG_IGN)
        raise StopRequested(signal.Signals(number).name)

    before = {each: signal.signal(each, handle) for each in STOP_SIGNALS}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


@contextmanager
def running(
    command: Sequence[str],
    environ: Mapping[str, str],
    *,
    grace_s: float,
    inherited: Sequence[int] = (),
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server while the body runs; then stop it, giving its requests ``grace_s`` seconds.

    It gets a session of its own, so that Ctrl-C reaches it through us, and it ends with us even
    if we are killed outright. It has the file descriptors in ``inherited``.
    """
    process = subprocess.Popen(
        tethered(command),
        env=dict(environ),
        stdin=subprocess.DEVNULL,
        stdout=sys.__stderr__,  # our stdout is for results, not for a server's log
        start_new_session=True,
        pass_fds=inherited,
    )
    try:
        yield process
    finally:
        _stop(process, grace_s)


def wait_until_ready(
    process: subprocess.Popen[bytes], address: Address, path: str, *, patience_s: float
) -> None:
    """Return once ``GET path`` answers 200. Raises DeploymentError when that does not come."""
    deadline = time.monotonic() + patience_s
    while not _answers(address, path):
        if process.poll() is not None:
            raise DeploymentError(
                f"the server ended with status {process.returncode} before it was ready; what it"
                " said is above"
            )
        if time.monotonic() > deadline:
            raise DeploymentError(f"the server is not ready after {patience_s:.0f} s; giving up")
        time.sleep(POLL_S)


def _answers(address: Address, path: str) -> bool:
    connection = HTTPConnection(address.reachable_host, address.port, timeout=2)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def _stop(process: subprocess.Popen[bytes], grace_s: float) -> None:
    process.terminate()
    try:
        process.wait(grace_s)
    except subprocess.TimeoutExpired:
        logger.warning("the server has not ended after %.0f s and is killed", grace_s)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
