"""What is drawn around digits: a circle, a box, the lines of a table. It is none itself."""

from __future__ import annotations

import statistics
from collections.abc import Collection
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from digits import components, layout
from digits.layout import Layout, LayoutParameters


@dataclass(frozen=True)
class EnclosureParameters:
    """A digit has at least ``least`` of the height of what encloses it, or ``usual`` of the median
    height of the digits, whichever is lower. No more is searched for holes than ``most`` of the
    picture's areas, for an enclosure may lie in another one."""

    least: float = 0.25
    usual: float = 0.7
    most: float = 20.0


def drop(
    found: Layout,
    sure: Collection[int],
    parameters: EnclosureParameters,
    layout_parameters: LayoutParameters,
) -> Layout:
    """The pieces without those in whose holes a digit lies.

    ``found`` is as `digits.layout.pieces` has it; ``sure`` are the indices of the candidates that
    are digits by themselves. The same layout where nothing is enclosed.
    """
    if len(sure) == 0 or len(found.candidates) < 2:
        return found
    boxes = np.array([each.box for each in found.candidates], np.float64)
    left, top, width, height = boxes.T
    right, bottom = left + width, top + height
    inner = np.array(sorted(sure))
    within = (
        np.greater.outer(left[inner], left)
        & np.greater.outer(top[inner], top)
        & np.less.outer(right[inner], right)
        & np.less.outer(bottom[inner], bottom)
    )
    usual = statistics.median(height[inner].tolist())
    high = height[inner, None] >= np.minimum(parameters.least * height, parameters.usual * usual)
    left_to_look = parameters.most * found.labels.size
    around: set[int] = set()
    for outer in np.flatnonzero((within & high).any(axis=0)).tolist():
        left_to_look -= int(width[outer] * height[outer])
        if left_to_look < 0:
            break
        if _has_in_hole(found, outer, inner[within[:, outer] & high[:, outer]].tolist()):
            around.add(outer)
    return layout.without(found, around, layout_parameters)


def _has_in_hole(found: Layout, outer: int, inner: Collection[int]) -> bool:
    """Whether all of one of the ``inner`` pieces lies in a hole of the ``outer`` one."""
    window = found.labels[components.window(found.candidates[outer].box)]
    paper = np.pad(window != found.candidates[outer].labels[0], 1, constant_values=True)
    _, regions = cv2.connectedComponents(paper.view(np.uint8), connectivity=4)
    outside: NDArray[np.bool_] = regions[1:-1, 1:-1] == regions[0, 0]
    seen = set(np.flatnonzero(np.bincount(window[outside])).tolist())
    return any(found.candidates[index].labels[0] not in seen for index in inner)
