"""What stands beside a mark says whether it is a digit.

A stroke among letters is a letter, among digits a 1; a mark that was cut from ink nobody reads, or
that has a dot above it, is part of something else. The network sees one tile at a time and cannot
know.
"""

from __future__ import annotations

import itertools
import math
import statistics
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from digits.layout import Box, Candidate, Layout, union

Floats = NDArray[np.float64]
Size = tuple[int, ...]
Place = tuple[int, int]
"""A piece, as line and position."""

STROKE = 1
"""The digit that a lone stroke looks like."""

LEAST_USUAL, DWARF = 0.75, 0.55
"""As fractions of the other digits' size: hardly any digit of a line is below the first, and most
marks below the second are pieces of digits."""

ACROSS = 0.3
"""How far from the middle of a stroke a bar crosses it at most, in heights of the stroke."""

RING_DIGIT = 0
RING, RING_GAP = 0.7, 0.25
"""What a ring of a percent sign looks like; how high it is at most, and how far from the stroke, in
heights of that."""

NEAR = 1.0
"""Pixels between a mark and the border that it meets."""


@dataclass(frozen=True)
class CompanyParameters:
    """``usual_share`` is the share of a picture's marks that are expected to be digits. On the
    lines beside a mark's own that is worth ``page_weight`` marks of evidence; what they then say is
    worth ``usual_weight`` on its own, but no more than ``told_weight`` as far as there is anything
    on them: of itself a line knows more. Print says little of writing that is ten times its size:
    lines of which one is at least ``alike`` as high as the other say all there is to say of each
    other, those of which one is less than ``unlike`` as high say nothing.

    ``weight`` scales what another share says of each mark: a higher one no more than ``lift`` in
    log odds of the share, and nothing where no other mark of its line was chosen. A 1 counts
    ``stroke`` of another digit, and a stranger is a piece at least ``stranger`` of the height of
    the digits on its line.

    Once there is anything against a mark, its score counts as ``surest`` at most: the network has
    seen nothing but the mark. Then the log odds of a digit lose ``torn`` for each side on which ink
    that is left out was connected with it, ``parted`` where that ink is another digit, ``dotted``
    for a dot or an accent right above or below, ``entangled`` for a mark in its box, and a mark
    much smaller than the other digits of its line ``dwarfed``. Where the other digits keep clear of
    the picture's border, what meets it loses ``cropped``, or ``framed`` if it is a stroke: it is
    the edge of the sheet. Strokes lose ``zigzag`` if all that was read in the ink they were cut
    from are strokes: it is an M, a ü, a saw's teeth; and, in a picture of nothing else, ``again``
    for each other one: it is a fence. A stroke with a bar across it loses ``crossed``, the rings of
    a percent sign lose ``percent``. Shares are worked out ``rounds`` times over.
    """

    usual_share: float = 0.8
    usual_weight: float = 2.0
    weight: float = 3.6
    lift: float = 0.1
    page_weight: float = 4.0
    told_weight: float = 1.0
    unlike: float = 0.2
    alike: float = 0.5
    stroke: float = 0.3
    stranger: float = 0.4
    torn: float = 2.5
    parted: float = 0.5
    dotted: float = 3.0
    entangled: float = 3.0
    dwarfed: float = 2.0
    framed: float = 4.0
    cropped: float = 1.0
    zigzag: float = 3.5
    again: float = 0.15
    crossed: float = 4.0
    percent: float = 4.0
    surest: float = 0.95
    rounds: int = 3


