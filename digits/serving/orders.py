"""What the process that started the server tells it while it runs: another model to serve."""

from __future__ import annotations

import json
import logging
import os
from dataclasses import dataclass
from pathlib import Path

logger = logging.getLogger(__name__)

LONGEST = 65536


@dataclass(frozen=True)
class Order:
    """Serve the model folder at ``path``, which readings are to call ``version``."""

    path: Path
    version: str

    def line(self) -> bytes:
        """The order as it travels."""
        return json.dumps({"model": str(self.path), "version": self.version}).encode() + b"\n"

    @classmethod
    def parse(cls, line: bytes) -> Order:
        """What `line` made. Raises ValueError for anything else."""
        try:
            value = json.loads(line)
            return cls(Path(value["model"]), str(value["version"]))
        except (KeyError, TypeError) as error:
            raise ValueError(f"it lacks {error}") from None


class Orders:
    """The reading end of a pipe on which orders come, a line of JSON each; None for no pipe."""

    def __init__(self, descriptor: int | None) -> None:
        self._descriptor = descriptor
        self._rest = b""
        if descriptor is not None:
            os.set_blocking(descriptor, False)

    @property
    def descriptors(self) -> list[int]:
        """What to wait for."""
        return [] if self._descriptor is None else [self._descriptor]

    def latest(self) -> Order | None:
        """The last order that has come since one asked; what came before it does not matter."""
        lines = self._lines()
        for line in reversed(lines):
            try:
                return Order.parse(line)
            except ValueError as error:
                logger.error("an order cannot be understood: %s", error)
        return None

    def close(self) -> None:
        """Take no more."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _lines(self) -> list[bytes]:
        if self._descriptor is None:
            return []
        try:
            chunk = os.read(self._descriptor, LONGEST)
        except BlockingIOError:
            return []
        if not chunk:  # whoever gave them is gone
            self.close()
            return []
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        return lines
