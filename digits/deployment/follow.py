"""An endpoint that follows a stage: when that moves, the running server takes the new model.

The version is opened, compared with what was registered and made to read the test picture before
the server hears of it, so that nothing worse than what is served can be switched to.
"""

from __future__ import annotations

import json
import logging
import os
import time
from collections.abc import Callable
from http.client import HTTPConnection, HTTPException

from digits.deployment.address import Address
from digits.deployment.smoke import Sample
from digits.errors import DeploymentError, DigitsError
from digits.reader import Reader
from digits.registry.local import LocalRegistry
from digits.registry.protocol import ModelVersion
from digits.serving.orders import Order

logger = logging.getLogger(__name__)

LOOK_S = 1.0
PATIENCE_S = 120.0
"""How long a server may take until it serves what it was ordered to."""


class Follower:
    """Watches ``reference`` (``NAME@STAGE``) and writes orders to a pipe; ``serving`` is the
    version that is served at first."""

    def __init__(
        self,
        registry: LocalRegistry,
        reference: str,
        *,
        serving: int,
        orders: int,
        sample: Sample,
    ) -> None:
        self._registry = registry
        self._reference = reference
        self._orders = orders
        self._sample = sample
        self._seen = serving
        self._ordered: int | None = serving
        """What the server serves or was told to; None if it did not take it."""
        self._ordered_at = 0.0
        self.awaited: ModelVersion | None = None
        """What the server was ordered to serve and does not serve yet."""

    def look(self) -> None:
        """Order the version that the stage points at now, if that is another one and any good."""
        try:
            number = self._registry.number(self._reference)
            if number == self._seen:
                return
            self._seen = number
            if number == self._ordered:  # back from one that was no good
                return
            version = self._registry.resolve(self._reference)
            _check(version, self._sample)
        except DigitsError as error:
            logger.error("not switching to %s: %s", self._reference, error)
            return
        os.write(self._orders, Order(version.path, str(version.version)).line())
        logger.info("switching to %s", version.reference)
        self.awaited, self._ordered, self._ordered_at = version, number, time.monotonic()

    def notice(self, serving: str | None, say: Callable[[str], None]) -> None:
        """Tell of the switch once the server says that it serves the new version."""
        if self.awaited is None:
            return
        if serving == str(self.awaited.version):
            say(f"{self.awaited.reference} is served now")
            self.awaited = None
        elif time.monotonic() - self._ordered_at > PATIENCE_S:
            logger.error("the server did not take %s; see its log", self.awaited.reference)
            self.awaited = self._ordered = None


def _check(version: ModelVersion, sample: Sample) -> None:
    """Raises DigitsError when the model does not read the test picture."""
    rows = Reader.open(version.path).read(sample.picture.read_bytes()).rows
    if rows != sample.rows:
        raise DeploymentError(
            f"{version.reference} reads {sample.picture.name} as {'/'.join(rows) or 'nothing'}, but"
            f" it holds {'/'.join(sample.rows)}"
        )


def served_version(address: Address, api_key: str | None) -> str | None:
    """The version that ``GET /model`` names; None if it does not answer."""
    headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
    connection = HTTPConnection(address.reachable_host, address.port, timeout=5)
    try:
        connection.request("GET", "/model", headers=headers)
        return str(json.load(connection.getresponse())["version"])
    except (OSError, HTTPException, ValueError, KeyError):
        return None
    finally:
        connection.close()
