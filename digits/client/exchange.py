"""Requests and answers, without the waiting: what both kinds of client have in common."""

from __future__ import annotations

import base64
import os
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx

from digits.client.errors import ScoringError, Unavailable
from digits.client.reading import Box, Reading
from digits.client.shrink import Parcel, fitted

MIB = 1024 * 1024
FIRST_DELAY_S = 0.25
LONGEST_DELAY_S = 8.0

AGAIN = (502, 503)
"""Statuses after which it is worth trying again. 502 is a proxy's, whose endpoint is gone."""

Picture = bytes | str | os.PathLike[str]
"""An encoded picture, or the path of one."""


@dataclass(frozen=True, kw_only=True)
class Options:
    """How to talk to an endpoint.

    ``timeout_s`` bounds each attempt; an overloaded or unreachable endpoint is asked ``attempts``
    times in all. Pictures over ``max_bytes`` or ``max_pixels`` are scaled down before they are
    sent: the endpoint's own limits are these unless it was set up otherwise.
    """

    key: str | None = None
    timeout_s: float = 30.0
    attempts: int = 5
    max_bytes: int = 10 * MIB
    max_pixels: int = 50_000_000

    def headers(self) -> dict[str, str]:
        """Those of every request."""
        return {"authorization": f"Bearer {self.key}"} if self.key else {}

    def parcel(self, picture: Picture) -> Parcel:
        """The picture, as large as it may be."""
        data = picture if isinstance(picture, bytes) else Path(picture).read_bytes()
        return fitted(data, max_bytes=self.max_bytes, max_pixels=self.max_pixels)


def query(*, single: bool, explain: bool) -> dict[str, str]:
    """The options of a scoring request."""
    return {name: "1" for name, on in (("single", single), ("explain", explain)) if on}


def body_of_many(parcels: Sequence[Parcel]) -> dict[str, object]:
    """Several pictures as JSON."""
    return {"images": [base64.b64encode(parcel.data).decode() for parcel in parcels]}


def body_of_correction(
    reading_id: str, data: bytes, digits: str, boxes: Sequence[Box] | None
) -> dict[str, object]:
    """A correction as JSON."""
    body: dict[str, object] = {
        "id": reading_id,
        "image": base64.b64encode(data).decode(),
        "digits": digits,
    }
    return body if boxes is None else {**body, "boxes": [list(box) for box in boxes]}


def readings(
    answer: Mapping[str, object], parcels: Sequence[Parcel]
) -> list[Reading | ScoringError]:
    """Each picture's reading, or why it has none."""
    given = answer["readings"]
    assert isinstance(given, list)
    return [
        _refusal(200, each["error"]) if "error" in each else Reading.of(each, parcel.scale)
        for each, parcel in zip(given, parcels, strict=True)
    ]


def checked(response: httpx.Response) -> httpx.Response:
    """The response, if it is one of success. Raises ScoringError."""
    if response.is_success:
        return response
    try:
        error = response.json()["error"]
        raise _refusal(response.status_code, error)
    except (ValueError, KeyError, TypeError):
        message = f"the endpoint answered with status {response.status_code} and no reason"
        raise _refusal(response.status_code, {"message": message}) from None


def delay(attempt: int, response: httpx.Response | None) -> float:
    """Seconds to wait after the attempt of this number, the first being 1.

    As long as the endpoint asked for, or longer: each time twice as long, and never for all
    clients the same.
    """
    longest: float = min(LONGEST_DELAY_S, FIRST_DELAY_S * 2 ** (attempt - 1))
    asked = response.headers.get("retry-after", "") if response is not None else ""
    least = min(float(asked), LONGEST_DELAY_S) if asked.isdigit() else 0.0
    return least + random.uniform(longest / 2, longest)


def unreachable(error: httpx.TransportError) -> Unavailable:
    """What to say when there was no answer."""
    reason = str(error) or type(error).__name__
    return Unavailable(f"the endpoint cannot be reached: {reason}", status=0, code="unreachable")


def _refusal(status: int, error: Mapping[str, str]) -> ScoringError:
    kind = Unavailable if status in AGAIN else ScoringError
    return kind(
        error["message"],
        status=status,
        code=error.get("code", f"status_{status}"),
        request_id=error.get("id", ""),
    )
