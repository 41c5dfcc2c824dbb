"""One digit's ink as MNIST has it.

The digit is scaled into a 20x20 box with its proportions kept and smooth edges, then placed in
28x28 with its centre of mass in the middle, as LeCun, Cortes and Burges describe for MNIST
(http://yann.lecun.com/exdb/mnist/). Training and reading both go through here, so the network
meets nothing in a photo that it was not trained on.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

SIDE = 28
BOX = 20

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
    if size != (width, height):
        shrinks = scale < 1
        strength = np.asarray(
            cv2.resize(strength, size, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC)
        )
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


def crop(strength: Ink, threshold: int = 0) -> Ink:
    """The part of ``strength`` that holds all ink above ``threshold``; 1x1 if there is none."""
    left, top, width, height = cv2.boundingRect((strength > threshold).view(np.uint8))
    if not width:
        return strength[:1, :1]
    return strength[top : top + height, left : left + width]


def _start(mass: float, length: int) -> int:
    """Where ``length`` pixels begin so that ``mass`` falls on the middle, kept inside the tile."""
    return min(max(round(SIDE / 2 - mass), 0), SIDE - length)
