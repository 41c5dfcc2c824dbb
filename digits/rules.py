"""Ruled and squared paper: printed lines are taken out of the ink before digits are looked for.

A ruled line is thin and long, and it runs off the picture or is much finer than the pen: the edge
of a sheet on a table does not run off. Where the pen is much stronger than the lines, whatever is
no stronger than these goes. Of lines that are left only the thin places do: where a pen stroke
crosses one, the ink is taller than the line and stays.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from digits import components, levels

Mask = NDArray[np.uint8]
Strength = NDArray[np.uint8]

Curve = tuple[int, NDArray[np.float64]]
"""Where a rule is: its first column, and its row in every column from there."""


@dataclass(frozen=True)
class GlanceParameters:
    """A first look is at about ``side`` bands of the picture, a second one at a picture of ``side``
    by ``side`` pixels, along lines of so many ``slopes``. A share of ``shown`` of a rule's ink has
    to show: of all those known, 0.89 and more did.
    """

    side: int = 64
    shown: float = 0.7
    slopes: int = 7


@dataclass(frozen=True)
class CurveParameters:
    """A parabola is fitted in so many ``rounds``, after the first to the ``nearer`` per cent of the
    pixels and all that are no further off than a rule is thick, if they are ``least`` or more. It
    is inked where there is ink within ``within`` pixels of it.
    """

    rounds: int = 3
    nearer: float = 60.0
    least: int = 8
    within: float = 1.5


@dataclass(frozen=True)
class PrintParameters:
    """Print is as strong as the middle of what it is along its lines, and ``spreads`` standard
    deviations or a share of ``uneven`` more. The writing is as strong as what a share of
    ``weaker`` of the ink reaches at most.
    """

    spreads: float = 4.0
    uneven: float = 0.25
    weaker: float = 0.9


@dataclass(frozen=True)
class WallParameters:
    """Walls are looked for between rules that are ``least`` pixels apart and more. One covers a
    share of ``covers`` of the way from the one to the next at least, which a digit in a cell does
    not; gaps in it of less than ``gap`` pixels are bridged.
    """

    least: int = 12
    covers: float = 0.88
    gap: int = 5


@dataclass(frozen=True)
class RuleParameters:
    """Fractions: a rule is no thicker than ``thickness`` of the long side, and as long as ``span``
    of the side that it runs along; a share of ``cover`` of its own length is inked, and has paper
    beside it, and it climbs ``rise`` of that at most, as a wall leans. Of the side that it runs
    along, ``gap`` is bridged, ``margin`` is left to the border that it meets, or between the ends
    of two that are one thing's, and each of its pieces is ``steady`` long at least. ``most_ink`` of
    all the ink is the writing itself. Up to ``finer`` times as broad as the strokes of the writing,
    a line need not meet the border. ``several`` lines are printed ones; where writing is ``bolder``
    times as strong as they are, that tells it apart.

    They are looked for in blocks of pixels, so large that there are about ``detection_side`` along
    the long side, up to half as many again; a block of whose 255 parts more than ``inked`` are ink
    is ink. There the shortest picture along which there are rules has ``least_side`` pixels, and is
    ``short``, a fraction, of its other side at least; ``least_thickness``, ``least_gap`` and
    ``least_steady`` are the least in pixels that the fractions of those names come to.
    """

    thickness: float = 0.012
    span: float = 0.6
    cover: float = 0.72
    rise: float = 0.15
    steady: float = 0.03
    gap: float = 0.05
    margin: float = 0.03
    most_ink: float = 0.985
    finer: float = 0.65
    several: int = 3
    bolder: float = 1.5
    detection_side: int = 640
    inked: int = 64
    least_side: int = 40
    short: float = 0.4
    least_thickness: int = 3
    least_gap: int = 3
    least_steady: int = 9
    look: GlanceParameters = field(default_factory=GlanceParameters)
    curve: CurveParameters = field(default_factory=CurveParameters)
    printing: PrintParameters = field(default_factory=PrintParameters)
    walls: WallParameters = field(default_factory=WallParameters)


def remove(mask: Mask, strength: Strength, parameters: RuleParameters | None = None) -> Mask:
    """``mask`` (``[h, w]`` uint8, 0 or 1) without ruled lines, horizontal and vertical.

    ``strength`` (``[h, w]`` uint8) is that of everything, ink or not.
    """
    parameters = parameters or RuleParameters()
    block = max(1, round(max(mask.shape) / parameters.detection_side))
    if min(mask.shape) < block:  # a thread, in which nothing is written
        return mask
    small = _shrunk(mask, block, parameters.inked)
    turned = np.asarray(cv2.transpose(small), np.uint8)
    level = list(_curves(small, parameters))
    upright = list(_curves(turned, parameters))
    if not level and not upright:
        return mask
    walls, shelves = _rungs(small, level, parameters), _rungs(turned, upright, parameters)
    level = [_enlarged(each, block, mask.shape[1]) for each in (*level, *shelves)]
    upright = [_enlarged(each, block, mask.shape[0]) for each in (*upright, *walls)]
    along = [*_along(strength, level), *_along(strength.T, upright)]
    if len(along) >= parameters.several:
        printed = _strongest_print(np.concatenate(along), parameters.printing)
        strong = _strong(mask, strength, parameters.printing)
        if strong >= parameters.bolder * printed:
            mask = _stronger(mask, strength, printed)
            level = _left(mask, level, parameters)
            upright = _left(mask.T, upright, parameters)
    rules = np.zeros_like(mask)
    _mark(mask, rules, level, parameters)
    _mark(mask.T, rules.T, upright, parameters)
    removed = int(np.count_nonzero(rules))
    if not removed or removed > parameters.most_ink * np.count_nonzero(mask):
        return mask
    return np.asarray(mask & ~rules & 1, np.uint8)


def _enlarged(curve: Curve, block: int, width: int) -> Curve:
    """A curve that was found in blocks of pixels, in pixels of a picture so wide."""
    left, rows = curve
    columns = np.arange(left * block, min(width, (left + len(rows)) * block))
    found = np.interp((columns + 0.5) / block - 0.5 - left, np.arange(len(rows)), rows)
    return left * block, (found + 0.5) * block - 0.5


def _along(strength: Strength, curves: list[Curve]) -> Iterator[Strength]:
    """The strength of each rule in each of its columns: the greatest of three rows."""
    for left, curve in curves:
        middle = np.rint(curve).astype(np.intp)
        columns = left + np.arange(len(curve))
        rows = np.clip(middle + np.array([[-1], [0], [1]]), 0, len(strength) - 1)
        yield strength[rows, columns].max(axis=0)


def _strongest_print(along: Strength, parameters: PrintParameters) -> int:
    """The strength that printed lines hardly exceed, by what it is ``along`` them.

    Writing crosses them here and there, which a median does not notice.
    """
    middle, spread = levels.middle_and_spread(levels.histogram(along))
    more = max(parameters.spreads * spread, parameters.uneven * middle)
    return min(255, round(middle + more))


def _strong(mask: Mask, strength: Strength, parameters: PrintParameters) -> int:
    """The strength of the writing, which is that of the strongest part of the ink."""
    return levels.quantile(levels.histogram(strength[mask > 0]), parameters.weaker)


def _stronger(mask: Mask, strength: Strength, printed: int) -> Mask:
    """The ink that is stronger than what is ``printed``, with its edges: these are not."""
    strong = mask & np.greater(strength, printed).view(np.uint8)
    return np.asarray(mask & cv2.dilate(strong, np.ones((3, 3), np.uint8)), np.uint8)


def _left(mask: Mask, curves: list[Curve], parameters: RuleParameters) -> list[Curve]:
    """Those of the rules that are all there still: a margin, which is printed stronger."""
    return [
        curve
        for curve, along in zip(curves, _along(mask, curves), strict=True)
        if along.mean() >= parameters.cover
    ]


def _shrunk(mask: Mask, block: int, inked: int) -> Mask:
    """1 for every whole block of so many pixels each way of which more than ``inked`` of 255 parts
    are ink."""
    if block == 1:
        return mask
    height, width = mask.shape[0] // block, mask.shape[1] // block
    whole = mask[: height * block, : width * block] * np.uint8(255)
    averaged = cv2.resize(whole, (width, height), interpolation=cv2.INTER_AREA)
    return np.asarray(averaged > inked).view(np.uint8)


def _mark(mask: Mask, rules: Mask, curves: list[Curve], parameters: RuleParameters) -> None:
    """Set in ``rules`` the ink near the ``curves`` where it is no taller than a rule is thick."""
    thickest = _thickest(mask.shape, parameters)
    for left, rows in curves:
        first = max(0, int(rows.min()) - 2 * thickest)
        last = min(mask.shape[0], int(rows.max()) + 2 * thickest + 1)
        window = (slice(first, last), slice(left, left + len(rows)))
        band = np.ascontiguousarray(mask[window])
        tall = cv2.morphologyEx(band, cv2.MORPH_OPEN, np.ones((thickest + 1, 1), np.uint8))
        near = np.abs(np.arange(first, last)[:, None] - rows[None, :]) <= thickest
        rules[window] |= band & ~tall & near.view(np.uint8)


def _curves(mask: Mask, parameters: RuleParameters) -> Iterator[Curve]:
    """Each horizontal rule."""
    height, width = mask.shape
    if width < parameters.short * height or width < parameters.least_side:
        return
    reach = max(parameters.least_gap, round(parameters.gap * width)) | 1
    least_width = math.ceil(parameters.span * width)
    if not _may_have_any(mask, reach, least_width, parameters):
        return
    thickest = _thickest(mask.shape, parameters)
    tall = cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((thickest + 1, 1), np.uint8))
    thin = np.asarray(cv2.subtract(mask, tall), np.uint8)
    if not _has_long_row(thin, parameters):
        return
    thickened = cv2.dilate(thin, np.ones((3, 1), np.uint8))
    bridged = cv2.morphologyEx(thickened, cv2.MORPH_CLOSE, np.ones((1, reach), np.uint8))
    steady = max(parameters.least_steady, round(parameters.steady * width))
    bridged = cv2.morphologyEx(bridged, cv2.MORPH_OPEN, np.ones((1, steady), np.uint8))
    lines: list[tuple[Curve, bool]] = []
    for component in components.find(bridged, least_width=least_width):
        left, top, span, rise = component.box
        box = components.window(component.box)
        curve = _gentle_curve(component.mask() & (thin[box] > 0), thickest, parameters.curve)
        if curve is None or np.ptp(curve) > parameters.rise * span:
            continue
        near = np.abs(np.arange(rise)[:, None] - curve[None, :]) <= parameters.curve.within
        if ((mask[box] > 0) & near).any(axis=0).mean() < parameters.cover:
            continue
        line = (left, curve + top)
        alone = _runs_off(line, width, parameters) or _finer_than_writing(
            component.box, mask, thin, tall, parameters
        )
        lines.append((line, alone))
    rules = [line for line, alone in lines if alone]
    yield from rules
    for line, alone in lines:
        if not alone and any(_same_ends(line, rule, width, parameters) for rule in rules):
            yield line


def _may_have_any(mask: Mask, reach: int, least_width: int, parameters: RuleParameters) -> bool:
    """A cheap look before the search: whether in some band of the picture, no higher than a rule
    may climb, so many columns have ink as a rule has, and go on for as long as it does, gaps of
    less than ``reach`` bridged.

    A row of digits that stand apart has too few, and rows of writing have gaps between them.
    """
    step = max(1, mask.shape[0] // parameters.look.side)
    whole = len(mask) // step * step
    lines = np.bitwise_or.reduce(mask[:whole].reshape(-1, step, mask.shape[1]), axis=1)
    lines[-1:] |= np.bitwise_or.reduce(mask[whole:], axis=0)
    high = math.ceil((parameters.rise * mask.shape[1] + 4) / step) + 2
    bands = cv2.dilate(lines, np.ones((high, 1), np.uint8))
    bands = bands[np.count_nonzero(bands, axis=1) >= parameters.cover * least_width]
    if not len(bands):
        return False
    bridged = cv2.morphologyEx(bands, cv2.MORPH_CLOSE, np.ones((1, reach), np.uint8))
    kernel, border = np.ones((1, least_width), np.uint8), cv2.BORDER_CONSTANT
    return bool(cv2.erode(bridged, kernel, borderType=border, borderValue=0).any())


def _runs_off(line: Curve, width: int, parameters: RuleParameters) -> bool:
    left, rows = line
    return min(left, width - left - len(rows)) <= parameters.margin * width


def _same_ends(one: Curve, other: Curve, width: int, parameters: RuleParameters) -> bool:
    """Whether two lines begin and end right below each other, as those of a table and a frame do:
    across them, where they are sloped."""
    (left, rows), (other_left, other_rows) = one, other
    slope = float(rows[-1] - rows[0]) / len(rows)
    shift = slope * float(other_rows[0] - rows[0])
    ends = (other_left - left, other_left + len(other_rows) - left - len(rows))
    return max(abs(end + shift) for end in ends) <= parameters.margin * width


def _rungs(mask: Mask, rules: list[Curve], parameters: RuleParameters) -> list[Curve]:
    """The walls between the cells of a table, or of a form's field: thin and straight, from one
    rule to the next one that has the same ends. They are found as columns for each row.

    Rules that run off the picture have none: what reaches from one to the next is a 1.
    """
    width = mask.shape[1]
    inside = [line for line in rules if not _runs_off(line, width, parameters)]
    inside.sort(key=lambda line: float(line[1].mean()))
    found: list[Curve] = []
    for above, below in itertools.pairwise(inside):
        if _same_ends(above, below, width, parameters):
            found += _between(mask, above, below, parameters)
    return found


def _between(mask: Mask, above: Curve, below: Curve, parameters: RuleParameters) -> Iterator[Curve]:
    """The walls from one rule to another, looked for in a band that is as sloped as these are."""
    thickest = _thickest(mask.shape, parameters)
    height = round(float(below[1].mean() - above[1].mean()))
    if height < parameters.walls.least:
        return
    aside = round(parameters.rise * height) + thickest
    columns = np.arange(max(0, above[0] - aside), above[0] + len(above[1]) + aside)
    columns = columns[columns < mask.shape[1]]
    first = np.interp(columns, above[0] + np.arange(len(above[1])), above[1])
    # A rule at the border of the picture may be curved beyond it.
    first = np.clip(np.rint(first), 0, mask.shape[0] - 1).astype(np.intp)
    lines = np.clip(first + np.arange(height)[:, None], 0, mask.shape[0] - 1)
    band = np.ascontiguousarray(mask[lines, columns])
    wide = cv2.morphologyEx(band, cv2.MORPH_OPEN, np.ones((1, thickest + 1), np.uint8))
    slim = np.asarray(band & ~wide & 1, np.uint8)
    gap = np.ones((parameters.walls.gap, 1), np.uint8)
    joined = cv2.morphologyEx(slim, cv2.MORPH_CLOSE, gap)
    least_tall = parameters.walls.covers * height
    for component in components.find(joined, least_size=math.ceil(least_tall)):
        x, y, span, tall = component.box
        if tall < least_tall or span > thickest + 2 * parameters.rise * height:
            continue
        rows, across = np.nonzero(slim[components.window(component.box)])
        if len(np.unique(rows)) < parameters.cover * tall:
            continue
        slope, start = np.polyfit(rows, across, 1)
        yield int(first[x + span // 2]) + y, columns[0] + x + start + slope * np.arange(tall)


def _finer_than_writing(
    box: components.Box, mask: Mask, thin: Mask, tall: Mask, parameters: RuleParameters
) -> bool:
    """Whether the line in ``box`` is finer than the rest, and the rest is the larger part.

    A hurried 1 has thin places too, but then most of the ink is thin; and a broad stroke has thin
    edges, but then there is no paper on one side of them.
    """
    left, top, span, rise = box
    line = thin[components.window(box)]
    beside = tall[max(0, top - 1) : top + rise + 1, left : left + span]
    inked = int(np.count_nonzero(line))
    if line.any(axis=0).mean() < parameters.cover or np.count_nonzero(tall) < inked:
        return False
    apart = 1 - beside.any(axis=0).mean()
    return bool(apart >= parameters.cover and inked <= parameters.finer * span * _pen(mask, tall))


def _pen(mask: Mask, tall: Mask) -> float:
    """How broad the strokes of the writing are in pixels.

    Over a stroke of width w the distance to its edge is w/4 on average, and half a pixel more
    since it is measured to the middle of the first pixel outside.
    """
    depth = cv2.distanceTransform(mask, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return 4 * (float(depth[tall > 0].mean()) - 0.5)


def _thickest(shape: tuple[int, ...], parameters: RuleParameters) -> int:
    return max(parameters.least_thickness, round(parameters.thickness * max(shape)))


def _gentle_curve(
    here: NDArray[np.bool_], thickest: int, parameters: CurveParameters
) -> NDArray[np.float64] | None:
    """The row, for each column, of the one parabola that most of ``here`` follows, if any does."""
    rows, columns = np.nonzero(here)
    near = np.ones(len(rows), bool)
    curve = np.zeros(3)
    for _ in range(parameters.rounds):
        if near.sum() < parameters.least:
            return None
        curve = np.polyfit(columns[near] / here.shape[1], rows[near], 2)
        off = np.abs(np.polyval(curve, columns / here.shape[1]) - rows)
        near = off <= max(thickest, float(np.percentile(off, parameters.nearer)))
    return np.polyval(curve, np.arange(here.shape[1]) / here.shape[1])


def _has_long_row(thin: Mask, parameters: RuleParameters) -> bool:
    """A cheap look before the real search: is any row, level or sloped, inked along a third of it?

    ``thin`` lacks what writing there is across a rule.
    """
    look = parameters.look
    band, block = (max(1, side // look.side) for side in thin.shape)
    rows = cv2.dilate(thin, np.ones((band, 1), np.uint8))[::band] * np.uint8(255)
    # Averaging whole blocks first is many times as fast.
    whole = (rows.shape[1] // block, len(rows))
    rows = cv2.resize(rows[:, : whole[0] * block], whole, interpolation=cv2.INTER_AREA)
    margin, places = _sheared(parameters.rise, look.side, look.slopes)
    small = np.zeros((look.side + 2 * margin, look.side), np.uint8)
    small[margin:-margin] = cv2.resize(rows, (look.side,) * 2, interpolation=cv2.INTER_AREA)
    near = np.zeros_like(small)  # a rule may lie between two rows
    near[1:-1] = cv2.add(cv2.add(small[:-2], small[1:-1]), small[2:])
    longest = near.ravel()[places].sum(axis=2, dtype=np.int32).max()
    return bool(longest >= look.shown * parameters.span * parameters.cover * look.side * 255)


@cache
def _sheared(rise: float, side: int, count: int) -> tuple[int, NDArray[np.intp]]:
    """The pixels along straight lines of so many slopes that climb up to ``rise`` of their length
    either way.

    They are places in a flat square of such a side with so many more rows above and below:
    ``[slope, row, column]``.
    """
    slopes = np.linspace(-rise, rise, count)
    margin = math.ceil(rise * side / 2) + 1
    row, column = np.mgrid[:side, :side]
    climbed = np.rint(slopes[:, None, None] * (column - side / 2)).astype(np.intp)
    return margin + 1, (row + climbed + margin + 1) * side + column