def adjust(
    layout: Layout,
    chosen: list[int],
    digits: NDArray[np.intp],
    scores: Floats,
    parameters: CompanyParameters,
    *,
    easy: Collection[int] = (),
) -> Floats:
    """Digit scores of the ``chosen`` candidates, changed by what stands beside them.

    ``digits`` and ``scores`` ``[n]`` are what each was read as and its score. On ``easy`` lines,
    all of whose ink is digits, it says nothing against these that they were connected. The share
    of digits among a mark's companions (a beta-binomial estimate) shifts its log odds, upwards by
    little; as that changes other shares, it is done a few times over.
    """
    if not chosen:
        return scores
    candidates = [layout.candidates[index] for index in chosen]
    taken = _taken(candidates)
    lone = _lone(layout, taken)
    lost = parameters.dotted * np.array([_has_dot(each, lone) for each in candidates], np.float64)
    lost += [
        0.0 if each.line in easy else _torn(layout, each, taken, parameters) for each in candidates
    ]
    boxes = np.array([candidate.box for candidate in candidates], np.float64)
    lost += parameters.entangled * _entangled(boxes)
    lines = np.array([candidate.line for candidate in candidates])
    lost += parameters.dwarfed * _dwarfed(boxes, lines)
    strokes = digits == STROKE
    if strokes.any():
        lost += parameters.zigzag * _zigzag(layout, candidates, strokes)
        lost += parameters.crossed * (strokes & _crossed(layout, candidates))
    lost += parameters.percent * _in_percent_sign(boxes, digits)
    if strokes.all():
        lost += parameters.again * (len(digits) - 1)
    of_border = np.where(strokes, parameters.framed, parameters.cropped)
    lost += of_border * _framed(boxes, lines, digits, layout.labels.shape)
    own = np.where(lost > 0, _log_odds(np.minimum(scores, parameters.surest)), _log_odds(scores))
    own -= lost
    strangers = _strangers(
        layout, taken, parameters.stranger * _usual_heights(layout, boxes, lines)
    )
    votes = np.where(digits == STROKE, parameters.stroke, 1.0)
    alike = _alike(np.array(layout.heights), parameters)
    marks = _company(lines, alike, votes, strangers)
    none = np.zeros_like(strangers)
    usual = parameters.usual_share
    lift = np.where(np.bincount(lines)[lines] > 1, parameters.lift, 0.0)
    adjusted = 1 / (1 + np.exp(-own))
    for _ in range(parameters.rounds):
        found = _company(lines, alike, votes * adjusted, none)
        shares = _shares(found, marks, parameters)
        shift = np.minimum(lift, _log_odds(shares) - math.log(usual / (1 - usual)))
        adjusted = 1 / (1 + np.exp(-(own + parameters.weight * shift)))
    return np.asarray(adjusted)


def _alike(heights: Floats, parameters: CompanyParameters) -> Floats:
    """How much each line says of each other one ``[n, n]``, 0 to 1, by how high they are; and
    nothing of itself."""
    ratio = np.minimum.outer(heights, heights) / np.maximum.outer(heights, heights)
    alike = np.clip((ratio - parameters.unlike) / (parameters.alike - parameters.unlike), 0, 1)
    np.fill_diagonal(alike, 0)
    return np.asarray(alike)


def _company(
    lines: NDArray[np.intp], alike: Floats, votes: Floats, strangers: Floats
) -> tuple[Floats, Floats]:
    """For each mark, the others' votes and the ``strangers``: on its line, and on all others, as
    far as these are ``alike``."""
    on = np.bincount(lines, weights=votes, minlength=len(strangers)) + strangers
    return on[lines] - votes, (alike @ on)[lines]


def _shares(
    found: tuple[Floats, Floats], marks: tuple[Floats, Floats], parameters: CompanyParameters
) -> Floats:
    """The share of digits at each mark: what its own line has, on top of what the others let expect
    (see `CompanyParameters`)."""
    told = parameters.page_weight + marks[1]
    untold = parameters.page_weight / told
    elsewhere = untold * parameters.usual_share + found[1] / told
    weight = untold * parameters.usual_weight + (1 - untold) * parameters.told_weight
    return np.asarray((weight * elsewhere + found[0]) / (weight + marks[0]))


def _taken(candidates: list[Candidate]) -> set[Place]:
    """Every piece that is part of a digit."""
    return {
        (candidate.line, position)
        for candidate in candidates
        for position in range(candidate.first, candidate.last + 1)
    }


def _usual_heights(layout: Layout, boxes: Floats, lines: NDArray[np.intp]) -> Floats:
    """The median height of the marks on each line, but no more than that of all of them."""
    heights: dict[int, list[float]] = {}
    for line, height in zip(lines.tolist(), boxes[:, 3].tolist(), strict=True):
        heights.setdefault(line, []).append(height)
    of_all = statistics.median(itertools.chain.from_iterable(heights.values()))
    usual = np.full(len(layout.lines), of_all)
    for line, of_line in heights.items():
        usual[line] = min(of_all, statistics.median(of_line))
    return usual


