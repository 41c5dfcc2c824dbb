"""What is much fainter or finer than the digits: print that shines through from the other side,
what is left of wiped-off writing, the squares of the paper, the boxes of a form, noise, the edge of
a shadow.

Ink is what is strong for its surroundings (`digits.ink`), so that faint pencil and black marker
live on one page. Where no pen has been, anything is.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Collection
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from digits import components
from digits.components import Box
from digits.layout import Layout

Grey = NDArray[np.uint8]
Boxes = NDArray[np.float64]


@dataclass(frozen=True)
class FaintParameters:
    """A piece is faint if it has less than ``least`` of the strength of the stronger digits, or
    strokes of less than ``finest`` of the usual width of theirs; a digit of less than ``large`` of
    the largest one's height does not count among these. What is fine may be part of a broken digit
    if it is smaller than ``part`` and no further from what is not faint than ``near``, in heights
    of the digits. On a line with fine digits on it another pen wrote, or a smaller hand.

    ``weaker`` of a piece's pixels are at most as strong as it is taken to be: its edges, which are
    a pen's whole width where that is fine, do not count. ``stronger`` of the digits are at most as
    strong as the stronger ones.
    """

    weaker: float = 0.8
    stronger: float = 0.9
    least: float = 0.35
    finest: float = 0.36
    part: float = 0.8
    near: float = 0.2
    large: float = 0.4


def beside(
    found: Layout,
    strength: Grey,
    sure: Collection[int],
    parameters: FaintParameters,
    *,
    legible: Collection[int] = (),
) -> list[int]:
    """Which of the pieces, each a candidate, are faint; none where nothing is a ``sure`` digit.

    ``strength`` is ``[h, w]`` uint8, that of the ink; ``legible`` are those sure digits that no
    ruled line and no printed box is read as.
    """
    if not sure:
        return []
    candidates = found.candidates
    least_height = parameters.large * max(candidates[index].box[3] for index in sure)
    large = [index for index in sure if candidates[index].box[3] >= least_height]
    pens = [_pen(found, strength, index, parameters) for index in range(len(candidates))]
    of_page = _usual([pens[index] for index in large], parameters)
    on_line: dict[int, list[Pen]] = {}
    for index in large:
        pen = pens[index]
        if not (_is_pale(pen, of_page, parameters) or _is_fine(pen, of_page, parameters)):
            on_line.setdefault(candidates[index].line, []).append(pen)
    of_line = {line: _usual(digits, parameters) for line, digits in on_line.items()}
    usual = [of_line.get(each.line, of_page) for each in candidates]
    pale = {i for i, pen in enumerate(pens) if _is_pale(pen, usual[i], parameters)}
    fine = {i for i, pen in enumerate(pens) if _is_fine(pen, usual[i], parameters)} - pale
    if fine:
        height = statistics.median(candidates[index].box[3] for index in large)
        written = {candidates[i].line for i in fine.intersection(legible)}
        at_size = {i: _at_size(usual[i], candidates[i].box, height) for i in fine}
        small = {i for i in fine if not _is_fine(pens[i], at_size[i], parameters)}
        fine -= {i for i in fine & (small | set(sure)) if candidates[i].line in written}
        boxes = np.array([each.box for each in candidates], np.float64)
        solid = np.array([i not in pale and i not in fine for i in range(len(pens))])
        fine -= {i for i in fine if _may_be_part(boxes[i], boxes[solid], height, parameters)}
    return sorted(pale | fine)


class Pen(NamedTuple):
    """What a pen leaves: the strength of its ink, 0 to 255, and the width of its strokes in
    pixels."""

    strength: int
    width: float


def _usual(pens: list[Pen], parameters: FaintParameters) -> Pen:
    """That of the stronger digits, and the usual width of them all."""
    strengths = sorted(pen.strength for pen in pens)
    stronger = strengths[int(parameters.stronger * (len(strengths) - 1))]
    return Pen(stronger, statistics.median(pen.width for pen in pens))


def _at_size(pen: Pen, box: Box, height: float) -> Pen:
    """What a pen would be in a hand that writes digits of a box's size instead of this ``height``:
    what is fine beside it is so in a larger hand as well."""
    return pen._replace(width=pen.width * max(box[2:]) / height)


def _is_pale(pen: Pen, usual: Pen, parameters: FaintParameters) -> bool:
    return pen.strength < parameters.least * usual.strength


def _is_fine(pen: Pen, usual: Pen, parameters: FaintParameters) -> bool:
    return pen.width < parameters.finest * usual.width


def _may_be_part(box: Boxes, others: Boxes, height: float, parameters: FaintParameters) -> bool:
    """Whether a box ``[4]`` is small and near to one of the others ``[n, 4]``."""
    if max(box[2:]) >= parameters.part * height:
        return False
    starts, ends = others[:, :2], others[:, :2] + others[:, 2:]
    gaps = np.maximum(starts - (box[:2] + box[2:]), box[:2] - ends).max(axis=1)
    return bool((gaps <= parameters.near * height).any())


def _pen(found: Layout, strength: Grey, index: int, parameters: FaintParameters) -> Pen:
    around = components.window(found.candidates[index].box)
    here = found.labels[around] == found.candidates[index].labels[0]
    own = strength[around][here]
    place = int(parameters.weaker * (len(own) - 1))
    return Pen(int(np.partition(own, place)[place]), len(own) / _length(here))


def _length(here: NDArray[np.bool_]) -> float:
    """How long in pixels the strokes of a piece ``[h, w]`` are: one that rises at some angle has a
    run of ink in as many rows as the sine of that says, and in as many columns as the cosine."""
    in_rows = np.count_nonzero(here[:, 0]) + np.count_nonzero(here[:, 1:] > here[:, :-1])
    in_columns = np.count_nonzero(here[0]) + np.count_nonzero(here[1:] > here[:-1])
    return math.hypot(in_rows, in_columns)
