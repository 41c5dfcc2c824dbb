"""Names for things: a request's id, and the signed id of a reading.

A reading's id proves that this deployment issued it, so that a correction that comes back later
can be told from an invented one by any worker, with nothing stored.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import re
import time
from dataclasses import dataclass, field

from digits.settings import Settings

SANE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/+=@-]{0,99}")
"""A client's own request id that may be repeated in headers and logs. Azure allows 100 as well."""

_TIME, _RANDOM, _MAC = 5, 5, 11
_LENGTH = (_TIME + _RANDOM + _MAC) * 4 // 3


def request_id(offered: str | None) -> str:
    """The client's own id where it sent a sane one, else a fresh one of 24 hexadecimal digits."""
    if offered and SANE.fullmatch(offered):
        return offered
    return os.urandom(12).hex()


@dataclass(frozen=True)
class Signer:
    """Issues and recognises reading ids: 28 characters, safe in URLs.

    Seconds since 1970 (40 bits), a random number (40 bits), and the first 88 bits of the
    HMAC-SHA256 of both under the deployment's key.
    """

    key: bytes = field(repr=False)

    @classmethod
    def of(cls, settings: Settings) -> Signer:
        """With the configured key, else one of this process's own."""
        secret = settings.id_key.encode() if settings.id_key else os.urandom(32)
        return cls(hashlib.sha256(b"digits reading id\0" + secret).digest())

    def issue(self, *, now: float | None = None) -> str:
        """A new id."""
        seconds = int(time.time() if now is None else now)
        claim = seconds.to_bytes(_TIME, "big") + os.urandom(_RANDOM)
        return base64.urlsafe_b64encode(claim + self._mac(claim)).decode()

    def issued_at(self, reading_id: str) -> int | None:
        """When this id was issued, in seconds since 1970; None if this deployment did not."""
        if len(reading_id) != _LENGTH or not reading_id.isascii():
            return None
        try:
            raw = base64.b64decode(reading_id, altchars=b"-_", validate=True)
        except ValueError:
            return None
        claim = raw[: _TIME + _RANDOM]
        if not hmac.compare_digest(raw[_TIME + _RANDOM :], self._mac(claim)):
            return None
        return int.from_bytes(claim[:_TIME], "big")

    def _mac(self, claim: bytes) -> bytes:
        return hmac.digest(self.key, claim, "sha256")[:_MAC]
