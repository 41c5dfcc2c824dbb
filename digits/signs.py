"""What a mark is when it is no digit, by what stands around it: an i, a ?, a percent sign, a plus,
a saw's tooth, a piece of something else, the edge of the sheet.

A *mark* is a candidate that was read as a digit. The network sees its tile alone and cannot know.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from digits.components import Box, window
from digits.layout import Candidate, Layout, Piece, any_of, union

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Place = tuple[int, int]
"""A piece, as line and position."""

STROKE = 1
"""The digit that a lone stroke looks like."""
RING_DIGIT = 0
"""The digit that a ring looks like."""
DOTTED = (1, 7)
"""What an i, a j, a ! and a ? are read as without their dots."""


@dataclass(frozen=True)
class SignParameters:
    """Lengths are fractions of the mark's height, unless they say otherwise.

    A dot is between ``dot_least`` and ``dot_most`` large, at most ``dot_gap`` above or below, and
    ``dot_inside`` of its own width within the mark's; above what is read as a 1 or a 7 it may be
    ``dot_aside`` further right. As part of a mark it is at most ``dot_round`` times as long as
    wide, and ``dot_clear`` from the rest. A bar crosses a stroke no further than ``across`` from
    its middle. A ring of a percent sign is less than ``ring`` of the stroke's height and more than
    ``ring_least``; it ends within ``ring`` of that from where the stroke does, reaches ``ring_gap``
    further up or down at most, and is no further to its side. Of the usual size of the other digits
    on its line, hardly any digit is below ``usual``, and most marks below ``dwarf`` are pieces of
    digits. Marks are entangled that share ``entangled`` of the smaller one's box. A line without
    marks is print, or another row of something, if it has ``printed`` pieces. What is ``near``
    pixels from the picture's border meets it, and a line across the picture is less than ``slim``
    of its length wide. A digit alone in a picture whose border cuts it has a share of ``all_ink``
    of the ink at least, a stroke alone ``stroke_ink``.
    """

    dot_least: float = 0.08
    dot_most: float = 0.5
    dot_gap: float = 0.4
    dot_inside: float = 0.5
    dot_aside: float = 0.1
    dot_round: float = 2.0
    dot_clear: float = 0.08
    across: float = 0.3
    ring: float = 0.7
    ring_least: float = 0.08
    ring_gap: float = 0.25
    usual: float = 0.75
    dwarf: float = 0.55
    entangled: float = 0.7
    printed: int = 4
    near: float = 1.0
    slim: float = 0.08
    all_ink: float = 0.8
    stroke_ink: float = 0.3


@dataclass(frozen=True)
class Marks:
    """The ``candidates`` of a layout that were read as digits, at least one, and which digit each
    is, ``[n]``.

    ``boxes`` are theirs, ``[n, 4]``: x, y, width, height; ``lines`` says on which line each is, and
    ``strokes`` which are read as what a stroke looks like, ``[n]``; ``taken`` are all pieces that
    are part of one, or a bit left out in its midst, and ``lone`` the boxes of the others that were
    not cut: a dot stands alone, and is none of a line of print.
    """

    layout: Layout
    candidates: Sequence[Candidate]
    digits: NDArray[np.intp]
    boxes: Floats
    lines: NDArray[np.intp]
    strokes: Flags
    taken: set[Place]
    lone: list[Box]

    @classmethod
    def of(
        cls,
        layout: Layout,
        candidates: Sequence[Candidate],
        digits: NDArray[np.intp],
        parameters: SignParameters,
    ) -> Marks:
        """All that follows from which candidates there are, and which digit each is."""
        taken = {
            (each.line, position)
            for each in candidates
            for position in range(each.first, each.last + 1)
        }
        return cls(
            layout,
            candidates,
            digits,
            np.array([each.box for each in candidates], np.float64),
            np.array([each.line for each in candidates]),
            np.asarray(digits == STROKE),
            taken,
            _lone(layout, taken, parameters),
        )

    def run(self, candidate: Candidate) -> Sequence[Piece]:
        """The pieces of one, and the bits between them that were left out."""
        return self.layout.lines[candidate.line][candidate.first : candidate.last + 1]


def _lone(layout: Layout, taken: set[Place], parameters: SignParameters) -> list[Box]:
    read = {line for line, _ in taken}
    return [
        piece.box
        for line, pieces in enumerate(layout.lines)
        for position, piece in enumerate(pieces)
        if (line in read or len(pieces) < parameters.printed)
        and not (piece.parted or piece.cut or (position and pieces[position - 1].cut))
        and (line, position) not in taken
    ]


def dotted(marks: Marks, parameters: SignParameters) -> Flags:
    """Which of the marks have something small and lone right above or below: an é, a ?. For those
    that a letter or a ? without its dot is read as, it may also be a little further right, or a bit
    that was left out beside them, or part of them."""
    return np.array(
        [
            any(_is_dot(box, each.box, parameters, aslant=digit in DOTTED) for box in marks.lone)
            or (digit in DOTTED and _has_own_dot(marks.run(each), parameters))
            for each, digit in zip(marks.candidates, marks.digits.tolist(), strict=True)
        ],
        np.bool_,
    )


def _has_own_dot(run: Sequence[Piece], parameters: SignParameters) -> bool:
    """Whether one of two pieces or bits that a mark is made of, or was, is its dot."""
    if len(run) != 2 or any(piece.cut or piece.parted for piece in run):
        return False
    dot, body = sorted((piece.box for piece in run), key=lambda box: box[3])
    if max(dot[2:]) > parameters.dot_round * min(dot[2:]):
        return False
    clear = _gap(dot, body) >= parameters.dot_clear * body[3]
    return clear and _is_dot(dot, body, parameters, aslant=True)


def _is_dot(dot: Box, body: Box, parameters: SignParameters, *, aslant: bool = False) -> bool:
    """Whether a piece is small and right above or below another one, both in boxes; above something
    ``aslant`` it may be further right."""
    (x, y, dot_width, dot_height), (left, _, width, height) = dot, body
    size = max(dot_width, dot_height)
    if not parameters.dot_least * height <= size <= parameters.dot_most * height:
        return False
    right = left + width + (parameters.dot_aside * height if aslant and y < body[1] else 0.0)
    inside = min(right, x + dot_width) - max(left, x)
    return (
        inside >= parameters.dot_inside * dot_width
        and 0 <= _gap(dot, body) <= parameters.dot_gap * height
    )


def _gap(one: Box, other: Box) -> int:
    """How far one box is above or below another; negative where they share rows."""
    return max(other[1] - one[1] - one[3], one[1] - other[1] - other[3])


def of_percent_sign(marks: Marks, parameters: SignParameters) -> Flags:
    """Which of the marks are rings, one left and in the upper part of a taller mark, the other
    right and in its lower part, or a stroke that is such a mark; rings may also be lone pieces,
    which are read as nothing."""
    count = len(marks.boxes)
    every = np.concatenate([marks.boxes, np.array(marks.lone, np.float64).reshape(-1, 4)])
    may_be = np.ones(len(every), np.bool_)
    may_be[:count] = marks.digits == RING_DIGIT
    if np.count_nonzero(may_be) < 2:
        return np.zeros(count, np.bool_)
    left, top, width, height = every.T
    right, bottom, middle = left + width, top + height, left + width / 2
    ring_height, beyond = parameters.ring * height, parameters.ring_gap * height
    ring = np.less.outer(height, ring_height) & may_be[:, None]
    ring &= np.greater.outer(height, parameters.ring_least * height)
    ring &= np.maximum.outer(left, left) - np.minimum.outer(right, right) <= beyond
    ring &= np.greater.outer(top, top - beyond)
    ring &= np.less.outer(bottom, bottom + beyond)
    upper = ring & np.less.outer(middle, middle) & np.less.outer(bottom, top + ring_height)
    lower = ring & np.greater.outer(middle, middle) & np.greater.outer(top, bottom - ring_height)
    between = upper.any(axis=0) & lower.any(axis=0)
    between[count:] = False  # a lone piece is no stroke
    rings = ((upper | lower) & between).any(axis=1)[:count]
    return np.asarray(rings | (between[:count] & marks.strokes))


def crossed(marks: Marks, parameters: SignParameters) -> Flags:
    """Which of the marks are strokes that were cut out of a bar across them, of which something is
    left out on either side: a plus, a t."""
    return np.array(
        [
            stroke and _is_crossed(marks, each, parameters)
            for each, stroke in zip(marks.candidates, marks.strokes.tolist(), strict=True)
        ],
        np.bool_,
    )


def _is_crossed(marks: Marks, candidate: Candidate, parameters: SignParameters) -> bool:
    line, run = marks.layout.lines[candidate.line], marks.run(candidate)
    _, top, _, height = candidate.box
    own = [piece for piece in run if piece.label in candidate.labels]
    sources = {piece.of for piece in own} - {0}
    across = [
        piece.middle[0]
        for position, piece in enumerate(line)
        if piece.of in sources
        and (piece in run or (candidate.line, position) not in marks.taken)
        and abs(piece.middle[1] - top - height / 2) < parameters.across * height
    ]
    left, right = (pick(piece.middle[0] for piece in own) for pick in (min, max))
    return bool(across) and min(across) < left and max(across) > right


def zigzag(marks: Marks) -> Flags:
    """Which of the marks are strokes, and were cut from ink in which nothing but several strokes
    was read: an M, a ü, a saw's teeth."""
    sources = [{piece.of for piece in marks.run(each)} - {0} for each in marks.candidates]
    if not any(sources):
        return np.zeros(len(sources), np.bool_)
    read = Counter(source for mark in sources for source in mark)
    several = {source for source, count in read.items() if count > 1}
    others = set().union(*itertools.compress(sources, ~marks.strokes))
    only = several - others
    return np.array([not only.isdisjoint(mark) for mark in sources])


