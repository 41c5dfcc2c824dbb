"""Logs as JSON, one object a line, that can never hold up a request.

Lines are handed to a thread that writes them in batches. If nobody reads them, or the disk is
full, they are dropped and counted; scoring goes on.
"""

from __future__ import annotations

import logging
import os
import select
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache

import orjson

BATCH_S = 0.05
"""How long lines gather before they are written: one system call for many."""

MAX_HELD = 20_000
"""Lines kept for a reader that is slow."""


class LogWriter:
    """Writes lines to a file descriptor from a thread of its own."""

    def __init__(self, descriptor: int, *, lost: Callable[[int], None]) -> None:
        self._descriptor = descriptor
        self._lost = lost
        self._lines: deque[bytes] = deque()
        self._wanted = threading.Event()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="log", daemon=True)
        self._thread.start()

    def write(self, entry: dict[str, object]) -> None:
        """Take one entry; returns at once."""
        if len(self._lines) >= MAX_HELD:
            self._lost(1)
            return
        self._lines.append(_line(entry))
        if not self._wanted.is_set():
            self._wanted.set()

    def close(self, *, patience_s: float = 1.0) -> None:
        """Write what is left; gives up after ``patience_s`` if nobody takes it."""
        self._closing = True
        self._wanted.set()
        self._thread.join(patience_s)

    def _run(self) -> None:
        last = False
        while not last:
            self._wanted.wait()
            last = self._closing
            if not last:
                time.sleep(BATCH_S)
            self._wanted.clear()
            self._write([self._lines.popleft() for _ in range(len(self._lines))])

    def _write(self, lines: list[bytes]) -> None:
        rest = memoryview(b"".join(lines))
        try:
            while rest:
                rest = rest[os.write(self._descriptor, rest) :]
        except OSError:  # closed, full, gone: scoring matters more
            self._lost(len(lines))


class JsonHandler(logging.Handler):
    """Passes the logging module's records on to a writer."""

    def __init__(self, write: Callable[[dict[str, object]], None]) -> None:
        super().__init__()
        self._write = write

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record; a stack trace goes along as text."""
        entry: dict[str, object] = {
            "time": timestamp(record.created),
            "level": record.levelname.lower(),
            "message": record.getMessage(),
            "logger": record.name,
            "pid": record.process,
        }
        if request_id := getattr(record, "request_id", None):
            entry["id"] = str(request_id)
        if record.exc_info:
            entry["stack"] = logging.Formatter().formatException(record.exc_info)
        self._write(entry)


class DirectWriter:
    """Writes lines at once, for a process without threads, unless that would make it wait."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def write(self, entry: dict[str, object]) -> None:
        """Write one entry, or drop it if nobody takes it."""
        with suppress(OSError, ValueError):
            if select.select([], [self._descriptor], [], 0)[1]:
                os.write(self._descriptor, _line(entry))


def _line(entry: dict[str, object]) -> bytes:
    return orjson.dumps(entry, option=orjson.OPT_APPEND_NEWLINE)


def timestamp(seconds: float) -> str:
    """UTC with milliseconds: 2026-01-31T12:34:56.789Z."""
    whole = int(seconds)
    return f"{_to_the_second(whole)}.{int((seconds - whole) * 1000):03d}Z"


@lru_cache(maxsize=2)
def _to_the_second(seconds: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
