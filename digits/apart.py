"""Rows that touch, parted: a tail that reaches into the next row, a page written close.

A piece of ink that reaches through two rows would make one line of both, and no reading of that is
right. Where the rows run is known from the digits that the network is sure of; between two of them
the piece is cut along the path from left to right that crosses least ink (`digits.seams`), as in
text line segmentation by seams (Saabni and El-Sana 2011).
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from digits import layout, rows, seams
from digits.layout import Box, Labels, Layout, LayoutParameters, Piece

Boxes = NDArray[np.float64]

BIT = 0.2
"""Of a piece's height, what is too low to be a digit in it."""


@dataclass(frozen=True)
class ApartParameters:
    """Lengths are fractions of the height of the digits that are known.

    Where ``least_known`` of them say where the rows run, a piece of at least ``tall`` may reach
    through several, and does so if it goes ``into`` beyond the middles of two; a row that counts
    ends no further than ``reach`` from the piece, and the next one is at least ``pitch`` below.
    They are parted no further than ``slack`` from the space between the one's feet and the other's
    heads; each pixel on the way costs ``pull`` for each height that it is off the middle of it.
    What is taller than ``tallest`` belongs to no line. What is found is looked at again, ``rounds``
    times at most.
    """

    tall: float = 1.4
    tallest: float = 1.8
    least_known: int = 5
    reach: float = 8.0
    into: float = 0.2
    pitch: float = 0.6
    slack: float = 0.25
    pull: float = 2.0
    rounds: int = 8


@dataclass(frozen=True)
class Rows:
    """The rows of the digits that are known: the ``height`` of these, and each row's boxes."""

    height: float
    boxes: tuple[Boxes, ...]

    @classmethod
    def of(cls, boxes: Boxes, parameters: ApartParameters) -> Rows:
        """Of the boxes ``[n, 4]`` of digits, those left out that are too tall for one row."""
        height = float(np.median(boxes[:, 3])) if len(boxes) else 0.0
        low = boxes[boxes[:, 3] < parameters.tall * height]
        if len(low) < parameters.least_known:
            return cls(height, ())
        chains = rows.arrange([(x, y, w, h) for x, y, w, h in low.astype(int).tolist()])
        return cls(height, tuple(low[chain] for chain in chains))

    def through(self, box: Box, parameters: ApartParameters) -> list[Boxes]:
        """The rows that a piece reaches through, top row first: the top and the height of each in
        each of the piece's columns, ``[2, w]``."""
        x, y, width, tall = box
        into, columns = parameters.into * self.height, np.arange(x, x + width)
        found = []
        for boxes in self.boxes:
            gap = max(boxes[0, 0] - (x + width), x - (boxes[-1, 0] + boxes[-1, 2]))
            if gap > parameters.reach * self.height:
                continue
            centres = boxes[:, 0] + boxes[:, 2] / 2
            band = np.stack([np.interp(columns, centres, boxes[:, side]) for side in (1, 3)])
            if y + into <= _middle(band) <= y + tall - into:
                found.append(band)
        return sorted(found, key=_middle)


def stacked(found: Layout, sure: Collection[int], parameters: ApartParameters) -> list[int]:
    """Which of the ``sure`` digits reach through several rows: a 2 above a 7 looks like a 7."""
    known = Rows.of(_boxes(found, sure), parameters)
    return [
        index
        for index in sure
        if (box := found.candidates[index].box)[3] >= parameters.tall * known.height
        and len(known.through(box, parameters)) > 1
    ]


def all_digits(whole: Layout, index: int, parted: Layout, sure: Collection[int]) -> bool:
    """Whether piece ``index`` of one layout became several in another, each of which that is no
    mere bit is among the ``sure`` digits there."""
    x, y, width, height = whole.candidates[index].box
    window = (slice(y, y + height), slice(x, x + width))
    here = whole.labels[window] == whole.candidates[index].labels[0]
    labels = set(np.unique(parted.labels[window][here]).tolist())
    high = [
        each in sure
        for each, candidate in enumerate(parted.candidates)
        if candidate.labels[0] in labels and candidate.box[3] >= BIT * height
    ]
    return len(high) > 1 and all(high)


