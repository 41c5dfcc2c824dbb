"""Tensors of the Open Inference Protocol, in JSON and in bytes."""

from __future__ import annotations

import json
import struct

import numpy as np
import pytest

from digits.errors import BadRequest
from digits.wire import Request, outputs, tensors
from digits.wire.outputs import Output
from digits.wire.tensors import Envelope

TILE = (28, 28, 1)


def envelope(body: dict, tail: bytes = b"") -> Envelope:
    head = json.dumps(body).encode()
    headers = {"inference-header-content-length": str(len(head))} if tail else {}
    return Envelope.of(Request("POST", "/", "", headers, head + tail))


def one(**fields: object) -> dict:
    tensor = {"name": "x", "datatype": "BYTES", "shape": [1], "data": ["AA=="]}
    return {"inputs": [tensor | fields]}


def test_strings_from_json():
    tensor = envelope(one(shape=[2], data=["a", "b"])).input

    assert tensors.texts(tensor) == ["a", "b"]


def test_bytes_from_the_binary_extension():
    tail = struct.pack("<I", 3) + b"abc" + struct.pack("<I", 0)
    body = one(shape=[2, 1], parameters={"binary_data_size": len(tail)})

    assert tensors.texts(envelope(body, tail).input) == [b"abc", b""]


@pytest.mark.parametrize("tail", [b"\1", b"\5\0\0\0abcd", b"\xff\xff\xff\xff"])
def test_bytes_cut_short(tail):
    body = one(parameters={"binary_data_size": len(tail)})

    with pytest.raises(BadRequest, match="cut short"):
        tensors.texts(envelope(body, tail).input)


def test_numbers_flat_nested_and_in_bytes():
    tiles = np.linspace(0, 1, 2 * 784, dtype=np.float32).reshape(2, *TILE)
    fields = {"datatype": "FP32", "shape": [2, 28, 28, 1]}
    raw = tiles.tobytes()

    for value in (
        envelope(one(**fields, data=tiles.tolist())),
        envelope(one(**fields, data=tiles.reshape(-1).tolist())),
        envelope(one(**fields, parameters={"binary_data_size": len(raw)}), raw),
    ):
        assert np.array_equal(tensors.numbers(value.input, TILE), tiles)


@pytest.mark.parametrize(
    "fields",
    [
        {"shape": [28, 28, 1]},
        {"shape": [0, 28, 28, 1]},
        {"shape": []},
        {"shape": [1, 28, 28, 1], "data": [0.5] * 783},
        {"shape": [1, 28, 28, 1], "data": [[0.5], [0.5, 0.5]]},
        {"shape": [1, 28, 28, 1], "data": {"a": 1}},
        {"shape": [1, 28, 28, 1], "data": ["x"] * 784},
        {"shape": [1, 28, 28, 1], "data": [1e300] * 784},
        {"shape": [1, 28, 28, 1], "data": None},
    ],
)
def test_numbers_that_are_not(fields):
    tensor = envelope(one(datatype="FP32", **fields)).input

    with pytest.raises(BadRequest):
        tensors.numbers(tensor, TILE)


def test_bytes_that_are_not_a_number():
    raw = np.full(784, np.nan, np.float32).tobytes()
    body = one(datatype="FP32", shape=[1, *TILE], parameters={"binary_data_size": len(raw)})

    with pytest.raises(BadRequest, match="not finite"):
        tensors.numbers(envelope(body, raw).input, TILE)


@pytest.mark.parametrize(
    "body",
    [
        [],
        {},
        {"inputs": []},
        {"inputs": [{}, {}]},
        {"inputs": ["x"]},
        {"inputs": {"0": 1}},
        one(name=1),
        one(datatype=None),
        one(shape=["1"]),
        one(shape=[-1]),
        one(shape=[True]),
        one(shape=None),
        one(parameters={"binary_data_size": 5}),
        one() | {"outputs": ["text"]},
        one() | {"outputs": [{"name": 1}]},
        one() | {"outputs": [{"name": json.loads("[" * 900 + "]" * 900)}]},
    ],
)
def test_requests_that_say_nothing(body):
    with pytest.raises(BadRequest):
        envelope(body)


@pytest.mark.parametrize("length", ["-1", "x", "99999", "", "0" * 4999 + "5"])
def test_a_json_length_that_lies(length):
    request = Request("POST", "/", "", {"inference-header-content-length": length}, b"{}")

    with pytest.raises(BadRequest, match="inference-header-content-length"):
        Envelope.of(request)


GIVEN = (
    Output("text", "BYTES", (2,), [b"12", b""]),
    Output("digit", "INT64", (2,), [3, 4]),
    Output("score", "FP32", (2,), [0.5, 0.25]),
)


def test_all_outputs_as_json():
    body, length = outputs.encode(envelope(one() | {"id": "7"}), {"model_name": "digits"}, GIVEN)

    assert length is None
    assert json.loads(body) == {
        "model_name": "digits",
        "id": "7",
        "outputs": [
            {"name": "text", "datatype": "BYTES", "shape": [2], "data": ["12", ""]},
            {"name": "digit", "datatype": "INT64", "shape": [2], "data": [3, 4]},
            {"name": "score", "datatype": "FP32", "shape": [2], "data": [0.5, 0.25]},
        ],
    }


def test_chosen_outputs_in_bytes():
    wanted = [
        {"name": "score", "parameters": {"binary_data": True}},
        {"name": "text", "parameters": {"binary_data": True}},
        {"name": "digit"},
    ]
    body, length = outputs.encode(envelope(one() | {"outputs": wanted}), {}, GIVEN)

    assert length is not None
    listed = json.loads(body[:length])["outputs"]
    assert [each["name"] for each in listed] == ["score", "text", "digit"]
    assert [each.get("parameters") for each in listed[:2]] == [
        {"binary_data_size": 8},
        {"binary_data_size": 10},
    ]
    assert body[length:] == struct.pack("<ff", 0.5, 0.25) + b"\2\0\0\x0012\0\0\0\0"


def test_an_output_that_there_is_not():
    with pytest.raises(BadRequest, match="there is no output 'x'; there are text, digit, score"):
        outputs.encode(envelope(one() | {"outputs": [{"name": "x"}]}), {}, GIVEN)
