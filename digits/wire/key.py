"""The key that an endpoint may ask for."""

from __future__ import annotations

import hmac
from collections.abc import Mapping

from digits.errors import Unauthorized


class KeyCheck:
    """Asks for ``Authorization: Bearer KEY`` if there is a key."""

    def __init__(self, key: str | None) -> None:
        self._expected = f"Bearer {key}".encode() if key else None

    def __call__(self, headers: Mapping[str, str]) -> None:
        """Raises Unauthorized. The comparison takes equally long wherever a wrong key differs."""
        if self._expected is None:
            return
        scheme, _, key = headers.get("authorization", "").partition(" ")
        offered = f"{scheme.capitalize()} {key.strip()}".encode("latin-1", "replace")
        if not hmac.compare_digest(offered, self._expected):
            raise Unauthorized("send the key of this endpoint as Authorization: Bearer KEY")


NO_KEY = KeyCheck(None)
"""Lets everybody in."""