def torn(marks: Marks) -> tuple[Floats, Floats]:
    """On how many sides each mark was cut off ink that is left out, ``[n]``: one where that is
    small counts less; and on how many off another mark, ``[n]``."""
    sides = [_sides(marks, each) for each in marks.candidates]
    off_ink = [sum(share for share in each if share is not None) for each in sides]
    off_marks = [each.count(None) for each in sides]
    return np.array(off_ink, np.float64), np.array(off_marks, np.float64)


def _sides(marks: Marks, candidate: Candidate) -> list[float | None]:
    """For each side on which a candidate was cut, how high what is left out there is, over its own
    height and at most 1; None where nothing is."""
    line = marks.layout.lines[candidate.line]
    before, after = candidate.first - 1, candidate.last + 1
    found = []
    if before >= 0 and line[before].cut:
        found.append(_left_out(marks, candidate, before, -1))
    if line[candidate.last].cut:
        found.append(_left_out(marks, candidate, after, 1))
    return found


def _left_out(marks: Marks, candidate: Candidate, beside: int, step: int) -> float | None:
    """How large the ink is that is left out where a candidate was cut from piece ``beside``,
    further ones that way being connected with it."""
    if (candidate.line, beside) in marks.taken:
        return None
    line, boxes = marks.layout.lines[candidate.line], []
    connected = True
    while connected and 0 <= beside < len(line) and (candidate.line, beside) not in marks.taken:
        boxes.append(line[beside].box)
        connected = line[beside].cut if step > 0 else beside > 0 and line[beside - 1].cut
        beside += step
    if not boxes:  # parts of a slanted piece need not stand in the order of their cuts
        return 1.0
    return min(1.0, max(union(boxes)[2:]) / candidate.box[3])


