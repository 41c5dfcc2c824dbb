"""What was read in a picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Polarity = Literal["dark_on_light", "light_on_dark"]
Box = tuple[int, int, int, int]
"""x, y, width, height in pixels of the picture as a person sees it; x to the right, y down."""


@dataclass(frozen=True)
class Digit:
    """One digit found.

    ``probabilities`` are ten values that sum to 1: which digit it is, given that the box holds
    exactly one. ``confidence`` (0 to 1) is the probability of ``digit`` times the probability that
    the box is exactly one digit. ``row`` counts from 0 at the top.
    """

    digit: int
    confidence: float
    probabilities: tuple[float, ...]
    box: Box
    row: int
    uncertain: bool


@dataclass(frozen=True)
class Milliseconds:
    """Wall-clock time of each stage."""

    decode: float
    find: float
    classify: float
    total: float


@dataclass(frozen=True)
class Reading:
    """The digits of one picture, in reading order, and where the answer comes from.

    ``width`` and ``height`` are pixels of the upright picture. ``model_version`` is the registry's
    version, or ``sha256:`` and twelve hexadecimal digits.
    """

    digits: tuple[Digit, ...]
    width: int
    height: int
    polarity: Polarity
    model_name: str
    model_version: str
    ms: Milliseconds

    @property
    def rows(self) -> tuple[str, ...]:
        """The digits of each row as a string, top to bottom."""
        rows: dict[int, list[str]] = {}
        for digit in self.digits:
            rows.setdefault(digit.row, []).append(str(digit.digit))
        return tuple("".join(rows[row]) for row in sorted(rows))

    @property
    def text(self) -> str:
        """The rows, one a line."""
        return "\n".join(self.rows)

    def to_dict(self) -> dict[str, object]:
        """Plain JSON values, laid out as clients get them (the id is the wire's to add)."""
        return {
            "rows": list(self.rows),
            "text": self.text,
            "digits": [
                {
                    "digit": digit.digit,
                    "confidence": round(digit.confidence, 5),
                    "probabilities": list(digit.probabilities),
                    "box": list(digit.box),
                    "row": digit.row,
                    "uncertain": digit.uncertain,
                }
                for digit in self.digits
            ],
            "image": {"width": self.width, "height": self.height, "polarity": self.polarity},
            "model": {"name": self.model_name, "version": self.model_version},
            "ms": {
                "decode": round(self.ms.decode, 3),
                "find": round(self.ms.find, 3),
                "classify": round(self.ms.classify, 3),
                "total": round(self.ms.total, 3),
            },
        }
