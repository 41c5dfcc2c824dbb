"""Ink to candidates: boxes that may hold a digit, in lines.

Heuristic over-segmentation after LeCun, Bottou, Bengio and Haffner 1998, section V: connected
pieces of ink are cut where they may be two digits that touch, and neighbours are joined where
they may be parts of one. Which of the overlapping candidates are digits is decided later, by the
network's scores (`digits.search`), and so is which pieces are worth cutting, which takes longest.
"""

from __future__ import annotations

import itertools
import math
from bisect import bisect_left
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from digits import components, rules, seams
from digits.components import Box, window
from digits.ink import Ink
from digits.rules import RuleParameters

Labels = NDArray[np.int16]

MOST_LABELS = int(np.iinfo(np.int16).max)
"""That a picture may need. Each pixel has one, and those of 16 bits take half the memory of 32, and
two thirds of the time to search."""

FEW = 4
"""Labels up to so many are sooner compared one by one than looked up in a table."""


@dataclass(frozen=True)
class LayoutParameters:
    """Lengths are fractions of the line's typical height, unless they say otherwise.

    *Pieces.* What has no side of ``least_height`` working pixels is nothing; a piece whose longer
    side is under ``speck`` of the one that ``typical`` of all pieces are at most is dust. What
    meets the border along ``frame_contact`` of the picture's long side is no writing, nor is what
    meets it along ``frame_along`` of its own and is no broader than ``frame_thin`` of the
    picture's, or two pixels.

    *Lines.* Pieces of one line share ``overlap`` of the lower one's height; of those to its right
    a piece's neighbour is the nearest, where a pixel higher or lower counts ``aside`` of one to the
    side. What is lower than ``stack_height`` of the height that ``stack_usual`` of all pieces have
    at most, or one of ``stack_few`` at most, may be a part right above or below another: no further
    than ``stack_gap`` of the higher one's height, and sharing at least ``stack_overlap`` of the
    narrower one's width.

    *Joined.* ``join_gap``, ``join_width`` and ``join_pieces`` bound what may be one digit together,
    of which ``join_height`` of its own height counts if that is more than the line's; what is lower
    than ``bit`` may also be left out.

    *Cut.* ``cut_width`` is the width over height from which a piece may be several digits, unless
    it is lower than ``low``; these are at most ``flat`` times as high as it. At most ``cuts``
    paths, ``cut_spacing`` apart and inked for ``cut_ink`` of the piece's height, part one, and a
    step to the side counts ``cut_sideways`` of an inked pixel. If it is taken for digits that
    touch, it is ``touching_cuts`` paths, ``touching_spacing`` apart where they are
    ``touching_through`` of the way down, and a step counts ``touching_sideways``.

    Of more than ``most_pieces`` the largest are kept, of ``most_candidates`` the first.
    """

    rules: RuleParameters = field(default_factory=RuleParameters)
    least_height: int = 6
    speck: float = 0.12
    typical: float = 0.75
    frame_contact: float = 0.35
    frame_along: float = 0.6
    frame_thin: float = 0.03
    overlap: float = 0.4
    aside: float = 2.0
    stack_height: float = 0.5
    stack_usual: float = 0.9
    stack_few: int = 4
    stack_gap: float = 0.3
    stack_overlap: float = 0.15
    join_gap: float = 0.3
    join_width: float = 1.35
    join_pieces: int = 10
    join_height: float = 0.8
    bit: float = 0.2
    low: float = 0.5
    flat: float = 1.5
    cut_width: float = 0.85
    cuts: int = 16
    cut_spacing: float = 0.18
    cut_ink: float = 0.45
    cut_sideways: float = 0.1
    touching_cuts: int = 24
    touching_spacing: float = 0.14
    touching_sideways: float = 0.3
    touching_through: float = 0.5
    most_pieces: int = 600
    most_candidates: int = 1500

    def most_labels(self, partings: int) -> int:
        """How many labels a picture may need: `pieces` gives one to each, ``partings`` of rows
        (`digits.apart.part`) to ``most_pieces`` at most, and `arrange` to all parts of all pieces
        that are left, once for the usual cuts and once for those of digits that touch."""
        parts = (self.cuts + 1) + (self.touching_cuts + 1)
        return self.most_pieces * (1 + partings + parts)


