"""What the reader cuts out of numbers whose digits touch or run into each other.

Its seams cross a number in many places, and its search weighs every run of the parts as one digit:
some are a digit, with the remains of a neighbour or without an end of its own, and most are none.
Which are which is known here, where the number is made. What a segmenter makes is what its
recogniser has to be trained on: LeCun, Bottou, Bengio and Haffner 1998, section VI.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from digits import layout, seams
from digits.layout import LayoutParameters
from digits.search import SearchParameters
from digits.training import augmentation

Ink = NDArray[np.uint8]
Mask = NDArray[np.bool_]

LAYOUT, SEARCH = LayoutParameters(), SearchParameters()

INKED = 100
"""Ink from which a pixel belongs to a digit."""
OVERLAP = (-0.02, 0.1)
"""From and to: how far a digit is pushed into the last one beyond where they touch, in heights."""
UNEVEN = 0.05
"""Standard deviation of how much higher or lower a digit stands, in heights."""
THREE = 0.3
"""Share of the numbers that have three digits; the others have two."""
IS_ONE, IS_NONE = 0.8, 0.5
"""A run of parts is a digit if of what either of them has, both have at least the first; it is none
if that is at most the second with each digit. What lies between is not learned."""
TRIES = 4
"""To make a number of which such a run can be cut."""


@dataclass(frozen=True)
class Number:
    """Ink ``[h, w]`` of digits that touch, the pixels of each, and which digits they are."""

    ink: Ink
    owned: tuple[Mask, ...]
    digits: tuple[int, ...]


@dataclass(frozen=True)
class Cut:
    """A number in parts: ``part_of`` ``[h, w]`` is that of each inked pixel, -1 elsewhere.

    ``runs`` ``[n, 2]`` are the first and the last part of each run that the reader would look at,
    ``shares`` ``[n, digits]`` what a run has in common with each digit, of what either has.
    """

    number: Number
    part_of: NDArray[np.intp]
    runs: NDArray[np.intp]
    shares: NDArray[np.float64]

    def ink(self, run: int) -> Ink:
        """The ink of a run, with what of its soft edge is no other ink's."""
        first, last = self.runs[run]
        own = (self.part_of >= first) & (self.part_of <= last)
        near = cv2.dilate(own.view(np.uint8), np.ones((3, 3), np.uint8)).view(np.bool_)
        return np.asarray(self.number.ink * (near & (own | (self.part_of < 0))), np.uint8)


def digit(
    rng: Generator, images: NDArray[np.uint8], labels: NDArray[np.int64]
) -> tuple[Ink, int] | None:
    """A digit as it is cut out of a number, and which one; None if none comes out whole."""
    for _ in range(TRIES):
        made = cut(number(rng, images, labels), touching=bool(rng.random() < 0.5))
        wanted = int(rng.integers(len(made.number.digits)))
        whole = np.flatnonzero(made.shares[:, wanted] >= IS_ONE)
        if len(whole):
            best = int(whole[made.shares[whole, wanted].argmax()])
            return made.ink(best), made.number.digits[wanted]
    return None


def none(rng: Generator, images: NDArray[np.uint8], labels: NDArray[np.int64]) -> Ink | None:
    """A run of parts that is no digit, or more than one; None if none comes out."""
    for _ in range(TRIES):
        made = cut(number(rng, images, labels), touching=bool(rng.random() < 0.5))
        wrong = np.flatnonzero((made.shares <= IS_NONE).all(axis=1))
        if len(wrong):
            return made.ink(int(rng.choice(wrong)))
    return None


