"""Changes to a picture that leave what is written in it as it was.

Every function takes and returns a grey picture ``[h, w]`` uint8.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.random import Generator

from digits.evaluation import scenes
from digits.evaluation.scenes import Grey
from digits.reading import Box


def inverted(grey: Grey) -> Grey:
    """Light on dark for dark on light."""
    return np.asarray(255 - grey, np.uint8)


def scaled(grey: Grey, factor: float) -> Grey:
    """``factor`` times as high and wide, averaged when smaller, smooth when larger."""
    size = (max(1, round(grey.shape[1] * factor)), max(1, round(grey.shape[0] * factor)))
    how = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(grey, size, interpolation=how), np.uint8)


def turned(grey: Grey, degrees: float) -> Grey:
    """Turned about its middle on a canvas that holds all of it.

    The corners that come in have the typical grey of the border, as programs fill them.
    """
    height, width = grey.shape
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1)
    cos, sin = abs(matrix[0, 0]), abs(matrix[0, 1])
    size = (round(width * cos + height * sin), round(height * cos + width * sin))
    matrix[:, 2] += (size[0] - width) / 2, (size[1] - height) / 2
    turned = cv2.warpAffine(
        grey,
        matrix,
        size,
        flags=cv2.INTER_CUBIC,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=(border_grey(grey),),
    )
    return np.asarray(turned, np.uint8)


def brightened(grey: Grey, levels: int) -> Grey:
    """Every pixel ``levels`` lighter, or darker if negative."""
    return np.asarray(np.clip(grey.astype(np.int16) + levels, 0, 255), np.uint8)


def contrasted(grey: Grey, factor: float) -> Grey:
    """Every pixel's distance from the middle grey ``factor`` times as large."""
    return np.asarray(np.clip((grey.astype(np.float32) - 128) * factor + 128.5, 0, 255), np.uint8)


def noisy(grey: Grey, sigma: float, rng: Generator) -> Grey:
    """Normally distributed noise of ``sigma`` grey levels on every pixel."""
    noise = rng.normal(0, sigma, grey.shape)
    return np.asarray(np.clip(grey + noise + 0.5, 0, 255), np.uint8)


def shaded(grey: Grey, least: float, *, across: bool) -> Grey:
    """Light that falls off evenly to ``least`` of itself, from left to right or from the top."""
    height, width = grey.shape
    ramp = np.linspace(1, least, width if across else height, dtype=np.float32)
    return np.asarray(grey * (ramp[None, :] if across else ramp[:, None]) + 0.5, np.uint8)


def compressed(grey: Grey, quality: int) -> Grey:
    """Through JPEG and back."""
    data = np.frombuffer(scenes.jpeg(grey, quality), np.uint8)
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_GRAYSCALE), np.uint8)


def widened(grey: Grey, share: float) -> Grey:
    """More margin on every side, ``share`` of the picture's own size, in the border's grey."""
    height, width = grey.shape
    x, y = round(width * share), round(height * share)
    border = cv2.BORDER_CONSTANT
    wide = cv2.copyMakeBorder(grey, y, y, x, x, border, value=(border_grey(grey),))
    return np.asarray(wide, np.uint8)


def narrowed(grey: Grey, share: float, boxes: list[Box]) -> Grey | None:
    """Less margin on every side by ``share`` of the picture's size, but no nearer to a digit than
    a tenth of its height; None where there is no margin to take."""
    height, width = grey.shape
    left, top = round(width * share), round(height * share)
    right, bottom = width - left, height - top
    for x, y, box_width, box_height in boxes:
        room = max(2, round(0.1 * box_height))
        left, top = min(left, x - room), min(top, y - room)
        right, bottom = max(right, x + box_width + room), max(bottom, y + box_height + room)
    cut = grey[max(top, 0) : bottom, max(left, 0) : right]
    return None if cut.shape == grey.shape else np.ascontiguousarray(cut)


def pen_changed(grey: Grey, pixels: int, *, dark_ink: bool) -> Grey:
    """Strokes ``pixels`` thicker, or thinner if negative, in all: what touches is not parted."""
    kernel = np.ones((abs(pixels) + 1,) * 2, np.uint8)
    darker = (pixels > 0) == dark_ink
    return np.asarray((cv2.erode if darker else cv2.dilate)(grey, kernel), np.uint8)


def border_grey(grey: Grey) -> int:
    """The median of the outermost pixels."""
    edges = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    return int(np.median(edges))