@dataclass(frozen=True)
class Piece:
    """One connected part of the ink, or of a cut one: its label and box ``x, y, w, h``.

    ``cut`` says that the next piece of the line was one with this one before it was cut off, and
    ``parted`` that it was one with ink of another row; ``of`` is the label of the piece from which
    this one was cut, 0 if it was not.
    """

    label: int
    box: Box
    cut: bool = False
    parted: bool = False
    of: int = 0

    @property
    def middle(self) -> tuple[float, float]:
        x, y, width, height = self.box
        return x + width / 2, y + height / 2


@dataclass(frozen=True)
class Candidate:
    """Pieces ``first`` to ``last`` (inclusive) of line ``line``, taken as one digit."""

    line: int
    first: int
    last: int
    box: Box
    labels: tuple[int, ...]


@dataclass(frozen=True)
class Layout:
    """``labels`` is ``[h, w]`` int16, a piece's number where its ink is. ``lines`` hold pieces in
    reading order, top line first; ``heights`` the typical height of each line's pieces.
    """

    labels: Labels
    lines: tuple[tuple[Piece, ...], ...]
    heights: tuple[float, ...]
    candidates: tuple[Candidate, ...]

    def piece(self, index: int) -> Piece:
        """The first piece of candidate ``index``: all of it, as long as nothing is joined."""
        candidate = self.candidates[index]
        return self.lines[candidate.line][candidate.first]

    def typical_height(self) -> float:
        """That of all its pieces; 0 if there are none."""
        every = [piece for line in self.lines for piece in line]
        return typical_height(every) if every else 0.0

    def only(self, indices: Sequence[int]) -> Layout:
        """The same with these of its candidates alone."""
        return replace(self, candidates=tuple(self.candidates[index] for index in indices))


def pieces(ink: Ink, parameters: LayoutParameters | None = None) -> Layout:
    """The connected pieces of ink in lines, each of them a candidate; nothing is cut or joined."""
    parameters = parameters or LayoutParameters()
    mask = rules.remove(ink.mask, ink.strength, parameters.rules)
    labels, found = _pieces(mask, parameters)
    return in_lines(labels, found, parameters)


def in_lines(
    labels: Labels,
    found: Sequence[Piece],
    parameters: LayoutParameters,
    *,
    tallest: float = math.inf,
) -> Layout:
    """Pieces in lines, each of them a candidate; those of more than ``tallest`` pixels are in lines
    of their own."""
    grouped = _lines([piece for piece in found if piece.box[3] > tallest], parameters)
    grouped += _lines([piece for piece in found if piece.box[3] <= tallest], parameters)
    lines = tuple(tuple(line) for line in sorted(grouped, key=_line_position))
    alone = (
        _candidate(number, place, place, [piece])
        for number, line in enumerate(lines)
        for place, piece in enumerate(line)
    )
    return Layout(labels, lines, tuple(typical_height(line) for line in lines), tuple(alone))


def without(layout: Layout, dropped: Collection[int], parameters: LayoutParameters) -> Layout:
    """What is left of `pieces` without some, by their index among the candidates, in new lines; the
    same layout where none is dropped."""
    if not dropped:
        return layout
    kept = [layout.piece(each) for each in range(len(layout.candidates)) if each not in dropped]
    return in_lines(layout.labels, kept, parameters)


