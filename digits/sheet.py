"""The sheet that lies on a table, or the board on a wall: what is around it is painted over.

Which of two is the paper, and how bright it is, is told by what most of any neighbourhood is. Where
a sheet is all in the picture, that may be the table. A sheet is known by its shape: a large region
of like brightness, with straight sides, with little ink in it, and a hard edge all around, which no
slope of light has. Its own brightness is then continued outwards, so that nothing is left but a
page with its digits.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from digits import components
from digits.components import Component
from digits.pyramid import Pyramid

Grey = NDArray[np.uint8]
Mask = NDArray[np.uint8]


@dataclass(frozen=True)
class SheetParameters:
    """A sheet covers a share of the picture between ``least`` and ``most``, is ``convex`` (the
    share that it fills of its convex hull), ``square`` (that its hull fills of a quadrilateral
    around it) and ``blank`` (the share of it that is not near ink), and differs from what
    is around it by a ``contrast`` in grey levels. A share of ``hard`` of its outline is an edge
    where brightness changes by ``edge`` grey levels and more.

    It is found in a small picture with a long side of ``side`` pixels. The others are odd numbers
    of these: a median is taken over ``smooth``, since noise is all edges and this takes none of a
    sheet's off; a ``dent`` in the outline (of ink, of a thumb) is closed; an edge is looked for and
    painted over in a ``rim``; brightness at the edge is averaged over what is ``nearby``.
    """

    least: float = 0.08
    most: float = 0.97
    convex: float = 0.96
    square: float = 0.82
    blank: float = 0.5
    contrast: float = 50.0
    hard: float = 0.9
    edge: float = 25.0
    side: int = 160
    smooth: int = 5
    dent: int = 9
    rim: int = 5
    nearby: int = 9


def alone(picture: Grey | Pyramid, parameters: SheetParameters | None = None) -> Grey | None:
    """A picture ``[h, w]`` uint8 with all but its sheet painted over; None if there is no sheet, or
    if the picture is smaller than the one in which sheets are found: it is rather of a digit."""
    pyramid = Pyramid.of(picture)
    grey = pyramid.grey
    parameters = parameters or SheetParameters()
    if max(grey.shape) < parameters.side:
        return None
    small = pyramid.shrunk(parameters.side)
    small = np.asarray(cv2.medianBlur(small, parameters.smooth), np.uint8)
    found = [
        sheets
        for threshold in _thresholds(small)
        for light in (True, False)
        if (sheets := _sheets((small > threshold) == light, small, parameters)) is not None
    ]
    if not found:
        return None
    # A part of it that the light falls on may be one as well.
    _, outline, blank = max(found, key=lambda sheets: sheets[0])
    size = (grey.shape[1], grey.shape[0])
    whole = _eroded(outline, parameters.rim) * np.uint8(255)
    kept = cv2.resize(whole, size, interpolation=cv2.INTER_LINEAR)
    cv2.threshold(kept, 127, 255, cv2.THRESH_BINARY, dst=kept)
    continued = _continued(small, blank, parameters.nearby)
    around = cv2.resize(continued, size, interpolation=cv2.INTER_LINEAR)
    return np.asarray(cv2.copyTo(grey, kept, around), np.uint8)


def _thresholds(small: Grey) -> Iterator[float]:
    """Otsu's threshold (1979), and that of what is below and above it: a shadow on the sheet makes
    three levels of light of two."""
    middle = _otsu(small)
    yield middle
    for part in (small[small <= middle], small[small > middle]):
        if part.size:
            yield _otsu(part)


def _otsu(grey: Grey) -> float:
    return cv2.threshold(grey.reshape(-1, 1), 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)[0]


def _sheets(
    region: NDArray[np.bool_], small: Grey, parameters: SheetParameters
) -> tuple[int, Mask, Mask] | None:
    """Those pieces of a region that are sheets: the area of the largest, their outlines filled, and
    what of these is blank, 1 there. None if there are none."""
    largest = 0
    outlines, blanks = np.zeros(small.shape, np.uint8), np.zeros(small.shape, np.uint8)
    width = max(1, int(parameters.least * small.shape[1]))
    for piece in components.find(region.view(np.uint8), least_width=width):
        if piece.box[2] * piece.box[3] < parameters.least * small.size:
            continue
        outline, blank = _filled(piece, small.shape)
        if not _is_sheet_like(piece, outline, blank, small, parameters):
            continue
        closed = _closed(outline, parameters.dent)
        if _hardness(closed, small, parameters) >= parameters.hard:
            largest = max(largest, int(np.count_nonzero(outline)))
            outlines |= closed
            blanks |= blank
    return (largest, outlines, blanks) if largest else None


def _is_sheet_like(
    piece: Component, outline: Mask, blank: Mask, small: Grey, parameters: SheetParameters
) -> bool:
    """Whether a piece is a sheet in all but its edge, which takes longest to look at."""
    area, own = int(np.count_nonzero(outline)), int(np.count_nonzero(blank))
    if (
        not parameters.least <= area / small.size <= parameters.most
        or own < parameters.blank * area
    ):
        return False
    if not _is_straight(piece, area, parameters):
        return False
    contrast = abs(float(np.median(small[blank > 0])) - float(np.median(small[outline == 0])))
    return contrast >= parameters.contrast


def _filled(piece: Component, shape: tuple[int, ...]) -> tuple[Mask, Mask]:
    outline, blank = np.zeros(shape, np.uint8), np.zeros(shape, np.uint8)
    cv2.drawContours(outline, piece.outlines[:1], -1, 1, cv2.FILLED)
    cv2.drawContours(blank, piece.outlines, -1, 1, cv2.FILLED)
    return outline, _eroded(blank, 3)


def _is_straight(piece: Component, area: int, parameters: SheetParameters) -> bool:
    """Whether a piece, whose outline encloses such an ``area``, has hardly a bay, and four corners,
    which seen at a slant are not right angles."""
    hull = cv2.convexHull(piece.outlines[0])
    drawn = np.zeros(piece.box[:1:-1], np.uint8)
    cv2.fillConvexPoly(drawn, hull - np.array(piece.box[:2]), (1,))
    if len(hull) < 4 or area < parameters.convex * np.count_nonzero(drawn):
        return False
    # Sides are left out one by one, each time that which adds least (Low and Ilie 2003).
    around = cv2.approxPolyN(hull.astype(np.float32), 4, epsilon_percentage=-1, ensure_convex=True)
    return bool(cv2.contourArea(hull) >= parameters.square * cv2.contourArea(around))


def _hardness(outline: Mask, small: Grey, parameters: SheetParameters) -> float:
    """The share of the outline, but for what is on the picture's border, with an edge nearby."""
    rim = (outline - _eroded(outline, 3)).view(np.bool_)
    near = np.ones((parameters.rim,) * 2, np.uint8)
    change = cv2.subtract(cv2.dilate(small, near), cv2.erode(small, near))[rim]
    return float(np.mean(change >= parameters.edge)) if change.size else 0.0