def framed(marks: Marks, parameters: SignParameters) -> Floats:
    """For each mark that meets the picture's border, how many of the other digits do not, 0 to 1:
    of those on its line, if there are any. Strokes say nothing of other marks."""
    shape = marks.layout.labels.shape
    meets = np.array([min(_to_border(e.box, shape)) <= parameters.near for e in marks.candidates])
    found = np.zeros(len(meets))
    for index in np.flatnonzero(meets):
        others = ~marks.strokes
        others[index] = False
        beside = others & (marks.lines == marks.lines[index])
        others = beside if beside.any() else others
        found[index] = np.mean(~meets[others]) if others.any() else 0.0
    return found


def spanning(marks: Marks, parameters: SignParameters) -> Flags:
    """Which of the marks are slim strokes from one border of the picture to the opposite one: lines
    of squared paper, joints between tiles."""
    shape = marks.layout.labels.shape
    return np.array(
        [
            stroke and _spans(each.box, shape, parameters)
            for each, stroke in zip(marks.candidates, marks.strokes.tolist(), strict=True)
        ],
        np.bool_,
    )


def _spans(box: Box, shape: tuple[int, ...], parameters: SignParameters) -> bool:
    """Whether a box goes from border to border of a picture of that ``shape``, and is slim."""
    left, right, above, below = _to_border(box, shape)
    short, long = sorted(box[2:])
    spans = min(max(left, right), max(above, below)) <= parameters.near
    return spans and short < parameters.slim * long


