"""Everything that parses what a client sends, as one function of bytes; good examples of them."""

from __future__ import annotations

import io
import json
import struct
import sys

from digits.errors import DigitsError
from digits.settings import ROOT, Settings
from digits.wire import Request, Service, answers, feedback, inference, legacy
from digits.wire.ids import Signer
from digits.wire.options import Options

sys.path.insert(0, str(ROOT / "tests"))

BOUNDARY = "x"
KINDS = (
    ("/score", "application/octet-stream"),
    ("/score", "application/json"),
    ("/score", f"multipart/form-data; boundary={BOUNDARY}"),
    ("/v2", "application/json"),
    ("/v2 binary", "application/json"),
    ("/score?single=1&explain=1", "image/png"),
    ("/feedback", "application/json"),
    ("/upload", "text/plain"),
    ("/predict", f"multipart/form-data; boundary={BOUNDARY}"),
    ("/upload/", f"multipart/form-data; boundary={BOUNDARY}"),
)
SETTINGS = Settings(max_pixels=1_000_000, max_bytes=200_000, max_body=400_000, id_key="fuzz")
SIGNER = Signer.of(SETTINGS)
DIALECTS = {dialect.path: dialect for dialect in legacy.DIALECTS}
STATUSES = (200, 400, 413, 415, 422)


def examples() -> list[bytes]:
    """One good body of each kind and format; the first byte says which kind it is."""
    from PIL import Image
    from samples import as_base64, encoded, form, picture

    names = ("digit_3.png", "digit_6.gif", "digit_1.bmp", "digit_0.tiff", "drawing_5.webp")
    pictures = [picture(name) for name in names]
    drawn = Image.open(io.BytesIO(pictures[0])).convert("RGB")
    pictures += [encoded(drawn, "JPEG"), encoded(drawn, "JPEG", progressive=True)]
    one = as_base64(pictures[0])
    kind, body = form(("image", pictures[0]))
    boundary = kind.partition("boundary=")[2].encode()
    tensor = {"name": "pictures", "datatype": "BYTES", "shape": [1], "data": [one]}
    tile = {"name": "image", "datatype": "FP32", "shape": [1, 28, 28, 1], "data": [0.5] * 784}
    binary = struct.pack("<I", len(pictures[0])) + pictures[0]
    head = json.dumps({"inputs": [tensor | {"parameters": {"binary_data_size": len(binary)}}]})
    upload = body.replace(boundary, BOUNDARY.encode())
    correction = {"id": SIGNER.issue(), "image": one, "digits": "3", "boxes": [[8, 4, 10, 20]]}
    return [
        *(b"\0" + each for each in pictures),
        *(b"\5" + each for each in pictures[:2]),
        b"\1" + json.dumps({"image": one}).encode(),
        b"\1" + json.dumps({"images": [one, f"data:image/png;base64,{one}"]}).encode(),
        b"\1" + json.dumps(one).encode(),
        *(kind + upload for kind in (b"\2", b"\x08", b"\x09")),
        b"\3" + json.dumps({"inputs": [tensor]}).encode(),
        b"\3" + json.dumps({"inputs": [tile], "outputs": [{"name": "digit"}]}).encode(),
        b"\4" + struct.pack("<H", len(head)) + head.encode() + binary,
        b"\6" + json.dumps(correction).encode(),
        b"\7" + f"data:image/png;base64,{one}".encode(),
    ]


def request_of(data: bytes) -> Request:
    path, kind = KINDS[data[0] % len(KINDS)]
    headers, body = {"content-type": kind}, data[1:]
    if path == "/v2 binary":
        headers["inference-header-content-length"] = str(int.from_bytes(body[:2], "little"))
        body = body[2:]
    target, _, query = path.partition("?")
    return Request("POST", target, query, headers, body, "fuzz")


def correct(service: Service, request: Request) -> None:
    limits, status = service.reader.limits, 200
    try:
        feedback.take(request, service.signer, limits, max_body=service.max_body)
    except DigitsError as error:
        status = error.status
    assert status in (*STATUSES, 404), status


def ask_as_of_old(service: Service, request: Request) -> None:
    dialect, taken = DIALECTS[request.path], b""
    try:
        taken = dialect.take(request, service.reader.limits)
        outcome = service.read(taken, Options(single=True), "fuzz")
    except DigitsError as error:
        outcome = error
    answer = dialect.answer(request, taken, outcome)
    assert answer.status in STATUSES, answer


def infer(service: Service, request: Request) -> None:
    try:
        asked = inference.take(service, request)
        given = inference.classify(service, asked)
        if asked.pictures:
            outcomes = [service.read(each, Options(), "fuzz") for each in asked.pictures]
            given = inference.readings(service, outcomes, "fuzz")
        answer = inference.answer(service, asked, given, "fuzz")
    except DigitsError as error:
        answer = answers.refusal(error, "fuzz")
    assert answer.status in STATUSES, answer


def try_one(service: Service, data: bytes) -> None:
    if not data:
        return
    request = request_of(data)
    if request.path.startswith("/v2"):
        infer(service, request)
        return
    if request.path == "/feedback":
        correct(service, request)
        return
    if request.path in DIALECTS:
        ask_as_of_old(service, request)
        return
    answer = service.score(request)
    assert answer.status in STATUSES, answer
    json.loads(answer.body)
