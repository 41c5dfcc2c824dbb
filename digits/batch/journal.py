"""Which picture a worker was at when it died, so that one that kills its workers is found out.

A chunk whose worker dies is read again by another. If a picture is what killed it (a decoder that
crashes, memory that runs out), that one dies as well, and so on without end. Each chunk has a small
file in the machine's temporary folder while it is read; a worker of the same run that finds one
knows that another died before it, and where.
"""

from __future__ import annotations

import os
import struct
import tempfile
from contextlib import suppress
from pathlib import Path
from types import TracebackType

DEATHS = 2
"""So many workers may die at a picture before it is left out: the first may have died by chance."""

NOWHERE = -1
_AT = struct.Struct("<q")


class Journal:
    """The journal of one chunk in one run on this machine; a context, which leaves no file behind.

    The file holds the place of the picture that is being read, and a byte for each picture: how
    many workers have died at it.
    """

    def __init__(self, run: str, chunk: int, pictures: int, *, folder: Path | None = None) -> None:
        name = f"digits-many-{run}-{chunk}"
        self._path = (folder or Path(tempfile.gettempdir())) / name
        self._deaths = bytearray(pictures)
        self._file = -1

    def __enter__(self) -> Journal:
        self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        before = os.read(self._file, _AT.size + len(self._deaths))
        if len(before) == _AT.size + len(self._deaths):
            [place] = _AT.unpack_from(before)
            self._deaths[:] = before[_AT.size :]
            if 0 <= place < len(self._deaths):
                self._deaths[place] += self._deaths[place] < DEATHS
        os.pwrite(self._file, _AT.pack(NOWHERE) + self._deaths, 0)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        os.close(self._file)
        with suppress(OSError):
            self._path.unlink()

    def at(self, place: int) -> bool:
        """Note that picture ``place`` is read now; False if that is not to be tried again."""
        if self._deaths[place] >= DEATHS:
            return False
        os.pwrite(self._file, _AT.pack(place), 0)
        return True

    def done(self) -> None:
        """Note that it has been read, and that what comes next is not its fault."""
        os.pwrite(self._file, _AT.pack(NOWHERE), 0)
