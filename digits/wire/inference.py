"""The Open Inference Protocol v2: pictures or ready digits as tensors, readings as tensors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import orjson

from digits.errors import BadRequest, DigitsError
from digits.reader import Reader
from digits.wire import outputs, tensors
from digits.wire.encoded import decode_picture
from digits.wire.message import JSON, Answer, Request
from digits.wire.order import MAX_IMAGES, check_body
from digits.wire.outputs import Output
from digits.wire.service import Outcome, Service
from digits.wire.tensors import Envelope, Floats

PICTURES, TILES = "pictures", "image"
TILE_SHAPE = (28, 28, 1)
BINARY = "application/octet-stream"


@dataclass(frozen=True)
class Inference:
    """What an inference request asks: either ``pictures`` or ``tiles``, the other is empty.

    ``tiles`` are digits ready for the network: ``[n, 28, 28, 1]`` float32, 0 to 1, ink = 1.
    """

    envelope: Envelope
    pictures: tuple[bytes, ...]
    tiles: Floats


def take(service: Service, request: Request) -> Inference:
    """What the request asks for. Raises BadRequest or TooLarge."""
    check_body(len(request.body), service.max_body)
    envelope = Envelope.of(request)
    tensor = envelope.input
    if tensor.datatype == "BYTES":
        texts = tensors.texts(tensor)
        _check_count(len(texts))
        pictures = tuple(
            text if isinstance(text, bytes) else decode_picture(text, service.reader.limits)
            for text in texts
        )
        return Inference(envelope, pictures, np.zeros((0, *TILE_SHAPE), np.float32))
    if tensor.datatype == "FP32":
        tiles = tensors.numbers(tensor, TILE_SHAPE)
        _check_count(len(tiles))
        return Inference(envelope, (), tiles)
    raise BadRequest(
        f"an input of datatype {tensor.datatype[:20]!r} is not read; send BYTES [n] (encoded "
        "pictures, as base64 in JSON) or FP32 [n, 28, 28, 1]"
    )


def classify(service: Service, inference: Inference) -> Sequence[Output]:
    """The network's answer to ready digits."""
    count = len(inference.tiles)
    probabilities, digit_score = service.reader.network.scores(inference.tiles)
    return (
        Output("digit", "INT64", (count,), [int(each) for each in probabilities.argmax(axis=1)]),
        Output("digit_score", "FP32", (count,), [float(each) for each in digit_score]),
        Output("probabilities", "FP32", (count, 10), [float(each) for each in probabilities.flat]),
    )


def readings(service: Service, outcomes: Sequence[Outcome], name: str) -> Sequence[Output]:
    """Readings as tensors. A picture that cannot be read fails the request: raises its error."""
    texts, whole = [], []
    for number, outcome in enumerate(outcomes, 1):
        if isinstance(outcome, DigitsError):
            raise type(outcome)(f"picture {number} of {len(outcomes)}: {outcome}")
        texts.append(outcome.reading.text.encode())
        whole.append(orjson.dumps(service.item(outcome, name)))
    shape = (len(outcomes),)
    return Output("text", "BYTES", shape, texts), Output("reading", "BYTES", shape, whole)


def answer(service: Service, inference: Inference, given: Sequence[Output], name: str) -> Answer:
    """The answer to the request called ``name``. Raises BadRequest for an unknown output."""
    model = {
        "model_name": service.reader.folder.card.name,
        "model_version": service.reader.version,
    }
    body, json_length = outputs.encode(inference.envelope, model, given)
    headers = [("x-request-id", name)]
    if json_length is None:
        return Answer(200, JSON, body, tuple(headers))
    headers.append((tensors.HEADER_LENGTH, str(json_length)))
    return Answer(200, BINARY, body, tuple(headers))


def metadata(reader: Reader) -> dict[str, object]:
    """What ``GET /v2/models/{name}`` tells."""
    return {
        "name": reader.folder.card.name,
        "versions": [reader.version],
        "platform": "onnxruntime_onnx",
        "inputs": [
            {"name": PICTURES, "datatype": "BYTES", "shape": [-1]},
            {"name": TILES, "datatype": "FP32", "shape": [-1, *TILE_SHAPE]},
        ],
        "outputs": [
            {"name": "text", "datatype": "BYTES", "shape": [-1]},
            {"name": "reading", "datatype": "BYTES", "shape": [-1]},
            {"name": "digit", "datatype": "INT64", "shape": [-1]},
            {"name": "digit_score", "datatype": "FP32", "shape": [-1]},
            {"name": "probabilities", "datatype": "FP32", "shape": [-1, 10]},
        ],
    }


def _check_count(count: int) -> None:
    if not 1 <= count <= MAX_IMAGES:
        raise BadRequest(f"the input holds {count} elements; send 1 to {MAX_IMAGES}")