def arrange(
    layout: Layout,
    doubted: Collection[int],
    parameters: LayoutParameters | None = None,
    new_labels: Iterator[int] | None = None,
    *,
    touching: bool = False,
) -> Layout:
    """Every box that may hold a digit: the `pieces` themselves, neighbours joined, parts.

    The ``doubted`` pieces, by their index among the candidates, are cut where they are wide enough
    to be several digits. Cuts are told from each other by where they end, which gets digits off
    lines and remains that run along their feet, or by where they are half-way down, which parts
    digits that are ``touching``. No label that ``new_labels`` gives may ever have been given to
    other ink of the picture.
    """
    parameters = parameters or LayoutParameters()
    new_labels = new_labels or labels_after(layout)
    labels, lines = layout.labels, [list(line) for line in layout.lines]
    wide = worth_cutting(layout, doubted, parameters)
    if wide:
        labels = labels.copy()
        for index in wide:
            line = layout.candidates[index].line
            lines[line] = _cut_in(
                labels, layout, index, lines[line], new_labels, parameters, touching
            )
    candidates = (
        candidate
        for number, (line, height) in enumerate(zip(lines, layout.heights, strict=True))
        for candidate in _line_candidates(number, line, height, parameters)
    )
    return Layout(
        labels,
        tuple(tuple(line) for line in lines),
        layout.heights,
        tuple(itertools.islice(candidates, parameters.most_candidates)),
    )


def worth_cutting(
    layout: Layout, doubted: Collection[int], parameters: LayoutParameters
) -> list[int]:
    """Which of the ``doubted`` pieces are wide enough, and no mere fragment of their line, to be
    several digits."""
    return [index for index in doubted if _is_wide(layout, index, parameters)]


def exchange(layout: Layout, other: Layout, lines: Collection[int]) -> Layout:
    """``layout`` with some lines as an ``other`` arrangement of the same pieces has them."""
    labels = layout.labels.copy()
    for line in lines:
        for piece in other.lines[line]:
            around = window(piece.box)
            own = other.labels[around] == piece.label
            labels[around][own] = piece.label
    of = [other if line in lines else layout for line in range(len(layout.lines))]
    return Layout(
        labels,
        tuple(each.lines[line] for line, each in enumerate(of)),
        layout.heights,
        tuple(
            candidate
            for each in (layout, other)
            for candidate in each.candidates
            if of[candidate.line] is each
        ),
    )


def cuts(
    here: NDArray[np.bool_], height: float, parameters: LayoutParameters, *, touching: bool
) -> list[seams.Path]:
    """The paths along which a piece ``here`` ``[h, w]`` may be cut, where digits are ``height``
    pixels high; for ``touching`` see `arrange`."""
    spacing, most, sideways, through = (
        (
            parameters.touching_spacing,
            parameters.touching_cuts,
            parameters.touching_sideways,
            parameters.touching_through,
        )
        if touching
        else (parameters.cut_spacing, parameters.cuts, parameters.cut_sideways, 1.0)
    )
    return seams.cheapest(
        here,
        spacing=spacing * height,
        most=most,
        most_ink=parameters.cut_ink * len(here),
        sideways=sideways,
        through=through,
    )


def labels_after(layout: Layout) -> Iterator[int]:
    """Labels that no piece has yet."""
    return itertools.count(1 + int(layout.labels.max(initial=0)))


def find(ink: Ink, parameters: LayoutParameters | None = None) -> Layout:
    """Every box that may hold a digit, by the ink alone: what is wide is cut, whatever it is."""
    found = pieces(ink, parameters)
    return arrange(found, range(len(found.candidates)), parameters)


