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
    def of(cls, found: Layout, sure: Collection[int], parameters: ApartParameters) -> Rows:
        """Of the ``sure`` digits, those left out that are too tall for one row; none where nothing
        is tall enough for two."""
        boxes = np.array([found.candidates[index].box for index in sure], np.float64).reshape(-1, 4)
        height = float(np.median(boxes[:, 3])) if len(boxes) else 0.0
        least = parameters.tall * height
        low = boxes[boxes[:, 3] < least]
        if len(low) < parameters.least_known or all(one.box[3] < least for one in found.candidates):
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


def stacked(
    found: Layout, sure: Collection[int], known: Rows, parameters: ApartParameters
) -> list[int]:
    """Which of the ``sure`` digits reach through several rows: a 2 above a 7 looks like a 7."""
    return [index for index in sure if _rows_of(found, index, known, parameters)]


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
    known: Rows,
    parameters: ApartParameters,
    layout_parameters: LayoutParameters,
) -> Layout:
    """The pieces in lines anew, those that reach through several rows parted between them.

    ``found`` is as `digits.layout.pieces` has it; ``sure`` are the indices of the candidates that
    are digits beyond doubt, which stay whole, and ``known`` the rows that these stand in.
    """
    through = {
        index: between
        for index in range(len(found.candidates))
        if index not in sure and (between := _rows_of(found, index, known, parameters))
    }
    labels = found.labels.copy() if through else found.labels
    new_labels = itertools.count(1 + int(labels.max())) if through else iter(())
    kept: list[Piece] = []
    for index, candidate in enumerate(found.candidates):
        piece = found.lines[candidate.line][candidate.first]
        if index in through:
            kept += _part(labels, piece, through[index], known.height, new_labels, parameters)
        else:
            kept.append(piece)
    kept = [piece for piece in kept if max(piece.box[2:]) >= layout_parameters.least_height]
    tallest = parameters.tallest * known.height
    return layout.in_lines(labels, kept, layout_parameters, tallest=tallest)


def _rows_of(
    found: Layout, index: int, known: Rows, parameters: ApartParameters
) -> list[Boxes] | None:
    """The rows that a piece reaches through, if there are several."""
    box = found.candidates[index].box
    if box[3] < parameters.tall * known.height:
        return None
    through = known.through(box, parameters)
    return through if len(through) > 1 else None


def _middle(band: Boxes) -> float:
    """Of a row, in the middle column."""
    top, height = band[:, band.shape[1] // 2]
    return float(top + height / 2)


def _part(
    labels: Labels,
    piece: Piece,
    through: list[Boxes],
    height: float,
    new_labels: Iterator[int],
    parameters: ApartParameters,
) -> list[Piece]:
    """A piece cut between the rows, each part's connected components relabelled in ``labels``."""
    x, y, width, tall = piece.box
    window = labels[y : y + tall, x : x + width]
    here = window == piece.label
    lines = np.arange(y, y + tall)[:, None]
    paths = []
    for above, below in itertools.pairwise(through):
        if _middle(below) - _middle(above) < parameters.pitch * height:
            continue
        feet, heads = above[0] + above[1], below[0]
        off = np.abs(lines - (feet + heads) / 2)
        allowed = np.abs(feet - heads) / 2 + parameters.slack * height
        prices = here + parameters.pull * off / height
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
