"""What C libraries print to stderr, as lines of the log like all others.

libpng, for one, prints a line for many a broken picture. Workers get a pipe for their stderr; the
master reads it, so that the last words of a worker that crashes are not lost either.
"""

from __future__ import annotations

import logging
import os

logger = logging.getLogger(__name__)

LONGEST = 2000
"""Characters kept of a line."""


class Noise:
    """The pipe. Neither end ever waits: what does not fit in is lost."""

    def __init__(self) -> None:
        self.reading, self.writing = os.pipe()
        os.set_blocking(self.reading, False)
        os.set_blocking(self.writing, False)
        self._rest = b""

    def relay(self) -> None:
        """Log the lines that have come; an unfinished one waits for its end."""
        try:
            chunk = os.read(self.reading, 65536)
        except BlockingIOError:
            return
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        self._rest = self._rest[-LONGEST:]
        for line in lines:
            if text := line.decode("utf-8", "replace").strip()[:LONGEST]:
                logger.warning("%s", text)