def find_single(ink: Ink, parameters: LayoutParameters | None = None) -> Layout:
    """The picture as one digit: the largest piece, the second largest and all the rest, in every
    combination to choose from, everything first; ``labels`` alone say which a candidate has."""
    labels, pieces = _pieces(ink.mask, parameters or LayoutParameters())
    if not pieces:
        return Layout(labels, (), (), ())
    pieces.sort(key=lambda piece: -max(piece.box[2:]))
    groups = [group for group in (pieces[:1], pieces[1:2], pieces[2:]) if group]
    candidates = (
        _candidate(0, 0, len(pieces) - 1, list(itertools.chain.from_iterable(chosen)))
        for count in range(len(groups), 0, -1)
        for chosen in itertools.combinations(groups, count)
    )
    return Layout(labels, (tuple(pieces),), (typical_height(pieces),), tuple(candidates))


def any_of(labels: Labels, wanted: Sequence[int]) -> NDArray[np.bool_]:
    """Where ``labels`` are any of the ``wanted``, which are at least one: one after the other,
    unless there are many."""
    if len(wanted) > FEW:
        return np.asarray(np.isin(labels, wanted, kind="table"), np.bool_)
    found = np.asarray(labels == wanted[0], np.bool_)
    for label in wanted[1:]:
        found |= labels == label
    return found


def union(boxes: list[Box]) -> Box:
    """The smallest box that holds all ``boxes``."""
    left, top, width, height = boxes[0]
    right, bottom = left + width, top + height
    for x, y, width, height in boxes[1:]:
        left, top = min(left, x), min(top, y)
        right, bottom = max(right, x + width), max(bottom, y + height)
    return left, top, right - left, bottom - top


def typical_height(pieces: Sequence[Piece]) -> float:
    """The `weighted_median` of the pieces' heights: dirt and fragments hardly count."""
    return weighted_median([piece.box[3] for piece in pieces])


def weighted_median(sizes: Sequence[int]) -> float:
    """The size up to which half of all the ``sizes``' sum lies: a few small ones do not move it."""
    ordered = sorted(sizes)
    return float(ordered[bisect_left(list(itertools.accumulate(ordered)), sum(ordered) / 2)])


def _quantile(sizes: Sequence[float], share: float) -> float:
    """The size that a ``share`` of all are at most, between two of them in proportion: as numpy's,
    in a tenth of the time for as few as there are."""
    ordered = sorted(sizes)
    below, part = divmod(share * (len(ordered) - 1), 1)
    low, high = ordered[int(below)], ordered[min(int(below) + 1, len(ordered) - 1)]
    return low + part * (high - low)


def _pieces(mask: NDArray[np.uint8], parameters: LayoutParameters) -> tuple[Labels, list[Piece]]:
    """Connected components, dust left out; the largest ones if there are too many."""
    labels = np.zeros(mask.shape, np.int16)
    found = components.find(mask, least_size=parameters.least_height)
    if not found:
        return labels, []
    sizes = np.array([max(component.box[2:]) for component in found])
    typical = _quantile(sizes.tolist(), parameters.typical)
    order = np.flatnonzero(sizes >= parameters.speck * typical)
    if len(order) > parameters.most_pieces:
        order = order[np.argsort(-sizes[order], kind="stable")[: parameters.most_pieces]]
    pieces = []
    for label, index in enumerate(order.tolist(), start=1):
        found[index].draw(labels, label)
        pieces.append(Piece(label, found[index].box))
    return labels, _without_frame(labels, pieces, parameters)


def _without_frame(
    labels: Labels, pieces: list[Piece], parameters: LayoutParameters
) -> list[Piece]:
    """Leave out the edge of the sheet, a shadow, a table: what lies along the picture's border."""
    if len(pieces) < 2:
        return pieces
    contact = np.zeros(1 + max(piece.label for piece in pieces), np.int64)
    for edge in (labels[0], labels[-1], labels[:, 0], labels[:, -1]):
        contact += np.bincount(edge, minlength=len(contact))
    longest = max(labels.shape)
    return [
        piece
        for piece in pieces
        if contact[piece.label] < parameters.frame_contact * longest
        and not (
            contact[piece.label] >= parameters.frame_along * max(piece.box[2:])
            and _is_thin(piece, longest, parameters)
        )
    ]