def of_scene(marks: Marks, parameters: SignParameters) -> Flags:
    """Whether the only mark of a picture is part of a scene, which has more ink than that: it meets
    the border, as what is cut by it does, or is a stroke, as are found anywhere."""
    count = len(marks.candidates)
    if count > 1:
        return np.zeros(count, np.bool_)
    mark, labels = marks.candidates[0], marks.layout.labels
    own = np.count_nonzero(any_of(labels[window(mark.box)], mark.labels))
    least = parameters.stroke_ink if marks.strokes.all() else 0.0
    if min(_to_border(mark.box, labels.shape)) <= parameters.near:
        least = parameters.all_ink
    return np.array([own < least * np.count_nonzero(labels)])


def _to_border(box: Box, shape: tuple[int, ...]) -> tuple[int, int, int, int]:
    """How far a box is from the left, the right, the upper and the lower border of a picture."""
    x, y, width, height = box
    return x, shape[1] - x - width, y, shape[0] - y - height


def dwarfed(marks: Marks, parameters: SignParameters) -> Floats:
    """How much smaller each mark is than the other digits of its line, from 0 at ``usual`` of their
    median size to 1 at ``dwarf``; 0 where there is no other."""
    sizes = marks.boxes[:, 2:].max(axis=1)
    share = sizes / usual_of_others(sizes, marks.lines)
    return np.asarray(
        np.clip((parameters.usual - share) / (parameters.usual - parameters.dwarf), 0, 1)
    )


def usual_of_others(sizes: Floats, lines: NDArray[np.intp]) -> Floats:
    """For each size ``[n]`` the median of the others on its line; itself where there is none."""
    usual = sizes.tolist()
    on_line: dict[int, list[int]] = {}
    for place, line in enumerate(lines.tolist()):
        on_line.setdefault(line, []).append(place)
    for places in on_line.values():
        if len(places) < 2:
            continue
        order = sorted(places, key=usual.__getitem__)
        ordered = [usual[place] for place in order]
        below, above = (len(order) - 2) // 2, (len(order) - 1) // 2
        for rank, place in enumerate(order):
            # Once a size is taken out, those after it move up one place.
            usual[place] = (ordered[below + (below >= rank)] + ordered[above + (above >= rank)]) / 2
    return np.array(usual, np.float64)


def entangled(marks: Marks, parameters: SignParameters) -> Flags:
    """Whether each mark's box shares most of its own area, or of the other's, with another one."""
    area = marks.boxes[:, 2] * marks.boxes[:, 3]
    shared = shared_areas(marks.boxes)
    return np.asarray((shared >= parameters.entangled * np.minimum.outer(area, area)).any(axis=1))


def shared_areas(boxes: Floats) -> Floats:
    """The area that each of the boxes ``[n, 4]`` shares with each other one ``[n, n]``, and none
    with itself."""
    left, top, width, height = boxes.T
    right, bottom = left + width, top + height
    across = np.minimum.outer(right, right) - np.maximum.outer(left, left)
    down = np.minimum.outer(bottom, bottom) - np.maximum.outer(top, top)
    shared = np.maximum(across, 0) * np.maximum(down, 0)
    np.fill_diagonal(shared, 0)
    return np.asarray(shared)
