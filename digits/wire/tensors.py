"""Tensors of an Open Inference Protocol v2 request: in JSON, or in its binary extension.

In the binary extension the JSON comes first, as long as ``Inference-Header-Content-Length`` says,
and the tensors that have a ``binary_data_size`` follow one after another.
https://github.com/kserve/open-inference-protocol
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from digits.errors import BadRequest
from digits.wire import jsonbody
from digits.wire.message import Request

HEADER_LENGTH = "inference-header-content-length"
MOST_FIGURES = 12
"""Of a length in a header: Python takes no number of thousands."""

MAX_NUMBERS = 64 * 28 * 28
Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Tensor:
    """One tensor of a request; ``data`` is JSON's value, or bytes of the binary extension."""

    name: str
    datatype: str
    shape: tuple[int, ...]
    data: object


@dataclass(frozen=True)
class Envelope:
    """A request's one input tensor, and how the answer is wanted.

    ``outputs`` maps the names asked for to whether they are wanted as bytes; empty means all,
    ``binary`` then says how.
    """

    id: str | None
    input: Tensor
    outputs: Mapping[str, bool]
    binary: bool

    @classmethod
    def of(cls, request: Request) -> Envelope:
        """Raises BadRequest."""
        head, rest = _split(request)
        value = jsonbody.parse(head, max_parts=MAX_NUMBERS + 1000)
        if not isinstance(value, dict):
            raise BadRequest('the body must be a JSON object with "inputs"')
        inputs = value.get("inputs")
        if not isinstance(inputs, list) or len(inputs) != 1:
            raise BadRequest('"inputs" must hold exactly one tensor')
        given = value.get("id")
        return cls(
            id=given[:100] if isinstance(given, str) else None,
            input=_tensor(inputs[0], rest),
            outputs=_wanted(value.get("outputs")),
            binary=_flag(value, "binary_data_output"),
        )


def texts(tensor: Tensor) -> list[str] | list[bytes]:
    """The elements of a BYTES tensor: strings from JSON, bytes from the binary extension."""
    if isinstance(tensor.data, bytes):
        elements: list[str] | list[bytes] = _unpacked(tensor.data)
    elif isinstance(tensor.data, list) and all(isinstance(each, str) for each in tensor.data):
        elements = tensor.data
    else:
        raise BadRequest(f"the data of {tensor.name!r} must be a list of strings")
    if tensor.shape not in ((len(elements),), (len(elements), 1)):
        raise BadRequest(f"{tensor.name!r} has {len(elements)} elements but {_shown(tensor.shape)}")
    return elements


def numbers(tensor: Tensor, shape: tuple[int, ...]) -> Floats:
    """An FP32 tensor of shape ``[n, *shape]``; its data may be flat or nested."""
    if tensor.shape[1:] != shape or not tensor.shape or tensor.shape[0] < 1:
        wanted = ", ".join(map(str, shape))
        raise BadRequest(
            f"{tensor.name!r} must have shape [n, {wanted}], not {_shown(tensor.shape)}"
        )
    try:
        if isinstance(tensor.data, bytes):
            values = np.frombuffer(tensor.data, "<f4").reshape(tensor.shape)
        else:
            with np.errstate(over="ignore"):
                values = np.asarray(tensor.data, np.float32).reshape(tensor.shape)
    except (ValueError, TypeError):
        raise BadRequest(f"the data of {tensor.name!r} is not numbers of its shape") from None
    if not np.isfinite(values).all():
        raise BadRequest(f"the data of {tensor.name!r} has numbers that are not finite")
    return values


def _split(request: Request) -> tuple[bytes, bytes]:
    length = request.headers.get(HEADER_LENGTH)
    if length is None:
        return request.body, b""
    plain = length.isascii() and length.isdigit() and len(length) <= MOST_FIGURES
    if not plain or int(length) > len(request.body):
        raise BadRequest(f"{HEADER_LENGTH} must be the length of the JSON part of the body")
    return request.body[: int(length)], request.body[int(length) :]


def _tensor(value: object, rest: bytes) -> Tensor:
    if not isinstance(value, dict):
        raise BadRequest("an input must be a JSON object")
    name, datatype, shape = value.get("name"), value.get("datatype"), value.get("shape")
    if not isinstance(name, str) or not isinstance(datatype, str):
        raise BadRequest("an input needs a name and a datatype, both strings")
    if not isinstance(shape, list) or not all(type(side) is int and side >= 0 for side in shape):
        raise BadRequest(f"the shape of {name[:80]!r} must be a list of whole numbers")
    parameters = value.get("parameters")
    size = parameters.get("binary_data_size") if isinstance(parameters, dict) else None
    data: object = rest if size is not None else value.get("data")
    if size is not None and size != len(rest):
        raise BadRequest(f"{name[:80]!r} has {len(rest)} bytes, not its binary_data_size")
    return Tensor(name[:80], datatype, tuple(shape), data)


def _wanted(value: object) -> dict[str, bool]:
    if value is None:
        return {}
    if not isinstance(value, list) or not all(
        isinstance(each, dict) and isinstance(each.get("name"), str) for each in value
    ):
        raise BadRequest('"outputs" must be a list of objects with a name, which is a string')
    return {each["name"]: _flag(each, "binary_data") for each in value}


def _flag(value: Mapping[str, object], name: str) -> bool:
    parameters = value.get("parameters")
    return isinstance(parameters, dict) and parameters.get(name) is True


def _unpacked(data: bytes) -> list[bytes]:
    """Elements of a BYTES tensor: each is its length (4 bytes, little-endian) and its bytes."""
    elements, start = [], 0
    while start < len(data):
        if start + 4 > len(data):
            raise BadRequest("the BYTES tensor is cut short")
        (size,) = struct.unpack_from("<I", data, start)
        if start + 4 + size > len(data):
            raise BadRequest("the BYTES tensor is cut short")
        elements.append(data[start + 4 : start + 4 + size])
        start += 4 + size
    return elements


def _shown(shape: tuple[int, ...]) -> str:
    return f"shape {list(shape[:8])}"
