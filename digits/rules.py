"""Ruled and squared paper: printed lines are taken out of the ink before digits are looked for.

A ruled line is thin and long, and it runs off the picture or is much finer than the pen: the edge
of a sheet on a table does not run off. Only its thin places are removed: where a pen stroke crosses
it, the ink is taller than the line and stays.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from digits import components

Mask = NDArray[np.uint8]
Box = tuple[int, int, int, int]

DETECTION_SIDE = 640
"""Long side in pixels of the picture in which rules are looked for."""


@dataclass(frozen=True)
class RuleParameters:
    """Fractions: ``thickness`` of the long side, ``span`` of the side a rule runs along; of that
    span, ``cover`` is inked, and it climbs ``rise`` of it at most. ``gap`` is bridged along it,
    ``margin`` is left to the border it meets, ``steady`` is the length that each of its pieces has
    at least; ``most_ink`` of all the ink is the writing itself. Up to ``finer``
    times as broad as the strokes of the writing, a line need not meet the border.
    """

    thickness: float = 0.012
    span: float = 0.6
    cover: float = 0.72
    rise: float = 0.15
    steady: float = 0.03
    gap: float = 0.05
    margin: float = 0.03
    most_ink: float = 0.9
    finer: float = 0.65


def remove(mask: Mask, parameters: RuleParameters | None = None) -> Mask:
    """``mask`` (``[h, w]`` uint8, 0 or 1) without ruled lines, horizontal and vertical."""
    parameters = parameters or RuleParameters()
    rules = np.zeros_like(mask)
    _mark_horizontal(mask, rules, parameters)
    _mark_horizontal(mask.T, rules.T, parameters)
    removed = int(np.count_nonzero(rules))
    if not removed or removed > parameters.most_ink * np.count_nonzero(mask):
        return mask
    return np.asarray(mask & ~rules & 1, np.uint8)


def _mark_horizontal(mask: Mask, rules: Mask, parameters: RuleParameters) -> None:
    """Set in ``rules`` the thin ink along every horizontal rule of ``mask``.

    The rules are looked for in a smaller picture; the ink is taken from the full one.
    """
    height, width = mask.shape
    if width < 0.4 * height or width < 40:
        return
    scale = max(1.0, max(height, width) / DETECTION_SIDE)
    small = mask
    if scale > 1:
        size = (round(width / scale), round(height / scale))
        small = cv2.resize(mask * np.uint8(255), size, interpolation=cv2.INTER_AREA)
        small = (small > 64).view(np.uint8)
    for left, curve in _curves(np.ascontiguousarray(small), parameters):
        columns = np.arange(round(left * scale), min(width, round((left + len(curve)) * scale)))
        rows = np.interp((columns + 0.5) / scale - 0.5 - left, np.arange(len(curve)), curve)
        _mark_along(mask, rules, columns, (rows + 0.5) * scale - 0.5, parameters)


def _mark_along(
    mask: Mask,
    rules: Mask,
    columns: NDArray[np.intp],
    rows: NDArray[np.float64],
    parameters: RuleParameters,
) -> None:
    """Mark the ink near ``rows`` where it is no taller than a rule is thick."""
    thickest = _thickest(mask.shape, parameters)
    first = max(0, int(rows.min()) - 2 * thickest)
    last = min(mask.shape[0], int(rows.max()) + 2 * thickest + 1)
    window = (slice(first, last), slice(columns[0], columns[-1] + 1))
    band = np.ascontiguousarray(mask[window])
    tall = cv2.morphologyEx(band, cv2.MORPH_OPEN, np.ones((thickest + 1, 1), np.uint8))
    near = np.abs(np.arange(first, last)[:, None] - rows[None, :]) <= thickest
    rules[window] |= band & ~tall & near.view(np.uint8)


def _curves(mask: Mask, parameters: RuleParameters) -> Iterator[tuple[int, NDArray[np.float64]]]:
    """Each rule as its first column and its row in every column from there."""
    height, width = mask.shape
    if not _has_long_row(mask, parameters):
        return
    thickest = _thickest(mask.shape, parameters)
    tall = cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((thickest + 1, 1), np.uint8))
    thin = np.asarray(mask & ~tall & 1, np.uint8)
    reach = max(3, round(parameters.gap * width)) | 1
    thickened = cv2.dilate(thin, np.ones((3, 1), np.uint8))
    bridged = cv2.morphologyEx(thickened, cv2.MORPH_CLOSE, np.ones((1, reach), np.uint8))
    steady = max(9, round(parameters.steady * width))
    bridged = cv2.morphologyEx(bridged, cv2.MORPH_OPEN, np.ones((1, steady), np.uint8))
    for component in components.find(bridged, least_width=math.ceil(parameters.span * width)):
        left, top, span, rise = component.box
        box = (slice(top, top + rise), slice(left, left + span))
        curve = _gentle_curve(component.mask() & (thin[box] > 0), thickest)
        if curve is None or np.ptp(curve) > parameters.rise * span:
            continue
        near = np.abs(np.arange(rise)[:, None] - curve[None, :]) <= 1.5
        if ((mask[box] > 0) & near).any(axis=0).mean() < parameters.cover:
            continue
        runs_off = min(left, width - left - span) <= parameters.margin * width
        if runs_off or _finer_than_writing(component.box, mask, thin, tall, parameters):
            yield left, curve + top


def _finer_than_writing(
    box: Box, mask: Mask, thin: Mask, tall: Mask, parameters: RuleParameters
) -> bool:
    """Whether the line in ``box`` is finer than the rest, and the rest is the larger part.

    A hurried 1 has thin places too, but then most of the ink is thin; and a broad stroke has thin
    edges, but then there is no paper on one side of them.
    """
    left, top, span, rise = box
    line = thin[top : top + rise, left : left + span]
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
    return max(3, round(parameters.thickness * max(shape)))


def _gentle_curve(here: NDArray[np.bool_], thickest: int) -> NDArray[np.float64] | None:
    """The row, for each column, of the one parabola that most of ``here`` follows, if any does."""
    rows, columns = np.nonzero(here)
    near = np.ones(len(rows), bool)
    curve = np.zeros(3)
    for _ in range(3):
        if near.sum() < 8:
            return None
        curve = np.polyfit(columns[near] / here.shape[1], rows[near], 2)
        off = np.abs(np.polyval(curve, columns / here.shape[1]) - rows)
        near = off <= max(thickest, float(np.percentile(off, 60)))
    return np.polyval(curve, np.arange(here.shape[1]) / here.shape[1])


def _has_long_row(mask: Mask, parameters: RuleParameters) -> bool:
    """A cheap look before the real search: is any row, level or sloped, inked along most of it?"""
    side = 64
    band = max(1, mask.shape[0] // side)
    rows = cv2.dilate(mask * np.uint8(255), np.ones((band, 1), np.uint8))[::band]
    small = cv2.resize(rows, (side, side), interpolation=cv2.INTER_AREA)
    longest = 0
    for slope in np.linspace(-parameters.rise, parameters.rise, 7):
        shear = np.array([[1, 0, 0], [slope, 1, -slope * side / 2]])
        level = cv2.warpAffine(small, shear, (side, side), flags=cv2.INTER_NEAREST)
        inked = level.sum(axis=1, dtype=np.int64)
        longest = max(longest, int(np.convolve(inked, np.ones(3, np.int64)).max()))
    return longest >= parameters.span * parameters.cover * side * 255
