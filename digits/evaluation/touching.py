"""Numbers whose digits touch or run into each other, read without being told how many there are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from digits.evaluation import scenes
from digits.evaluation.alignment import right_digits
from digits.evaluation.share import Share
from digits.reader import Reader
from digits.training import parting
from digits.training.data import Labelled

OVERLAPS = (-0.05, 0.0, 0.04, 0.08)
"""How far each digit is pushed into the last one beyond where they touch, in digit heights."""

NUMBERS = 100
"""Of each overlap."""

LENGTHS = (2, 6)
"""The fewest and the most digits of a number."""

HEIGHT = 60
"""Of a digit, in pixels, about."""

INKED = 0.4
"""Coverage from which ink touches other ink."""

HELD_OUT_SEED = 41_221
TUNE_SEED = 8_089


@dataclass(frozen=True)
class Number:
    """A picture of one number."""

    overlap: float
    picture: bytes
    truth: str


@dataclass(frozen=True)
class Outcome:
    """Whether a number was read exactly, and how many of its digits were read."""

    overlap: float
    exact: bool
    right: int
    digits: int


def numbers(part: Labelled, *, seed: int, count: int = NUMBERS) -> Iterator[Number]:
    """``count`` numbers of each overlap, the same for the same seed and images."""
    for overlap in OVERLAPS:
        for place in range(count):
            rng = np.random.default_rng((seed, round(100 * (1 + overlap)), place))
            yield _number(rng, part, overlap)


def read(reader: Reader, number: Number) -> Outcome:
    """Read a number and hold it against what is written."""
    text = "".join(reader.read(number.picture).rows)
    right = sum(right_digits(number.truth, text))
    return Outcome(number.overlap, text == number.truth, right, len(number.truth))


def figures(outcomes: Sequence[Outcome]) -> dict[str, object]:
    """The shares of digits and of whole numbers that were read, in all and for each overlap."""
    of_overlap = {each: [one for one in outcomes if one.overlap == each] for each in OVERLAPS}
    return {
        "digits": _digits(outcomes),
        "overlaps": {
            str(overlap): {"digits": _digits(those), "numbers": _numbers(those)}
            for overlap, those in of_overlap.items()
        },
    }


def _digits(outcomes: Sequence[Outcome]) -> dict[str, object]:
    right = sum(one.right for one in outcomes)
    return Share(right, sum(one.digits for one in outcomes)).to_dict()


def _numbers(outcomes: Sequence[Outcome]) -> dict[str, object]:
    return Share(sum(one.exact for one in outcomes), len(outcomes)).to_dict()


def _number(rng: Generator, part: Labelled, overlap: float) -> Number:
    chosen = rng.integers(len(part), size=int(rng.integers(LENGTHS[0], LENGTHS[1] + 1))).tolist()
    drawn = [scenes.digit(rng, part.images[index], HEIGHT) for index in chosen]
    margin = HEIGHT // 2
    size = (sum(ink.shape[1] for ink in drawn) + (len(drawn) + 2) * HEIGHT, 2 * HEIGHT)
    sheet = np.zeros(size[::-1], np.float32)
    right = margin
    for ink in drawn:
        top = round(HEIGHT - ink.shape[0] / 2 + rng.normal(0, 0.03 * HEIGHT))
        left = right
        if right > margin:
            left = parting.touching(sheet > INKED, ink > INKED, right + HEIGHT // 2, top)
            left -= round(overlap * HEIGHT)
        sheet = np.maximum(sheet, scenes.place(ink, size, (left, top)))
        right = left + ink.shape[1]
    sheet = sheet[:, : right + margin]
    paper = scenes.paper(rng, (sheet.shape[1], sheet.shape[0]))
    dark = float(paper.mean()) * rng.uniform(0.1, 0.5)
    grey = scenes.camera(rng, scenes.write(paper, sheet, dark))
    truth = "".join(str(part.labels[index]) for index in chosen)
    return Number(overlap, scenes.png(grey), truth)
