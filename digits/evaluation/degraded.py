"""Digits that are hard to read, alone and in lines, to see whether the reader knows when it errs.

Made of MNIST images by what happens to digits on their way into a picture. A person can still
read nearly all of them. Digits are read as one digit, lines without being told how many there are.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from digits.evaluation import damage, scenes
from digits.evaluation.alignment import align, right_digits
from digits.evaluation.confidence import (
    Confidences,
    Flagged,
    Rights,
    flagged,
    mean_risk,
    risk_coverage,
)
from digits.evaluation.scenes import Coverage, Grey
from digits.evaluation.share import Share
from digits.reader import Reader
from digits.training.data import Labelled

COUNT = 5000
LINES = 0.3
"""Share of the cases that are lines of several digits."""

DIGIT = 20 / 28
"""How much of an MNIST image's height its digit takes."""

HELD_OUT_SEED = 77_003
TUNE_SEED = 1_201


@dataclass(frozen=True)
class Case:
    """A picture, the digits in it, and what was done to it."""

    picture: bytes
    truth: str
    damages: tuple[str, ...]

    @property
    def single(self) -> bool:
        return len(self.truth) == 1

    @property
    def grey(self) -> Grey:
        pixels = np.frombuffer(self.picture, np.uint8)
        return np.asarray(cv2.imdecode(pixels, cv2.IMREAD_GRAYSCALE), np.uint8)


@dataclass(frozen=True)
class Outcome:
    """The digits read in one case, each with its confidence and whether it is right.

    ``flags`` say which of them the reader called uncertain. ``missed`` counts true digits for
    which nothing was read.
    """

    truth: str
    read: str
    damages: tuple[str, ...]
    confidence: tuple[float, ...]
    right: tuple[bool, ...]
    flags: tuple[bool, ...]
    missed: int


def cases(part: Labelled, *, seed: int, count: int = COUNT) -> Iterator[Case]:
    """The first ``count`` of an endless row of cases, the same for the same seed and images."""
    for place in range(count):
        rng = np.random.default_rng((seed, place))
        make = _line if rng.random() < LINES else _digit
        yield make(rng, part)


def read(reader: Reader, case: Case) -> Outcome:
    """Read a case and say which of the digits read are right."""
    digits = reader.read(case.picture, single=case.single).digits
    text = "".join(str(digit.digit) for digit in digits)
    return Outcome(
        truth=case.truth,
        read=text,
        damages=case.damages,
        confidence=tuple(digit.confidence for digit in digits),
        right=tuple(right_digits(case.truth, text)),
        flags=tuple(digit.uncertain for digit in digits),
        missed=sum(place is None for _, place in align(case.truth, text)),
    )


def figures(outcomes: Sequence[Outcome]) -> dict[str, object]:
    """Errors, how many were flagged, and by what was done to the picture."""
    confidence, right = confidences(outcomes)
    names = sorted({name for outcome in outcomes for name in outcome.damages})
    return {
        "pictures": len(outcomes),
        "digits": sum(len(outcome.truth) for outcome in outcomes),
        "errors": int((~right).sum()),
        "missed": sum(outcome.missed for outcome in outcomes),
        "flagged": _flagged(outcomes).to_dict(),
        "single": _part([outcome for outcome in outcomes if len(outcome.truth) == 1]),
        "lines": _part([outcome for outcome in outcomes if len(outcome.truth) > 1]),
        "damages": {
            name: _part([outcome for outcome in outcomes if name in outcome.damages])
            for name in names
        },
        "mean_risk": round(mean_risk(confidence, right), 5),
        "risk_coverage": risk_coverage(confidence, right),
    }


def confidences(outcomes: Sequence[Outcome]) -> tuple[Confidences, Rights]:
    """Of all digits read: confidence ``[n]`` and whether right ``[n]``, for `confidence`."""
    return (
        np.array([value for outcome in outcomes for value in outcome.confidence], np.float64),
        np.array([value for outcome in outcomes for value in outcome.right], np.bool_),
    )


def _part(outcomes: Sequence[Outcome]) -> dict[str, object]:
    return {
        "exact": Share.count(outcome.read == outcome.truth for outcome in outcomes).to_dict(),
        "errors": sum(not right for outcome in outcomes for right in outcome.right),
        "missed": sum(outcome.missed for outcome in outcomes),
        "flagged": _flagged(outcomes).to_dict(),
    }