def _is_thin(piece: Piece, longest: int, parameters: LayoutParameters) -> bool:
    return min(piece.box[2:]) <= max(2, parameters.frame_thin * longest)


def _lines(pieces: list[Piece], parameters: LayoutParameters) -> list[list[Piece]]:
    """Group pieces into lines by linking each to the nearest one on its right that it overlaps."""
    order = sorted(pieces, key=lambda piece: piece.middle[0])
    parent = list(range(len(order)))

    def root(index: int) -> int:
        while parent[index] != index:
            parent[index] = parent[parent[index]]
            index = parent[index]
        return index

    boxes = np.array([piece.box for piece in order], np.float32).reshape(-1, 4)
    for index, neighbour in enumerate(_right_neighbours(boxes, parameters)):
        if neighbour is not None:
            parent[root(index)] = root(neighbour)
    for above, below in _stacks(boxes, parameters):
        parent[root(above)] = root(below)
    groups: dict[int, list[Piece]] = {}
    for index, piece in enumerate(order):
        groups.setdefault(root(index), []).append(piece)
    return list(groups.values())


def _stacks(boxes: NDArray[np.float32], parameters: LayoutParameters) -> list[tuple[int, int]]:
    """Pairs of pieces, one right above the other, that may be one digit: the bar of a 5."""
    if len(boxes) < 2:
        return []
    heights = boxes[:, 3]
    small = heights < parameters.stack_height * _quantile(heights.tolist(), parameters.stack_usual)
    if len(boxes) <= parameters.stack_few:
        small[:] = True
    left, top, width, _ = boxes.T
    right, bottom = left + width, top + heights
    lows = np.flatnonzero(small)
    shared = np.minimum.outer(right[lows], right) - np.maximum.outer(left[lows], left)
    above, below = np.subtract.outer(top[lows], bottom), np.subtract.outer(bottom[lows], top)
    gap = np.maximum(above, -below)
    near = shared >= parameters.stack_overlap * np.minimum.outer(width[lows], width)
    near &= gap <= parameters.stack_gap * np.maximum.outer(heights[lows], heights)
    one, other = np.nonzero(near & small)
    pairs = list(zip(lows[one].tolist(), other.tolist(), strict=True))
    # Of two digits, above and below, it is part of one.
    gap = np.where(near & ~small, gap, np.inf)
    nearest = gap.argmin(axis=1)
    part = np.isfinite(gap[np.arange(len(lows)), nearest])
    return pairs + list(zip(lows[part].tolist(), nearest[part].tolist(), strict=True))


def _right_neighbours(boxes: NDArray[np.float32], parameters: LayoutParameters) -> list[int | None]:
    """For each piece the one further right that shares enough rows with it and lies nearest.

    The boxes ``[n, 4]`` are in the order of their middles, from left to right.
    """
    if not len(boxes):
        return []
    left, top, width, height = boxes.T
    right, bottom, middle = left + width, top + height, top + height / 2
    shared = np.minimum.outer(bottom, bottom) - np.maximum.outer(top, top)
    beside = np.triu(shared >= parameters.overlap * np.minimum.outer(height, height), k=1)
    gap = np.maximum(left[None, :] - right[:, None], 0)
    offset = np.abs(middle[None, :] - middle[:, None])
    nearest = np.where(beside, gap + parameters.aside * offset, np.inf).argmin(axis=1).tolist()
    return [place if beside[index, place] else None for index, place in enumerate(nearest)]


def _line_position(line: list[Piece]) -> float:
    """The mean of the pieces' middles, by their heights."""
    heights = sum(piece.box[3] for piece in line)
    return sum(piece.middle[1] * piece.box[3] for piece in line) / heights


def _is_wide(layout: Layout, index: int, parameters: LayoutParameters) -> bool:
    candidate = layout.candidates[index]
    _, _, width, height = candidate.box
    usual = layout.heights[candidate.line]
    reference = _digit_height(candidate.box, usual, parameters)
    return height >= parameters.low * usual and width > parameters.cut_width * reference


