"""Rows that touch, parted: a tail that reaches into the next row, a page written close.

A piece of ink that reaches through two rows would make one line of both, and no reading of that is
right. Where the rows run is known from the digits that the network is sure of; between two of them
the piece is cut along the path from left to right that crosses least ink (`digits.seams`), as in
text line segmentation by seams (Saabni and El-Sana 2011).
"""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Collection, Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from digits import components, layout, rows, seams
from digits.components import Box
from digits.layout import Labels, Layout, LayoutParameters, Piece
from digits.rows import RowsParameters

Boxes = NDArray[np.float64]


@dataclass(frozen=True)
class ApartParameters:
    """Lengths are fractions of the height of the digits that are known.

    Where ``least_known`` of them say where the rows run, a piece of at least ``tall`` may reach
    through several, and does so if it goes ``into`` beyond the middles of two; a row that counts
    ends no further than ``reach`` from the piece, and the next one is at least ``pitch`` below.
    They are parted no further than ``slack`` from the space between the one's feet and the other's
    heads; each pixel on the way costs ``pull`` for each height that it is off the middle of it,
    each step up or down ``sideways``, each pixel of ink one, and a way that costs more than
    ``price`` for each of its columns is none: the cut is made along the middle.
    What is taller than ``tallest`` is in lines of its own. What is found is looked at again,
    ``rounds`` times at most, and no more is cut at once than ``most`` of the picture's widths. Of a
    digit that may be several, parts lower than ``bit`` of its height need not be digits.
    """

    tall: float = 1.4
    tallest: float = 1.8
    least_known: int = 5
    reach: float = 8.0
    into: float = 0.2
    pitch: float = 0.6
    slack: float = 0.25
    pull: float = 2.0
    sideways: float = 0.1
    price: float = 4.0
    rounds: int = 4
    most: float = 20.0
    bit: float = 0.2


@dataclass(frozen=True)
class Rows:
    """The rows of the digits that are known, top row first: the ``height`` of these, each row's
    ``boxes``, and what each row takes up in all."""

    height: float
    boxes: tuple[Boxes, ...]
    extents: Boxes

    @classmethod
    def of(cls, boxes: Boxes, parameters: ApartParameters, rows_parameters: RowsParameters) -> Rows:
        """The rows of digits in ``boxes`` ``[n, 4]``, those left out that are too tall for one;
        none if they are too few."""
        height = statistics.median(boxes[:, 3].tolist()) if len(boxes) else 0.0
        low = boxes[boxes[:, 3] < parameters.tall * height]
        chains: list[list[int]] = []
        if len(low) >= parameters.least_known:
            whole = [(x, y, w, h) for x, y, w, h in low.astype(int).tolist()]
            chains = rows.arrange(whole, rows_parameters)
        found = tuple(low[chain] for chain in chains)
        extents = [layout.union([tuple(box) for box in row.tolist()]) for row in found]
        return cls(height, found, np.array(extents, np.float64).reshape(-1, 4))

    def through(self, box: Box, parameters: ApartParameters) -> list[Boxes]:
        """The rows that a piece reaches through, top row first: the top and the height of each in
        each of the piece's columns, ``[2, w]``. No row if it is not tall enough for two."""
        x, y, width, tall = box
        if tall < parameters.tall * self.height:
            return []
        left, top, span, rise = self.extents.T
        gap = np.maximum(left - (x + width), x - (left + span))
        near = (gap <= parameters.reach * self.height) & (top < y + tall) & (top + rise > y)
        into = parameters.into * self.height
        bands = [_band(self.boxes[row], x, width) for row in np.flatnonzero(near)]
        bands = [band for band in bands if y + into <= _middle(band) <= y + tall - into]
        found: list[Boxes] = []
        for band in sorted(bands, key=_middle):
            # Nearer to each other they are parts of one row.
            if not found or _middle(band) - _middle(found[-1]) >= parameters.pitch * self.height:
                found.append(band)
        return found


def any_tall(found: Layout, known: Boxes, parameters: ApartParameters) -> bool:
    """Whether anything is tall enough, beside the boxes ``[n, 4]`` of the digits that are known, to
    reach through two rows."""
    if len(known) < parameters.least_known:
        return False
    least = parameters.tall * statistics.median(known[:, 3].tolist())
    return any(candidate.box[3] >= least for candidate in found.candidates)


def stacked(
    found: Layout, sure: Collection[int], known: Rows, parameters: ApartParameters
) -> set[int]:
    """Which of the ``sure`` digits reach through several rows: a 2 above a 7 looks like a 7."""
    return {
        index for index in sure if len(known.through(found.candidates[index].box, parameters)) > 1
    }