def _strangers(layout: Layout, taken: set[Place], least: Floats) -> Floats:
    """How many pieces of each line are in no digit, of those that have its ``least`` height in
    pixels; those that were one before they were cut, as a signature, count as one."""
    return np.array(
        [
            len(
                {
                    piece.of or piece.label
                    for position, piece in enumerate(pieces)
                    if piece.box[3] >= least[line] and (line, position) not in taken
                }
            )
            for line, pieces in enumerate(layout.lines)
        ],
        np.float64,
    )


def _torn(
    layout: Layout, candidate: Candidate, taken: set[Place], parameters: CompanyParameters
) -> float:
    """What a candidate's log odds lose for how it was cut off others."""
    line = layout.lines[candidate.line]
    before, after = candidate.first - 1, candidate.last + 1
    lost = 0.0
    if before >= 0 and line[before].cut:
        lost += _parting(layout, candidate, before, -1, taken, parameters)
    if line[candidate.last].cut:
        lost += _parting(layout, candidate, after, 1, taken, parameters)
    return lost


def _parting(
    layout: Layout,
    candidate: Candidate,
    beside: int,
    step: int,
    taken: set[Place],
    parameters: CompanyParameters,
) -> float:
    """What is lost on a side where a candidate was cut from piece ``beside``, further ones that way
    being connected with it: less the smaller what is left out there is."""
    if (candidate.line, beside) in taken:
        return parameters.parted
    line, left_out = layout.lines[candidate.line], []
    connected = True
    while connected and 0 <= beside < len(line) and (candidate.line, beside) not in taken:
        left_out.append(line[beside].box)
        connected = line[beside].cut if step > 0 else beside > 0 and line[beside - 1].cut
        beside += step
    if not left_out:  # parts of a slanted piece need not stand in the order of their cuts
        return parameters.torn
    _, _, width, height = union(left_out)
    return parameters.torn * min(1.0, max(width, height) / candidate.box[3])