def part(
    found: Layout,
    sure: Collection[int],
    parameters: ApartParameters | None = None,
    layout_parameters: LayoutParameters | None = None,
) -> Layout:
    """The pieces in lines anew, those that reach through several rows parted between them.

    ``found`` is as `digits.layout.pieces` has it; ``sure`` are the indices of the candidates that
    are digits beyond doubt, which stay whole. The same layout if there is nothing to part.
    """
    parameters = parameters or ApartParameters()
    known = Rows.of(_boxes(found, sure), parameters)
    if len(known.boxes) < 2:
        return found
    tall = [
        index
        for index, candidate in enumerate(found.candidates)
        if index not in sure and candidate.box[3] >= parameters.tall * known.height
    ]
    if not tall:
        return found
    labels = found.labels.copy()
    new_labels = itertools.count(1 + int(labels.max()))
    kept: list[Piece] = []
    for index, candidate in enumerate(found.candidates):
        piece = found.lines[candidate.line][candidate.first]
        kept += _part(labels, piece, known, new_labels, parameters) if index in tall else [piece]
    least = (layout_parameters or LayoutParameters()).least_height
    kept = [piece for piece in kept if max(piece.box[2:]) >= least]
    tallest = parameters.tallest * known.height
    return layout.in_lines(labels, kept, layout_parameters, tallest=tallest)


def _boxes(found: Layout, indices: Collection[int]) -> Boxes:
    boxes = [found.candidates[index].box for index in indices]
    return np.array(boxes, np.float64).reshape(-1, 4)


def _middle(band: Boxes) -> float:
    """Of a row, in the middle column."""
    top, height = band[:, band.shape[1] // 2]
    return float(top + height / 2)


def _part(
    labels: Labels,
    piece: Piece,
    known: Rows,
    new_labels: Iterator[int],
    parameters: ApartParameters,
) -> list[Piece]:
    """A piece cut between the rows, each part's connected components relabelled in ``labels``."""
    x, y, width, tall = piece.box
    window = labels[y : y + tall, x : x + width]
    here = window == piece.label
    lines = np.arange(y, y + tall)[:, None]
    paths = []
    for above, below in itertools.pairwise(known.through(piece.box, parameters)):
        if _middle(below) - _middle(above) < parameters.pitch * known.height:
            continue
        feet, heads = above[0] + above[1], below[0]
        off = np.abs(lines - (feet + heads) / 2)
        allowed = np.abs(feet - heads) / 2 + parameters.slack * known.height
        prices = here + parameters.pull * off / known.height
        prices = np.where(off <= allowed, prices, np.inf).astype(np.float32)
        paths += seams.cheapest(prices.T, spacing=0, most=1, most_ink=float(width))
    if not paths:
        return [piece]
    part_of = np.where(here, seams.part(here.T, paths).T, -1)
    return [
        Piece(label, (x + box[0], y + box[1], box[2], box[3]))
        for number in range(len(paths) + 1)
        for label, box in _relabel(window, part_of == number, new_labels)
    ]


def _relabel(
    window: Labels, mask: NDArray[np.bool_], new_labels: Iterator[int]
) -> Iterator[tuple[int, Box]]:
    """Give each connected component of ``mask`` a label of its own; with its box."""
    count, marks, stats, _ = cv2.connectedComponentsWithStats(mask.view(np.uint8))
    for mark in range(1, count):
        left, top, width, height, _ = stats[mark].tolist()
        own = (slice(top, top + height), slice(left, left + width))
        label = next(new_labels)
        window[own][marks[own] == mark] = label
        yield label, (left, top, width, height)