def all_digits(
    whole: Layout,
    index: int,
    parted: Layout,
    sure: Collection[int],
    parameters: ApartParameters,
) -> bool:
    """Whether piece ``index`` of one layout became several in another, each of which that is no
    mere bit is among the ``sure`` digits there."""
    box = whole.candidates[index].box
    window = components.window(box)
    here = whole.labels[window] == whole.candidates[index].labels[0]
    labels = set(np.unique(parted.labels[window][here]).tolist())
    high = [
        each in sure
        for each, candidate in enumerate(parted.candidates)
        if candidate.labels[0] in labels and candidate.box[3] >= parameters.bit * box[3]
    ]
    return len(high) > 1 and all(high)


def part(
    found: Layout,
    sure: Collection[int],
    known: Rows,
    parameters: ApartParameters,
    layout_parameters: LayoutParameters,
    new_labels: Iterator[int],
) -> Layout:
    """The pieces in lines anew, those that reach through several rows parted between them.

    ``found`` is as `digits.layout.pieces` has it; ``sure`` are the indices of the candidates that
    are digits beyond doubt, which stay whole, and ``known`` the rows that these stand in. No label
    that ``new_labels`` gives may ever have been given to other ink of the picture.
    """
    through = {
        index: bands
        for index, candidate in enumerate(found.candidates)
        if index not in sure and len(bands := known.through(candidate.box, parameters)) > 1
    }
    labels = found.labels.copy() if through else found.labels
    left = parameters.most * labels.shape[1]
    whole: list[Piece] = []
    parts: list[Piece] = []
    for index in range(len(found.candidates)):
        piece = found.piece(index)
        bands = through.get(index, [])
        cost = (len(bands) - 1) * piece.box[2]
        cut: list[Piece] = []
        if bands and cost <= left:
            left -= cost
            room = layout_parameters.most_pieces - len(found.candidates) - len(parts)
            least = layout_parameters.least_height
            cut = _part(labels, piece, bands, known.height, new_labels, parameters, room, least)
        parts += cut
        if not cut:
            whole.append(piece)
    tallest = parameters.tallest * known.height
    return layout.in_lines(labels, whole + parts, layout_parameters, tallest=tallest)


def _band(boxes: Boxes, x: int, width: int) -> Boxes:
    """Top and height of a row in some columns: as its digits', or between two of them."""
    columns, centres = np.arange(x, x + width), boxes[:, 0] + boxes[:, 2] / 2
    return np.stack([np.interp(columns, centres, boxes[:, side]) for side in (1, 3)])


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
    room: int,
    least: int,
) -> list[Piece]:
    """A piece cut between the rows, each part's connected components of at least ``least`` pixels
    relabelled in ``labels``; none if they are more than ``room``."""
    x, y, width, tall = piece.box
    window = labels[components.window(piece.box)]
    here = window == piece.label
    edges = [
        _edge(here, above, below, y, height, parameters)
        for above, below in itertools.pairwise(through)
    ]
    edges = [np.zeros(width, np.intp), *edges, np.full(width, tall)]
    found: list[tuple[Box, NDArray[np.bool_]]] = []
    for first, last in itertools.pairwise(edges):
        start, stop = int(first.min()), int(last.max())
        if start >= stop:  # two edges that are one
            continue
        lines = np.arange(start, stop)[:, None]
        between = here[start:stop] & (lines >= first) & (lines < last)
        count, marks, stats, _ = cv2.connectedComponentsWithStats(between.view(np.uint8))
        large = np.flatnonzero(stats[:, 2:4].max(axis=1) >= least)
        for mark in large[large > 0].tolist():
            left, top, part_width, part_height, _ = stats[mark].tolist()
            own = marks[components.window((left, top, part_width, part_height))] == mark
            found.append(((left, start + top, part_width, part_height), own))
        if len(found) > room:
            return []
    parts = []
    for box, own in found:
        label = next(new_labels)
        window[components.window(box)][own] = label
        left, top, part_width, part_height = box
        parts.append(Piece(label, (x + left, y + top, part_width, part_height), parted=True))
    return parts


def _edge(
    here: NDArray[np.bool_],
    above: Boxes,
    below: Boxes,
    y: int,
    height: float,
    parameters: ApartParameters,
) -> NDArray[np.intp]:
    """The line of ``here`` from which on, in each column, a piece that begins at ``y`` belongs to
    the row ``below``."""
    feet, heads = above[0] + above[1] - y, below[0] - y
    middle = (feet + heads) / 2
    allowed = np.abs(feet - heads) / 2 + parameters.slack * height
    start = max(0, int((middle - allowed).min()))
    stop = min(len(here), int((middle + allowed).max()) + 2)
    lines = np.arange(start, stop)[:, None]
    off = np.abs(lines - middle)
    prices = here[start:stop] + parameters.pull * off / height
    prices = np.where(off <= allowed, prices, np.inf).astype(np.float32)
    most = parameters.price * here.shape[1]
    paths = seams.cheapest(prices.T, spacing=0, most=1, most_ink=most, sideways=parameters.sideways)
    straight = np.clip(np.rint(middle), 0, len(here)).astype(np.intp)
    return np.asarray(start + paths[0]) if paths else straight
