"""The first picture of a process: drawn here, so that being ready depends on no file."""

from __future__ import annotations

import cv2
import numpy as np


def picture() -> bytes:
    """A PNG of 64x64 with a stroke in it, enough to take every stage once."""
    pixels = np.full((64, 64), 255, np.uint8)
    cv2.line(pixels, (32, 10), (30, 54), 0, 4, cv2.LINE_AA)
    _, png = cv2.imencode(".png", pixels)
    return png.tobytes()