def _eroded(mask: Mask, width: int) -> Mask:
    # Nothing beyond the picture's border counts: what meets that has no edge there.
    return np.asarray(cv2.erode(mask, np.ones((width, width), np.uint8)), np.uint8)


def _closed(mask: Mask, width: int) -> Mask:
    # What is between a sheet and the picture's border is no part of it, however narrow.
    padded = np.pad(mask, width)
    closed = cv2.morphologyEx(padded, cv2.MORPH_CLOSE, np.ones((width, width), np.uint8))
    return np.asarray(closed[width:-width, width:-width], np.uint8)


def _continued(small: Grey, blank: Mask, nearby: int) -> Grey:
    """Every pixel as bright as the blank paper around the nearest pixel of that, so many pixels
    each way."""
    _, nearest = cv2.distanceTransformWithLabels(
        1 - blank, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    size = (nearby, nearby)
    weight = cv2.blur(blank.astype(np.float32), size)
    mean = cv2.blur(small * blank.astype(np.float32), size) / np.maximum(weight, 1e-6)
    of_label = np.zeros(1 + int(nearest.max()), np.float32)
    is_blank = blank.view(np.bool_)
    of_label[nearest[is_blank]] = mean[is_blank]
    return np.asarray(np.rint(cv2.blur(of_label[nearest], size)), np.uint8)
