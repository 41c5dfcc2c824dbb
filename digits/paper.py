"""How bright the paper is everywhere: what a picture is divided by to take its light out.

Paper is the average of what is not ink nearby, and ink is what a morphological closing fills. An
average follows slopes and soft shadows up to the border. At a hard edge, of a shadow or of a sheet
on a dark table, it would be neither side's. There the picture is averaged in multiples of its own
closing, which has the edge where it is.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from digits.components import Runs

Grey = NDArray[np.uint8]
Mask = NDArray[np.uint8]
Floats = NDArray[np.float32]


@dataclass(frozen=True)
class PaperParameters:
    """An edge is hard where the closing falls by a fraction of ``step`` and more within three
    pixels. The closing that follows it is as wide as so many of the broader ``strokes``, and
    ``narrowest`` pixels at least, for those that are a pixel wide; strokes of more than the
    fraction ``hardly`` of the first closing have such edges themselves. What an edge leaves is
    ``beside`` pixels across.

    Ink is what is darker than the closing, relative to it, by a fraction of ``otsu`` of Otsu's
    threshold (1979) and by ``least_depth`` of 255. Where a share of ``few`` of a window is no ink,
    the closing counts as much as that.
    """

    step: float = 0.2
    strokes: float = 4.0
    narrowest: int = 9
    hardly: float = 0.5
    beside: int = 5
    otsu: float = 0.6
    least_depth: int = 25
    few: float = 0.02


def brightness(small: Grey, parameters: PaperParameters, *, closing: int, window: int) -> Grey:
    """The brightness of the paper of a small picture ``[h, w]`` uint8 with dark ink, 0 to 255.

    ``closing`` is the width in pixels of what may be ink, ``window`` that of what is averaged; both
    are odd.
    """
    smooth = np.asarray(cv2.GaussianBlur(small, (3, 3), 0), np.uint8)
    square = np.ones((closing, closing), np.uint8)
    closed = np.asarray(cv2.morphologyEx(smooth, cv2.MORPH_CLOSE, square), np.uint8)
    inked = _inked(smooth, closed, parameters)
    paper = _averaged(smooth, closed, inked, window, parameters.few)
    edges = _falls(closed, parameters.step)
    stroke = closing
    if edges.any():
        beside = cv2.dilate(edges, np.ones((parameters.beside,) * 2, np.uint8))
        stroke = _broad_stroke(inked, cv2.subtract(closed, smooth), np.asarray(beside, np.uint8))
    # Strokes that are hardly filled by the closing are such edges too.
    if stroke <= parameters.hardly * closing:
        width = max(min(closing, int(parameters.strokes * stroke) | 1), parameters.narrowest)
        sharp = _with_edges(smooth, width, window, parameters)
        # As far as the average sees the edge, and fading beyond.
        reach = 2 * window - 1
        near = cv2.dilate(edges, np.ones((reach, reach), np.uint8)).astype(np.float32)
        paper += cv2.blur(near, (window, window)) * (sharp - paper)
    return np.asarray(np.clip(paper, 0, 255), np.uint8)


def _inked(smooth: Grey, closed: Grey, parameters: PaperParameters) -> Mask:
    """1 where a picture is so much darker than its closing that it is ink."""
    depth = cv2.bitwise_not(cv2.divide(smooth, np.maximum(closed, 1), scale=255))
    otsu, _ = cv2.threshold(depth, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    least = int(max(parameters.otsu * otsu, parameters.least_depth))
    return np.asarray(depth > least).view(np.uint8)


def _averaged(
    values: Grey | Floats, closed: Grey | float, inked: Mask, window: int, few: float
) -> Floats:
    """The mean of ``values`` without ink over a window (normalised convolution, Knutsson and
    Westin 1993); where only ``few`` of it is no ink, what that is filled with."""
    weight = (1 - cv2.dilate(inked, np.ones((3, 3), np.uint8))).astype(np.float32)
    size, border = (window, window), cv2.BORDER_CONSTANT
    total = cv2.blur(values * weight, size, borderType=border)
    count = cv2.blur(weight, size, borderType=border)
    return np.asarray((total + few * closed) / (count + few), np.float32)


def _with_edges(smooth: Grey, width: int, window: int, parameters: PaperParameters) -> Floats:
    """Paper whose edges are those of the closing. Along these it is as dark as on their dark side,
    since a small picture cannot tell on which side of them a pixel is."""
    closed = np.maximum(_closed(smooth, width), 1)
    level = closed.astype(np.float32)
    relative = np.divide(smooth, level, dtype=np.float32)
    inked = _inked(smooth, closed, parameters)
    paper = level * _averaged(relative, 1.0, inked, window, parameters.few)
    return np.where(
        _falls(paper, parameters.step), cv2.erode(paper, np.ones((3, 3), np.uint8)), paper
    )


def _falls(values: Grey | Floats, step: float) -> NDArray[np.uint8]:
    """1 where the least of three by three pixels is smaller than the greatest by such a share."""
    near = np.ones((3, 3), np.uint8)
    least, most = cv2.erode(values, near), cv2.dilate(values, near)
    return np.asarray(least < (1 - step) * most).view(np.uint8)


def _closed(grey: Grey, width: int) -> Grey:
    """A morphological closing by an octagon of that width, put together of a square and two
    diagonals: what is dark and wider keeps its edges, slanted ones and round corners too."""
    # All eight sides are equally long, but for rounding: every shape needs a middle.
    corner = 2 * round(width / (2 + 2**0.5) / 2)
    diagonal = np.eye(corner + 1, dtype=np.uint8)
    square = np.ones((width - 2 * corner,) * 2, np.uint8)
    shapes = (square, diagonal, np.ascontiguousarray(diagonal[::-1]))
    for shape in shapes:
        grey = np.asarray(cv2.dilate(grey, shape), np.uint8)
    for shape in reversed(shapes):
        grey = np.asarray(cv2.erode(grey, shape), np.uint8)
    return grey


def _broad_stroke(inked: Mask, depth: Grey, beside: Mask) -> int:
    """How long in pixels the runs along the rows are in which half of the ink is, by its ``depth``;
    0 without any.

    What a closing leaves ``beside`` an edge, 1 there, is no stroke: runs that meet it only count
    where there are no others.
    """
    runs = Runs.of(inked)
    lengths, ink = runs.lengths(), runs.sums(depth)
    clear = runs.sums(beside) == 0
    if clear.any():
        lengths, ink = lengths[clear], ink[clear]
    if not len(lengths):
        return 0
    order = np.argsort(lengths)
    total = np.cumsum(ink[order])
    return int(lengths[order][np.searchsorted(total, total[-1] / 2)])