def number(rng: Generator, images: NDArray[np.uint8], labels: NDArray[np.int64]) -> Number:
    """Two or three digits, each pushed to the left until it runs into the last."""
    count = 3 if rng.random() < THREE else 2
    chosen = rng.integers(len(images), size=count).tolist()
    drawn = [augmentation.trimmed(augmentation.warp(rng, images[place])) for place in chosen]
    height = round(1.3 * max(ink.shape[0] for ink in drawn))
    sheet = np.zeros((height, sum(ink.shape[1] for ink in drawn)), np.uint8)
    places: list[tuple[int, int]] = []
    right = 0
    for ink in drawn:
        spare = height - ink.shape[0]
        top = int(np.clip(round(spare / 2 + rng.normal(0, UNEVEN * height)), 0, spare))
        left = 0
        if places:
            left = touching(sheet > INKED, ink > INKED, right, top)
            left = max(0, left - round(rng.uniform(*OVERLAP) * ink.shape[0]))
        places.append((top, left))
        area = sheet[top : top + ink.shape[0], left : left + ink.shape[1]]
        np.maximum(area, ink, out=area)
        right = max(right, left + ink.shape[1])
    owned = []
    for ink, (top, left) in zip(drawn, places, strict=True):
        own = np.zeros((height, right), np.bool_)
        own[top : top + ink.shape[0], left : left + ink.shape[1]] = ink > INKED
        owned.append(own)
    return Number(sheet[:, :right], tuple(owned), tuple(int(labels[place]) for place in chosen))


def touching(sheet: NDArray[np.bool_], ink: NDArray[np.bool_], left: int, top: int) -> int:
    """In which column ``ink`` begins so that it just touches what is on the ``sheet``: from
    ``left`` on it is pushed to the left."""
    there = np.pad(sheet[top : top + ink.shape[0]], ((0, 0), (0, ink.shape[1])))
    while left > 0 and not (there[:, left : left + ink.shape[1]] & ink).any():
        left -= 1
    return left


def cut(number: Number, *, touching: bool) -> Cut:
    """Cut a number as the reader does, in either of its ways: see `digits.layout.arrange`."""
    here = number.ink > INKED
    left, top, width, height = cv2.boundingRect(here.view(np.uint8))
    inside = here[top : top + height, left : left + width]
    paths = layout.cuts(inside, height, LAYOUT, touching=touching) if height else []
    part_of = np.full(here.shape, -1, np.intp)
    part_of[top : top + height, left : left + width] = np.where(
        inside, seams.part(inside, paths), -1
    )
    rows, columns = np.nonzero(here)
    parts, count = part_of[rows, columns], len(paths) + 1
    edges = [_edges(parts, each, count) for each in (rows, columns)]
    first, last = np.triu_indices(count)
    high, wide = (highest[first, last] - lowest[first, last] for lowest, highest in edges)
    kept = (wide <= LAYOUT.join_width * height) & (
        np.maximum(high, wide) >= SEARCH.least_size * height
    )
    first, last = first[kept], last[kept]
    sizes = _run_sums(np.bincount(parts, minlength=count), first, last)
    shares = []
    for own in number.owned:
        common = _run_sums(np.bincount(parts, own[rows, columns], count), first, last)
        shares.append(common / (sizes + own.sum() - common))
    return Cut(number, part_of, np.stack([first, last], axis=1), np.stack(shares, axis=1))


def _edges(
    parts: NDArray[np.intp], places: NDArray[np.intp], count: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Where every run of the ``count`` parts begins and ends along one axis: ``[first, last]``.

    ``parts`` and ``places`` ``[n]`` are of each inked pixel.
    """
    lowest, highest = np.full(count, np.inf), np.full(count, -np.inf)
    np.minimum.at(lowest, parts, places)
    np.maximum.at(highest, parts, places + 1)
    from_first = np.tril(np.ones((count, count), np.bool_), -1)  # what is before the run's first
    return (
        np.minimum.accumulate(np.where(from_first, np.inf, lowest), axis=1),
        np.maximum.accumulate(np.where(from_first, -np.inf, highest), axis=1),
    )


def _run_sums(
    values: NDArray[np.generic], first: NDArray[np.intp], last: NDArray[np.intp]
) -> NDArray[np.float64]:
    """The sum of a value of each part over each run."""
    sums = np.concatenate([[0.0], np.cumsum(values)])
    return np.asarray(sums[last + 1] - sums[first])
