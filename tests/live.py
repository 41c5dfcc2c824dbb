"""An endpoint in a process of its own, for as long as a test needs it."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path

START_S = 240


def unused_port() -> int:
    """A TCP port of 127.0.0.1 that nobody listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def endpoint(
    command: Sequence[str | Path],
    *,
    port: int,
    cwd: Path,
    log: Path,
    environ: Mapping[str, str] | None = None,
    probe: str = "/health/ready",
    announcement: str = "",
    inherited: Sequence[int] = (),
) -> Iterator[subprocess.Popen[bytes]]:
    """Start ``command``, wait until it is ready, stop it at the end.

    Ready is when ``probe`` answers 200 on ``port`` and ``announcement`` was printed. ``log`` gets
    what it prints, and is shown if it ends before that. It has the ``inherited`` descriptors.
    """
    with log.open("wb") as stream:
        process = subprocess.Popen(
            command, cwd=cwd, env=environ, stdout=stream, stderr=stream, pass_fds=inherited
        )
        try:
            deadline = time.monotonic() + START_S
            while status(port, probe) != 200 or announcement not in log.read_text("utf-8"):
                assert process.poll() is None, log.read_text("utf-8")
                assert time.monotonic() < deadline, log.read_text("utf-8")
                time.sleep(0.1)
            yield process
        finally:
            process.terminate()
            try:
                process.wait(timeout=60)
            finally:
                process.kill()


def status(port: int, path: str) -> int | None:
    """The status that ``GET path`` has on ``port``; None while nobody answers."""
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    except OSError:
        return None
    finally:
        connection.close()
