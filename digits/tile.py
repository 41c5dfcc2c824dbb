"""One digit's ink as MNIST has it.

The digit is scaled into a 20x20 box with its proportions kept and smooth edges, then placed in
28x28 with its centre of mass in the middle, as LeCun, Cortes and Burges describe for MNIST
(http://yann.lecun.com/exdb/mnist/). Training and reading both go through here, so the network
meets nothing in a photo that it was not trained on.
"""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

SIDE = 28
BOX = 20
LARGE = 12_000
"""Pixels from which a digit's ink is averaged by its integral image."""

Ink = NDArray[np.uint8]
Tile = NDArray[np.float32]


def normalise(strength: Ink) -> Tile:
    """Scale, brighten and centre the ink of one digit.

    ``strength`` is ``[h, w]`` uint8, 0 where there is no ink and up to 255 where there is; its
    border fits the digit closely (see `crop`). Returns ``[28, 28]`` float32 from 0 to 1, where 1
    is the strongest ink; all zeros if there is none.
    """
    height, width = strength.shape
    scale = BOX / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    if scale > 1:
        strength = np.asarray(cv2.resize(strength, size, interpolation=cv2.INTER_CUBIC), np.uint8)
    elif scale < 1:
        strength = _averaged(strength, size)
    tile = np.zeros((SIDE, SIDE), np.float32)
    moments = cv2.moments(strength)
    if moments["m00"] == 0:
        return tile
    peak = float(strength.max())
    left = _start(moments["m10"] / moments["m00"], size[0])
    top = _start(moments["m01"] / moments["m00"], size[1])
    np.multiply(
        strength,
        np.float32(1 / peak),
        out=tile[top : top + size[1], left : left + size[0]],
        dtype=np.float32,
    )
    return tile


def _averaged(strength: Ink, size: tuple[int, int]) -> Ink:
    """``strength`` shrunk to ``size`` (width, height), each pixel the mean of the area it covers.

    Of what is large, areas are looked up in the integral image (Crow 1984, *Summed-area tables*),
    between two of its pixels in proportion: the same numbers as OpenCV's, which adds up one pixel
    after the other, in half of the time. Sums of 32 bits do for eight million pixels.
    """
    height, width = strength.shape
    if height * width < LARGE:
        return np.asarray(cv2.resize(strength, size, interpolation=cv2.INTER_AREA), np.uint8)
    rows, row_part = _edges(height, size[1])
    columns, column_part = _edges(width, size[0])
    near = cv2.integral(strength).ravel().take(rows[:, None] * (width + 1) + columns)
    above, below = near[: size[1] + 1], near[size[1] + 1 :]
    across = above + (below - above) * row_part[:, None]
    across = across[1:] - across[:-1]
    before, after = across[:, : size[0] + 1], across[:, size[0] + 1 :]
    areas = before + (after - before) * column_part
    means = (areas[:, 1:] - areas[:, :-1]) * (size[0] * size[1] / (height * width))
    return np.asarray(np.rint(means), np.uint8)


@lru_cache(maxsize=1024)
def _edges(length: int, count: int) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Where ``length`` pixels are parted into ``count`` equal ones: the pixel before each edge, for
    all edges, then the one after each ``[2 (count + 1)]``, and how far it is from one to the other,
    0 to 1 ``[count + 1]``."""
    edges: NDArray[np.float64] = np.linspace(0, length, count + 1)
    before = np.minimum(edges.astype(np.intp), length - 1)
    return np.concatenate([before, before + 1]), edges - before


def crop(strength: Ink, threshold: int = 0) -> Ink:
    """The part of ``strength`` that holds all ink above ``threshold``; 1x1 if there is none."""
    left, top, width, height = cv2.boundingRect((strength > threshold).view(np.uint8))
    if not width:
        return strength[:1, :1]
    return strength[top : top + height, left : left + width]


def _start(mass: float, length: int) -> int:
    """Where ``length`` pixels begin so that ``mass`` falls on the middle, kept inside the tile."""
    return min(max(round(SIDE / 2 - mass), 0), SIDE - length)
