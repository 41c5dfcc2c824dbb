"""MNIST through the whole reader: each image as a PNG file, read as one digit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from digits.evaluation import scenes
from digits.evaluation.scenes import Grey
from digits.evaluation.share import Share
from digits.reader import Reader
from digits.training.data import Labelled

Image = tuple[Grey, int]
"""28x28 with light ink on dark, and the digit it shows."""


@dataclass(frozen=True)
class Outcome:
    """A digit and what it was read as; None where nothing was read."""

    digit: int
    read: int | None


def images(part: Labelled) -> Iterable[Image]:
    """One after the other."""
    return ((image, int(label)) for image, label in zip(part.images, part.labels, strict=True))


def read(reader: Reader, image: Image) -> Outcome:
    """Read one as a client would that knows there is one digit in it."""
    pixels, digit = image
    digits = reader.read(scenes.png(pixels), single=True).digits
    return Outcome(digit, digits[0].digit if digits else None)


def figures(outcomes: Sequence[Outcome]) -> dict[str, object]:
    """The share read right, and how many were not read at all."""
    return {
        "right": Share.count(outcome.read == outcome.digit for outcome in outcomes).to_dict(),
        "unread": sum(outcome.read is None for outcome in outcomes),
        "wrong": [place for place, outcome in enumerate(outcomes) if outcome.read != outcome.digit],
    }
