"""``model.json``, the card of a model folder: what the model is and how it wants its input."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

from digits.errors import ModelError

CARD = "model.json"
NETWORK = "model.onnx"

_NETWORK_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*\.onnx")
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, kw_only=True)
class ModelCard:
    """``model.json``, parsed.

    ``parameters`` are the preprocessing parameters the network was trained with, ``thresholds``
    numbers by name, ``files`` the sha256 (64 hexadecimal digits) of each ``.onnx``.
    """

    name: str
    created: str
    git_revision: str | None
    labels: tuple[str, ...]
    input: dict[str, object]
    parameters: dict[str, object]
    calibration: dict[str, object]
    thresholds: dict[str, float]
    training: dict[str, object]
    metrics: dict[str, object]
    files: dict[str, str]

    @classmethod
    def parse(cls, text: bytes) -> ModelCard:
        """Read ``model.json``. Raises ModelError saying which field is missing or wrong."""
        try:
            values = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise ModelError(f"{CARD} is not JSON: {error}") from None
        if not isinstance(values, dict):
            raise ModelError(f"{CARD} must be a JSON object")
        return cls(
            name=_text(values, "name"),
            created=_text(values, "created"),
            git_revision=_text(values, "git_revision") if values.get("git_revision") else None,
            labels=_labels(values),
            input=_object(values, "input"),
            parameters=_object(values, "parameters"),
            calibration=_object(values, "calibration"),
            thresholds=_numbers(values, "thresholds"),
            training=_object(values, "training"),
            metrics=_object(values, "metrics"),
            files=_files(values),
        )


def _value(values: Mapping[str, object], name: str) -> object:
    if name not in values:
        raise ModelError(f"{CARD} has no {name!r}")
    return values[name]


def _text(values: Mapping[str, object], name: str) -> str:
    value = _value(values, name)
    if not isinstance(value, str) or not value:
        raise ModelError(f"{name!r} in {CARD} must be a text, not {value!r}")
    return value


def _object(values: Mapping[str, object], name: str) -> dict[str, object]:
    value = _value(values, name)
    if not isinstance(value, dict):
        raise ModelError(f"{name!r} in {CARD} must be an object, not {value!r}")
    return value


def _labels(values: Mapping[str, object]) -> tuple[str, ...]:
    labels = _value(values, "labels")
    if not isinstance(labels, list) or not labels:
        raise ModelError(f"'labels' in {CARD} must be a list of what the network tells apart")
    return tuple(str(label) for label in labels)


def _numbers(values: Mapping[str, object], name: str) -> dict[str, float]:
    return {
        key: number(value, f"{name}.{key} in {CARD}")
        for key, value in _object(values, name).items()
    }


def number(value: object, what: str) -> float:
    """``value`` if it is a number that is finite. Raises ModelError saying ``what`` is not."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ModelError(f"{what} must be a number, not {value!r:.40}")
    try:
        exact = float(value)
    except OverflowError:  # JSON's numbers may have any number of digits
        exact = math.inf
    if not math.isfinite(exact):
        raise ModelError(f"{what} must be a finite number, of up to 300 digits, not {exact}")
    return exact


def _files(values: Mapping[str, object]) -> dict[str, str]:
    files = {}
    for name, sha256 in _object(values, "files").items():
        if not _NETWORK_NAME.fullmatch(name):
            raise ModelError(f"files in {CARD} names {name!r}, which is not a plain NAME.onnx")
        if not isinstance(sha256, str) or not _SHA256.fullmatch(sha256):
            raise ModelError(f"files.{name} in {CARD} must be a sha256 of 64 hexadecimal digits")
        files[name] = sha256
    if NETWORK not in files:
        raise ModelError(f"files in {CARD} does not name {NETWORK}")
    return files