def _digit_height(box: Box, usual: float, parameters: LayoutParameters) -> float:
    """How high a digit in this piece is: as usual on its line, or hardly higher than the piece if
    that is flat."""
    return max(min(usual, box[3] * parameters.flat), 1.0)


def _cut_in(
    labels: Labels,
    layout: Layout,
    index: int,
    line: list[Piece],
    new_labels: Iterator[int],
    parameters: LayoutParameters,
    touching: bool,
) -> list[Piece]:
    """``line`` with piece ``index`` of the layout cut into parts, left to right."""
    candidate = layout.candidates[index]
    piece = layout.piece(index)
    height = _digit_height(piece.box, layout.heights[candidate.line], parameters)
    parts = _cut(labels, piece, height, new_labels, parameters, touching)
    rest = [other for other in line if other is not piece]
    return sorted(rest + parts, key=lambda part: part.middle[0])


def _cut(
    labels: Labels,
    piece: Piece,
    height: float,
    new_labels: Iterator[int],
    parameters: LayoutParameters,
    touching: bool,
) -> list[Piece]:
    """Cut a piece along the paths from top to bottom that cross least ink.

    They are relabelled in ``labels``.
    """
    x, y, _, _ = piece.box
    around = labels[window(piece.box)]
    here = around == piece.label
    paths = cuts(here, height, parameters, touching=touching)
    if not paths:
        return [piece]
    part_of = np.where(here, seams.part(here, paths), -1)
    parts: list[Piece] = []
    for number in range(len(paths) + 1):
        part = part_of == number
        left, top, part_width, part_height = cv2.boundingRect(part.view(np.uint8))
        if not part_width:
            continue
        label = next(new_labels)
        around[part] = label
        box = (x + left, y + top, part_width, part_height)
        parts.append(Piece(label, box, cut=True, of=piece.label))
    parts[-1] = replace(parts[-1], cut=False)
    return parts


def _line_candidates(
    number: int, line: list[Piece], height: float, parameters: LayoutParameters
) -> Iterator[Candidate]:
    """Every run of neighbouring pieces that is narrow and close enough to be one digit, one after
    the other: a line of clutter has many more than are asked for.

    A run with flat bits in it, ends of a rule or dirt, is a candidate with and without them.
    """
    for first in range(len(line)):
        run: list[Piece] = []
        box = line[first].box
        for last in range(first, min(first + parameters.join_pieces, len(line))):
            if last > first and not _may_join(box, line[last].box, height, parameters):
                break
            box = union([box, line[last].box])
            run.append(line[last])
            if last > first or not _is_too_wide(run[0], height, parameters):
                yield _candidate(number, first, last, run)
            tall = [piece for piece in run if piece.box[3] >= parameters.bit * height]
            if 0 < len(tall) < len(run):
                yield _candidate(number, first, last, tall)


def _is_too_wide(piece: Piece, height: float, parameters: LayoutParameters) -> bool:
    """Whether a piece that nobody found worth cutting is still no single digit, for its own height
    and for its line's."""
    _, _, piece_width, piece_height = piece.box
    reference = max(height, piece_height)
    return (
        piece_height >= parameters.low * height and piece_width > parameters.join_width * reference
    )


def _candidate(number: int, first: int, last: int, pieces: list[Piece]) -> Candidate:
    labels = tuple(piece.label for piece in pieces)
    return Candidate(number, first, last, union([piece.box for piece in pieces]), labels)


def _may_join(before: Box, box: Box, height: float, parameters: LayoutParameters) -> bool:
    gap = box[0] - (before[0] + before[2])
    _, _, width, joined_height = union([before, box])
    reference = max(height, joined_height * parameters.join_height)
    return gap <= parameters.join_gap * reference and width <= parameters.join_width * reference
