"""Numbers that all processes of one server share: counts, process ids, heartbeats.

One anonymous memory map, made before the workers are forked. Each process writes to a row of its
own, so nothing is locked; whoever is asked adds the rows up. A worker that takes a dead one's
place goes on with its row, so that counts never fall.
"""

from __future__ import annotations

import mmap
import time
from collections.abc import Iterator

PID, BEAT, RESERVED = 0, 1, 2
"""Cells at the start of each row."""


class Board:
    """``rows`` times ``width`` float64 cells for counting, zero at first."""

    def __init__(self, *, rows: int, width: int) -> None:
        self.rows = rows
        self._stride = RESERVED + width
        # Each cell is 8 bytes and aligned, so that it is written as a whole.
        self._cells = memoryview(mmap.mmap(-1, rows * self._stride * 8)).cast("d")

    def row(self, index: int) -> memoryview[float]:
        """The cells of one process."""
        return self._cells[index * self._stride + RESERVED : (index + 1) * self._stride]

    def total(self, cell: int) -> float:
        """The sum of one cell over all processes."""
        return float(sum(self._cells[RESERVED + cell :: self._stride]))

    def beat(self, index: int, pid: int) -> None:
        """This process is alive, and it is this one."""
        start = index * self._stride
        self._cells[start + PID], self._cells[start + BEAT] = pid, time.monotonic()

    def clear(self, index: int) -> None:
        """The process is gone, and nobody takes its row at once; what it counted stays."""
        self._cells[index * self._stride + PID] = 0

    def last_beat(self, index: int) -> float:
        """When a process last said that it is alive, by the monotonic clock."""
        return float(self._cells[index * self._stride + BEAT])

    def silent_for(self, index: int) -> float:
        """Seconds since a process last said that it is alive."""
        return time.monotonic() - self.last_beat(index)

    def processes(self) -> Iterator[tuple[int, int]]:
        """Row and process id of each process that ever was there."""
        for index in range(self.rows):
            pid = int(self._cells[index * self._stride + PID])
            if pid:
                yield index, pid