def _zigzag(
    layout: Layout, candidates: list[Candidate], strokes: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Which of the marks are strokes, and were cut from ink in which nothing but several strokes
    was read."""
    sources = [
        {piece.of for piece in layout.lines[each.line][each.first : each.last + 1]} - {0}
        for each in candidates
    ]
    if not any(sources):
        return np.zeros(len(candidates), np.bool_)
    read = Counter(source for mark in sources for source in mark)
    several = {source for source, count in read.items() if count > 1}
    others = set().union(*itertools.compress(sources, ~strokes))
    only = several - others
    return np.array([not only.isdisjoint(mark) for mark in sources])


def _crossed(layout: Layout, candidates: list[Candidate]) -> NDArray[np.bool_]:
    """Which of the marks were cut out of a bar across them, of which something is left out on
    either side: a plus, a t."""
    return np.array([_is_crossed(layout, each) for each in candidates], np.bool_)


def _is_crossed(layout: Layout, candidate: Candidate) -> bool:
    run = layout.lines[candidate.line][candidate.first : candidate.last + 1]
    _, top, _, height = candidate.box
    if len(run) == len(candidate.labels):
        return False
    own = [piece for piece in run if piece.label in candidate.labels]
    sources = {piece.of for piece in own} - {0}
    across = [
        piece.middle[0]
        for piece in run
        if piece.of in sources
        and piece not in own
        and abs(piece.middle[1] - top - height / 2) < ACROSS * height
    ]
    left, right = (pick(piece.middle[0] for piece in own) for pick in (min, max))
    return bool(across) and min(across) < left and max(across) > right


def _in_percent_sign(boxes: Floats, digits: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Which of the marks are rings, one left and in the upper part of a taller mark, the other
    right and in its lower part."""
    rings = digits == RING_DIGIT
    if np.count_nonzero(rings) < 2:
        return np.zeros(len(boxes), np.bool_)
    left, top, width, height = boxes.T
    right, bottom, middle = left + width, top + height, left + width / 2
    ring = np.less.outer(height, RING * height) & rings[:, None]
    ring &= np.maximum.outer(left, left) - np.minimum.outer(right, right) <= RING_GAP * height
    ring &= np.greater.outer(top, top - RING_GAP * height)
    ring &= np.less.outer(bottom, bottom + RING_GAP * height)
    upper = ring & np.less.outer(middle, middle) & np.less.outer(bottom, top + RING * height)
    lower = ring & np.greater.outer(middle, middle) & np.greater.outer(top, bottom - RING * height)
    between = upper.any(axis=0) & lower.any(axis=0)
    return np.asarray(((upper | lower) & between).any(axis=1))


def _lone(layout: Layout, taken: set[Place]) -> list[Box]:
    """The boxes of the pieces that are in no digit and were not cut: a dot stands alone."""
    return [
        piece.box
        for line, pieces in enumerate(layout.lines)
        for position, piece in enumerate(pieces)
        if not (piece.parted or piece.cut or (position and pieces[position - 1].cut))
        and (line, position) not in taken
    ]


def _has_dot(candidate: Candidate, lone: list[Box]) -> bool:
    """Whether something small and left out sits right above or below: it is an i, an é, a ?."""
    left, top, width, height = candidate.box
    for x, y, piece_width, piece_height in lone:
        if not 0.08 * height <= max(piece_width, piece_height) <= 0.5 * height:
            continue
        inside = min(left + width, x + piece_width) - max(left, x) >= 0.5 * piece_width
        gap = max(y - (top + height), top - (y + piece_height))
        if inside and 0 <= gap <= 0.4 * height:
            return True
    return False


def _framed(boxes: Floats, lines: NDArray[np.intp], digits: NDArray[np.intp], size: Size) -> Floats:
    """For each mark that meets the picture's border, how many of the other digits do not, 0 to 1:
    of those on its line, if there are any.

    Boxes are ``[n, 4]``, and strokes say nothing of other marks.
    """
    left, top, width, height = boxes.T
    right, bottom = size[1] - left - width, size[0] - top - height
    meets = np.minimum.reduce([left, top, right, bottom]) <= NEAR
    framed = np.zeros(len(boxes))
    for index in np.flatnonzero(meets):
        others = digits != STROKE
        others[index] = False
        beside = others & (lines == lines[index])
        others = beside if beside.any() else others
        framed[index] = np.mean(~meets[others]) if others.any() else 0.0
    return framed


def _dwarfed(boxes: Floats, lines: NDArray[np.intp]) -> Floats:
    """How much smaller each mark is than the other digits of its line, from 0 at `LEAST_USUAL` of
    their median size to 1 at `DWARF`; 0 where there is no other."""
    sizes = boxes[:, 2:].max(axis=1)
    usual = usual_of_others(sizes, lines)
    short = (LEAST_USUAL - sizes / usual) / (LEAST_USUAL - DWARF)
    return np.asarray(np.clip(short, 0, 1))


def usual_of_others(sizes: Floats, lines: NDArray[np.intp]) -> Floats:
    """For each size ``[n]`` the median of the others on its line; itself where there is none."""
    usual = sizes.copy()
    for line in set(lines.tolist()):
        (places,) = np.nonzero(lines == line)
        if len(places) > 1:
            usual[places] = _median_of_others(sizes[places])
    return np.asarray(usual)


def _median_of_others(sizes: Floats) -> Floats:
    """For each of at least two sizes the median of all but itself."""
    order = np.argsort(sizes)
    rank = np.empty(len(sizes), np.intp)
    rank[order] = np.arange(len(sizes))
    middle = ((len(sizes) - 2) // 2, (len(sizes) - 1) // 2)
    # Once a size is taken out, those after it move up one place.
    low, high = (sizes[order[place + (place >= rank)]] for place in middle)
    return np.asarray((low + high) / 2)


def _entangled(boxes: Floats) -> NDArray[np.bool_]:
    """Whether each box shares most of its own area, or of the other's, with another one."""
    left, top, width, height = boxes.T
    right, bottom, area = left + width, top + height, width * height
    across = np.minimum.outer(right, right) - np.maximum.outer(left, left)
    down = np.minimum.outer(bottom, bottom) - np.maximum.outer(top, top)
    shared = np.maximum(across, 0) * np.maximum(down, 0)
    np.fill_diagonal(shared, 0)
    return np.asarray((shared >= 0.7 * np.minimum.outer(area, area)).any(axis=1))


def _log_odds(probability: Floats) -> Floats:
    clipped = np.minimum(np.maximum(probability, 1e-6), 1 - 1e-6)
    return np.asarray(np.log(clipped / (1 - clipped)))
