"""The client that is awaited."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from types import TracebackType
from typing import Any

import httpx

from digits.client import exchange
from digits.client.errors import ScoringError
from digits.client.exchange import Options, Picture
from digits.client.reading import Box, Reading


class AsyncClient:
    """Talks to the endpoint at ``url``; further arguments as in `Options`.

    Methods raise ScoringError when the endpoint refuses, Unavailable when it cannot be had.
    """

    def __init__(self, url: str, **options: Any) -> None:
        self.options = Options(**options)
        self._http = httpx.AsyncClient(
            base_url=url, headers=self.options.headers(), timeout=self.options.timeout_s
        )

    async def read(
        self, picture: Picture, *, single: bool = False, explain: bool = False
    ) -> Reading:
        """Read a picture; ``single`` takes it as one digit, ``explain`` adds the stages."""
        parcel = self.options.parcel(picture)
        query = exchange.query(single=single, explain=explain)
        kind = {"content-type": "application/octet-stream"}
        answer = await self._send("POST", "/score", params=query, content=parcel.data, headers=kind)
        return Reading.of(answer.json(), parcel.scale)

    async def read_many(self, pictures: Sequence[Picture]) -> list[Reading | ScoringError]:
        """Read 1 to 64 pictures in one request; one that cannot be read spoils no other."""
        parcels = [self.options.parcel(picture) for picture in pictures]
        answer = await self._send("POST", "/score", json=exchange.body_of_many(parcels))
        return exchange.readings(answer.json(), parcels)

    async def correct(
        self, reading: Reading, picture: Picture, digits: str, *, boxes: Sequence[Box] | None = None
    ) -> None:
        """Say what is really in a picture: its digits, with / between rows. It is kept then.

        ``boxes`` has one for each digit, and needs a picture within the limits.
        """
        data = self.options.parcel(picture).data
        body = exchange.body_of_correction(reading.id, data, digits, boxes)
        await self._send("POST", "/feedback", json=body)

    async def forget(self, reading: Reading) -> None:
        """Have the correction of this reading deleted, and the picture with it."""
        await self._send("DELETE", f"/feedback/{reading.id}")

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def _send(self, method: str, path: str, **content: Any) -> httpx.Response:
        attempt = 1
        while True:
            response = None
            try:
                response = await self._http.request(method, path, **content)
                if response.status_code not in exchange.AGAIN or attempt >= self.options.attempts:
                    return exchange.checked(response)
            except httpx.TransportError as error:
                if attempt >= self.options.attempts:
                    raise exchange.unreachable(error) from error
            await asyncio.sleep(exchange.delay(attempt, response))
            attempt += 1
