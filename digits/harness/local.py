"""Files through the entry script's ``run()``, as a server would pass them, many at a time."""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import orjson

from digits.settings import available_cores
from digits.wire.azure import AzureRequest

STDIN = "-"
SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".gif", ".bmp", ".tif", ".tiff", ".webp"})

Result = dict[str, object]
"""A reading with ``file`` added, or ``{"file": …, "error": {…}}``."""


class Response(Protocol):
    """What is used of ``AMLResponse``."""

    @property
    def data(self) -> bytes: ...


Run = Callable[[AzureRequest], Response]


@dataclass(frozen=True)
class LocalRequest:
    """A picture as Azure's server would hand it to ``run()``."""

    data: bytes
    query_string: bytes
    headers: Mapping[str, str]
    method: str = "POST"
    path: str = "/score"

    def get_data(self, cache: bool = True) -> bytes:
        """The picture's bytes."""
        return self.data


@dataclass(frozen=True, kw_only=True)
class Scorer:
    """Reads files through ``run``, all with the same options and, if need be, the same key."""

    run: Run
    single: bool = False
    explain: bool = False
    api_key: str | None = field(default=None, repr=False)

    def read_all(self, files: Iterable[str | Path]) -> Iterator[Result]:
        """The results in the order of the files, one thread per core at work."""
        cores = available_cores()
        waiting: deque[Future[Result]] = deque()
        with ThreadPoolExecutor(cores) as pool:
            for file in files:
                # No further ahead than keeps the cores busy: results with stages are large.
                if len(waiting) == 2 * cores:
                    yield waiting.popleft().result()
                waiting.append(pool.submit(self.read, file))
            while waiting:
                yield waiting.popleft().result()

    def read(self, file: str | Path) -> Result:
        """One file's result; a file that cannot be opened is an error like any other."""
        try:
            data = sys.stdin.buffer.read() if file == STDIN else Path(file).read_bytes()
        except OSError as error:
            reason = f"cannot be read: {error.strerror or error}"
            if isinstance(error, FileNotFoundError):
                reason = f"there is no such file, seen from {Path.cwd()}; check the name"
            elif isinstance(error, IsADirectoryError):
                reason = f"is a folder without pictures ({', '.join(sorted(SUFFIXES))})"
            return {"file": str(file), "error": {"code": "not_found", "message": reason}}
        if not data:
            message = "the picture is empty (0 bytes); was it saved or copied completely?"
            return {"file": str(file), "error": {"code": "bad_request", "message": message}}
        query = f"single={self.single:d}&explain={self.explain:d}"
        response = self.run(LocalRequest(data, query.encode(), self._headers()))
        answer = orjson.loads(response.data)
        return {"file": str(file), **answer}

    def _headers(self) -> Mapping[str, str]:
        """With the key, if the environment asks the endpoint to want one."""
        key = {"Authorization": f"Bearer {self.api_key}"} if self.api_key else {}
        return {"Content-Type": "application/octet-stream", **key}


def pictures_in(name: str) -> list[str]:
    """The file itself, or the pictures in a folder, by name.

    A folder without any stands for itself: reading it is an error as that of any other file.
    """
    folder = Path(name)
    if name == STDIN or not folder.is_dir():
        return [name]
    found = sorted(entry for entry in folder.iterdir() if entry.suffix.lower() in SUFFIXES)
    return [str(entry) for entry in found] or [name]
