"""Is a picture read alike however it travels?

Nothing about it may depend on chance, so anything but 100 % is a bug.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from digits.errors import DigitsError
from digits.evaluation.labelled import Item
from digits.evaluation.share import Share
from digits.reader import Reader
from digits.settings import Settings
from digits.wire import Request, Service
from digits.wire.ids import Signer

Parts = Mapping[str, object]
"""A reading as clients get it, without what differs from one request to the next."""

PER_REQUEST = ("id", "ms")
BOUNDARY = "a-boundary-that-no-picture-holds"
MANY = Settings(max_body=1 << 31)


@dataclass(frozen=True)
class Outcome:
    """One picture in one form: whether the answer was the reading of the file itself."""

    file: str
    transport: str
    same: bool


def check(reader: Reader, item: Item) -> list[Outcome]:
    """Send one picture in every form. None where it cannot be read at all."""
    try:
        data = item.path.read_bytes()
        reading = _parts(reader.read(data).to_dict())
    except (DigitsError, OSError):
        return []
    service = Service(reader, Signer.of(MANY), MANY.max_body)
    return [
        Outcome(item.path.name, name, send(service, data) == _expected(name, reading))
        for name, send in TRANSPORTS.items()
    ]


def figures(outcomes: Sequence[Outcome]) -> dict[str, object]:
    """The share of answers that were the same, and where they were not."""
    return {
        "same": Share.count(outcome.same for outcome in outcomes).to_dict(),
        "differing": [
            {"file": outcome.file, "transport": outcome.transport}
            for outcome in outcomes
            if not outcome.same
        ],
    }


def _parts(reading: Mapping[str, object]) -> Parts:
    return {name: value for name, value in reading.items() if name not in PER_REQUEST}


def _expected(name: str, reading: Parts) -> object:
    if name != "JSON string":
        return json.loads(json.dumps(reading))
    digits = reading["digits"]
    assert isinstance(digits, list)
    return [digit["digit"] for digit in digits]


def _post(service: Service, body: bytes, content_type: str) -> object:
    headers = {"content-type": content_type}
    answer = service.score(Request("POST", "/score", headers=headers, body=body, id="evaluation"))
    return json.loads(answer.body)


def _raw(content_type: str) -> Callable[[Service, bytes], object]:
    return lambda service, data: _without(_post(service, data, content_type))


def _multipart(service: Service, data: bytes) -> object:
    head = (
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="any"; filename="picture"\r\n'
        "Content-Type: application/octet-stream\r\n\r\n"
    )
    body = head.encode() + data + f"\r\n--{BOUNDARY}--\r\n".encode()
    return _without(_post(service, body, f"multipart/form-data; boundary={BOUNDARY}"))


def _json(make: Callable[[str], object]) -> Callable[[Service, bytes], object]:
    def send(service: Service, data: bytes) -> object:
        body = json.dumps(make(base64.b64encode(data).decode())).encode()
        return _without(_post(service, body, "application/json"))

    return send


def _with_line_breaks(text: str) -> str:
    return base64.encodebytes(base64.b64decode(text)).decode()


def _without(answer: object) -> object:
    """The answer, or the only reading of a list, less what belongs to the request."""
    if isinstance(answer, dict) and "readings" in answer:
        [answer] = answer["readings"]
    return _parts(answer) if isinstance(answer, dict) else answer


TRANSPORTS: dict[str, Callable[[Service, bytes], object]] = {
    "body image/*": _raw("image/any"),
    "body octet-stream": _raw("application/octet-stream"),
    "multipart": _multipart,
    "JSON image": _json(lambda text: {"image": text}),
    "JSON image, data URL": _json(lambda text: {"image": f"data:image/png;base64,{text}"}),
    "JSON image, line breaks": _json(lambda text: {"image": _with_line_breaks(text)}),
    "JSON images": _json(lambda text: {"images": [text]}),
    "JSON string": _json(lambda text: text),
}
"""Every form in which a picture may come; a file is read as its bytes are."""
