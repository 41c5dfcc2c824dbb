"""A reading as the client gets it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Box = tuple[int, int, int, int]
"""x, y, width, height in pixels of the picture that was sent, as a person sees it."""


@dataclass(frozen=True)
class Digit:
    """One digit; ``probabilities`` are those of 0 to 9, ``row`` counts from 0 at the top."""

    digit: int
    confidence: float
    probabilities: tuple[float, ...]
    box: Box
    row: int
    uncertain: bool


@dataclass(frozen=True)
class Reading:
    """What was read. ``id`` is needed for a correction; ``ms`` has the time of each stage.

    ``stages`` has a picture of each stage as a data: URL, where they were asked for.
    """

    id: str
    rows: tuple[str, ...]
    digits: tuple[Digit, ...]
    width: int
    height: int
    polarity: str
    model_name: str
    model_version: str
    ms: Mapping[str, float]
    stages: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def text(self) -> str:
        """The rows, one a line."""
        return "\n".join(self.rows)

    @classmethod
    def of(cls, value: Mapping[str, Any], scale: tuple[float, float] = (1.0, 1.0)) -> Reading:
        """From the endpoint's JSON; ``scale`` (x, y) undoes that the picture was scaled down."""
        image, model = value["image"], value["model"]
        return cls(
            id=value["id"],
            rows=tuple(value["rows"]),
            digits=tuple(_digit(each, scale) for each in value["digits"]),
            width=round(image["width"] * scale[0]),
            height=round(image["height"] * scale[1]),
            polarity=image["polarity"],
            model_name=model["name"],
            model_version=model["version"],
            ms=dict(value["ms"]),
            stages=dict(value.get("stages", {})),
        )


def _digit(value: Mapping[str, Any], scale: tuple[float, float]) -> Digit:
    return Digit(
        digit=value["digit"],
        confidence=value["confidence"],
        probabilities=tuple(value["probabilities"]),
        box=_scaled(value["box"], scale),
        row=value["row"],
        uncertain=value["uncertain"],
    )


def _scaled(box: Sequence[int], scale: tuple[float, float]) -> Box:
    x, y, width, height = box
    left, top = round(x * scale[0]), round(y * scale[1])
    return left, top, round(width * scale[0]), round(height * scale[1])
