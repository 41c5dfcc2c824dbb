"""The bytes of pictures, from wherever they are, no more of them ahead than memory is set aside."""

from __future__ import annotations

import os
import platform
import time
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from digits.batch import archives, storage
from digits.batch.entry import Entry
from digits.errors import BadRequest, DataError, DigitsError, NotFound, UnreadableImage

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

AHEAD = 16
"""Pictures fetched from object storage at the same time; each costs at most the limit on bytes."""

TRIES = 4
PAUSE_S = 1.0
"""Before the second try; doubled for each further one."""

Fetched = bytes | DigitsError

_answering: set[str] = set()
"""The protocols of storages from which this process has read a picture."""


@dataclass(frozen=True)
class Fetcher:
    """Fetches pictures of at most ``max_bytes``; relative paths start from ``base``.

    ``root`` is the folder on this machine that all of them are in, if they are.
    """

    max_bytes: int
    base: str = ""
    root: str = ""

    def all(self, entries: Iterable[Entry]) -> Iterator[tuple[Entry, Fetched]]:
        """Each entry with its bytes, or with what is wrong with it, in order.

        Raises DataError where the storage as a whole fails, which is no picture's fault.
        """
        waiting: deque[tuple[Entry, Future[Fetched]]] = deque()
        with ThreadPoolExecutor(AHEAD) as pool:
            for entry in entries:
                if not _is_remote(entry):
                    yield entry, self.one(entry)
                    continue
                if len(waiting) == AHEAD:
                    first, future = waiting.popleft()
                    yield first, future.result()
                waiting.append((entry, pool.submit(self.one, entry)))
            while waiting:
                first, future = waiting.popleft()
                yield first, future.result()

    def one(self, entry: Entry) -> Fetched:
        """One picture's bytes, or what is wrong with it."""
        if entry.wrong is not None:
            return UnreadableImage(entry.wrong)
        if entry.size is not None and entry.size > self.max_bytes:
            return archives.too_large(entry.size, self.max_bytes)
        try:
            data = self._bytes(entry) if entry.size != 0 else b""
        except DataError:
            raise
        except DigitsError as error:
            return error
        except FileNotFoundError:
            self._check_root()
            return NotFound("there is no such file")
        except (OSError, ValueError) as error:  # the latter where the name cannot be one
            self._check_root()
            return NotFound(f"the file cannot be read: {getattr(error, 'strerror', '') or error}")
        if not data:
            return BadRequest("the picture is empty (0 bytes); was it saved or copied completely?")
        if len(data) > self.max_bytes:
            return archives.too_large(None, self.max_bytes)
        return data

    def _check_root(self) -> None:
        """Raise DataError where it is not one file that is missing but the disk that holds all."""
        if not self.root:
            return
        try:
            with os.scandir(self.root) as found:
                there = next(found, None) is not None
        except PermissionError:
            return  # there, and not to be listed
        except OSError:
            there = False
        if not there:
            raise DataError(
                f"{self.root} is empty or not there on {platform.node()}: is it mounted?"
            )

    def _bytes(self, entry: Entry) -> bytes:
        if entry.within:
            return archives.read(entry.within, self._range, max_bytes=self.max_bytes)
        return self._range(entry.path, 0, self.max_bytes + 1)

    def _range(self, name: str, begin: int, length: int) -> bytes:
        if storage.is_url(name):
            return _tried_again(name, begin, length)
        with (Path(self.base) / name).open("rb") as file:
            file.seek(begin)
            held = os.fstat(file.fileno()).st_size - begin
            # Making room for the limit takes longer than reading a small picture.
            return file.read(min(length, held) if held > 0 else length)


def _is_remote(entry: Entry) -> bool:
    return storage.is_url(entry.within[0] if entry.within else entry.path)


def _tried_again(url: str, begin: int, length: int) -> bytes:
    """What is not there is said at once; anything else may be a moment's trouble of the storage.

    Raises NotFound for an object that the storage knows and does not give (archived, say, or
    forbidden while others are not), DataError where the storage as a whole fails.
    """
    system, path = storage.opened(url)
    protocol = url.partition(storage.SCHEME)[0]
    for tries in range(1, TRIES + 1):
        try:
            data = bytes(system.cat_file(path, start=begin, end=begin + length))
        except FileNotFoundError:
            raise
        except Exception as error:  # of whatever package speaks to that storage
            if tries == TRIES:
                complaint = storage.said(error)
                if _is_its_own_fault(system, path, error, others=protocol in _answering):
                    raise NotFound(f"the storage does not give it: {complaint}") from error
                raise DataError(
                    f"{url} cannot be read, tried {TRIES} times: {complaint}"
                ) from error
            time.sleep(PAUSE_S * 2 ** (tries - 1))
        else:
            _answering.add(protocol)
            return data
    raise AssertionError


def _is_its_own_fault(
    system: AbstractFileSystem, path: str, error: Exception, *, others: bool
) -> bool:
    """Whether an object that cannot be read is to blame for that, rather than the storage.

    ``others`` says whether this process has read others from there.
    """
    if isinstance(error, PermissionError):
        return others
    try:
        system.info(path)
    except Exception:  # as above
        return False
    return True
