"""A client for the endpoint, in two kinds: `Client` waits, `AsyncClient` is awaited.

    from digits.client import Client

    with Client("http://127.0.0.1:5001") as client:
        print(client.read("test_images/phone.jpg").rows)

Needs httpx: the extra ``client``.
"""

from __future__ import annotations

from digits.client.asynchronous import AsyncClient
from digits.client.errors import ScoringError, Unavailable
from digits.client.reading import Digit, Reading
from digits.client.synchronous import Client

__all__ = ["AsyncClient", "Client", "Digit", "Reading", "ScoringError", "Unavailable"]
