"""The project's own server in a process of its own, and bytes straight to its port."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import live
from client import Client

from digits.settings import ROOT


@dataclass(frozen=True)
class OwnServer(Client):
    """A running server."""

    process: subprocess.Popen[bytes]
    log: Path

    def workers(self) -> list[int]:
        """Process ids of the workers."""
        listed = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return [int(pid) for pid in listed.split()]

    def raw(self, data: bytes, *, timeout: float = 30) -> bytes:
        """Send bytes, and return all that comes back until the server closes."""
        with self.connect(timeout=timeout) as connection:
            connection.sendall(data)
            return everything(connection)

    def connect(self, *, timeout: float = 30) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=timeout)


@contextmanager
def own_server(
    folder: Path, *, workers: int = 1, orders: int | None = None, **settings: object
) -> Iterator[OwnServer]:
    """Start it with DIGITS_<SETTING>, wait until it is ready, stop it at the end; ``orders`` is the
    descriptor on which it takes orders."""
    port = live.unused_port()
    given = {f"DIGITS_{name.upper()}": str(value) for name, value in settings.items()}
    command = [sys.executable, "-m", "digits.serving", "--port", str(port)]
    command += ["--workers", str(workers)]
    if orders is not None:
        command += ["--orders", str(orders)]
    log = folder / "server.log"
    with live.endpoint(
        command,
        port=port,
        cwd=ROOT,
        log=log,
        environ={**os.environ, **given},
        inherited=() if orders is None else (orders,),
    ) as process:
        yield OwnServer(port, process, log)


def everything(connection: socket.socket) -> bytes:
    """All that comes until the other side closes, also if it does so hard."""
    received = bytearray()
    try:
        while chunk := connection.recv(65536):
            received += chunk
    except ConnectionResetError:
        pass
    return bytes(received)


def until(condition: Callable[[], bool], *, within_s: float = 30) -> None:
    """Wait for something that must become true."""
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline, "it did not become true"
        time.sleep(0.02)


def stop(server: OwnServer) -> int:
    """SIGTERM, and the exit status."""
    server.process.send_signal(signal.SIGTERM)
    return server.process.wait(timeout=60)
