"""Pictures of the stages of a reading, as data: URLs."""

from __future__ import annotations

import cv2
import numpy as np
import pybase64
from numpy.typing import NDArray

from digits.trace import Trace

LONGEST = 1280
"""Pixels of a stage's longer side, at most: it is looked at, and a photo has many more."""


def as_data_urls(trace: Trace) -> dict[str, str]:
    """Stage name to ``data:image/png;base64,…``, in the order of the stages.

    Those of a large picture are scaled down to `LONGEST`; the tiles are left as they are.
    """
    return {
        name: _data_url(pixels if name == "tiles" else _scaled_down(pixels))
        for name, pixels in trace.stages.items()
    }


def _scaled_down(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    height, width = pixels.shape[:2]
    scale = LONGEST / max(height, width)
    if scale >= 1:
        return pixels
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)


def _data_url(pixels: NDArray[np.uint8]) -> str:
    # The fastest compression: these are looked at once, not kept.
    _, png = cv2.imencode(".png", pixels, (cv2.IMWRITE_PNG_COMPRESSION, 1))
    return "data:image/png;base64," + pybase64.b64encode(png.tobytes()).decode()