def _flagged(outcomes: Sequence[Outcome]) -> Flagged:
    """As the reader itself flagged them."""
    _, right = confidences(outcomes)
    flags = np.array([flag for outcome in outcomes for flag in outcome.flags], np.bool_)
    return flagged(np.where(flags, 0.0, 1.0), right, 0.5)


def _digit(rng: Generator, part: Labelled) -> Case:
    index = int(rng.integers(len(part)))
    ink, names = damage.stroke(rng, _enlarged(rng, part, index))
    if rng.random() < 0.12:
        neighbour = _enlarged(rng, part, int(rng.integers(len(part))))
        ink, names = damage.neighbour(rng, ink, neighbour), (*names, "neighbour")
    grey, more = _pictured(rng, ink, digit_height=ink.shape[0] * DIGIT)
    return Case(scenes.png(grey), str(part.labels[index]), (*names, *more))


def _line(rng: Generator, part: Labelled) -> Case:
    chosen = rng.integers(len(part), size=int(rng.integers(3, 7)))
    names: tuple[str, ...] = ()
    height = int(rng.integers(28, 90))
    digits: list[Coverage] = []
    for index in chosen.tolist():
        ink = _enlarged(rng, part, index, side=round(height * rng.normal(1.4, 0.06)))
        if rng.random() < 0.35:
            ink, done = damage.stroke(rng, ink)
            names += done
        digits.append(_trimmed(ink))
    gaps = height * rng.uniform(0.06, 0.4) * rng.uniform(0.5, 1.5, len(digits))
    if rng.random() < 0.4:
        gaps[int(rng.integers(1, len(digits)))] = -0.06 * height
        names += ("touching",)
    grey, more = _pictured(rng, _composed(rng, digits, gaps), digit_height=height)
    truth = "".join(str(part.labels[index]) for index in chosen)
    return Case(scenes.png(grey), truth, tuple(dict.fromkeys(names + more)))


def _pictured(
    rng: Generator, ink: Coverage, *, digit_height: float
) -> tuple[Grey, tuple[str, ...]]:
    """A picture of ink on lit paper, and what is bad about it."""
    ink = damage.with_margin(rng, ink)
    paper = scenes.paper(rng, (ink.shape[1], ink.shape[0]))
    faint = rng.random() < 0.15
    contrast = rng.uniform(0.15, 0.3) if faint else rng.uniform(0.4, 0.9)
    page = scenes.light(rng, scenes.write(paper, ink, float(paper.mean()) * (1 - contrast)))
    grey, names = damage.picture(rng, page, digit_height=digit_height, contrast=contrast)
    return grey, ("faint", *names) if faint else names


def _enlarged(rng: Generator, part: Labelled, index: int, *, side: int | None = None) -> Coverage:
    """An MNIST image as coverage, ``side`` pixels high and wide."""
    side = side or int(rng.integers(56, 140))
    return scenes.enlarged(part.images[index], (side, side))


def _trimmed(ink: Coverage) -> Coverage:
    rows, columns = np.flatnonzero(ink.max(axis=1) > 0.3), np.flatnonzero(ink.max(axis=0) > 0.3)
    if not len(rows):
        return ink
    return ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _composed(rng: Generator, digits: Sequence[Coverage], gaps: NDArray[np.float64]) -> Coverage:
    """Digits side by side on a line that is not quite level; ``gaps[i]`` is left of digit ``i``."""
    height = max(digit.shape[0] for digit in digits)
    width = sum(digit.shape[1] for digit in digits) + int(np.maximum(gaps, 0).sum()) + 4
    sheet = np.zeros((round(height * 1.4), width), np.float32)
    left, rise = 0.0, rng.normal(0, 0.04)
    for place, (digit, gap) in enumerate(zip(digits, gaps, strict=True)):
        left += gap if place else 0.0
        middle = sheet.shape[0] / 2 + rise * (left - width / 2) + height * rng.normal(0, 0.03)
        top = int(np.clip(middle - digit.shape[0] / 2, 0, sheet.shape[0] - digit.shape[0]))
        at = (max(round(left), 0), top)
        sheet = np.maximum(sheet, scenes.place(digit, (width, sheet.shape[0]), at))
        left += digit.shape[1]
    return sheet
