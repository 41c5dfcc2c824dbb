"""Tensors of an Open Inference Protocol v2 answer."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import orjson

from digits.errors import BadRequest
from digits.wire.tensors import Envelope


@dataclass(frozen=True)
class Output:
    """One tensor of an answer: a BYTES tensor holds bytes, the others numbers."""

    name: str
    datatype: str
    shape: tuple[int, ...]
    values: Sequence[bytes] | Sequence[float] | Sequence[int]


def encode(
    envelope: Envelope, model: Mapping[str, str], outputs: Sequence[Output]
) -> tuple[bytes, int | None]:
    """An answer's body, and the length of its JSON part if tensors in bytes follow that.

    Raises BadRequest if an output is wanted that there is not.
    """
    known = {output.name: output for output in outputs}
    for name in envelope.outputs:
        if name not in known:
            raise BadRequest(f"there is no output {name[:80]!r}; there are {', '.join(known)}")
    wanted = envelope.outputs or dict.fromkeys(known, envelope.binary)
    listed: list[dict[str, object]] = []
    tail: list[bytes] = []
    for name, binary in wanted.items():
        output = known[name]
        entry: dict[str, object] = {
            "name": name,
            "datatype": output.datatype,
            "shape": list(output.shape),
        }
        if binary:
            tail.append(_packed(output))
            entry["parameters"] = {"binary_data_size": len(tail[-1])}
        else:
            entry["data"] = [_plain(value) for value in output.values]
        listed.append(entry)
    named = {"id": envelope.id} if envelope.id is not None else {}
    head = orjson.dumps({**model, **named, "outputs": listed})
    return head + b"".join(tail), len(head) if tail else None


def _packed(output: Output) -> bytes:
    if output.datatype == "BYTES":
        return b"".join(struct.pack("<I", len(each)) + each for each in map(_bytes, output.values))
    kind = {"FP32": "<f4", "INT64": "<i8"}[output.datatype]
    return np.asarray(output.values, kind).tobytes()


def _bytes(value: object) -> bytes:
    assert isinstance(value, bytes)
    return value


def _plain(value: bytes | float) -> str | float:
    return value.decode() if isinstance(value, bytes) else value
