"""Pictures of the stages of a reading, as data: URLs."""

from __future__ import annotations

import cv2
import numpy as np
import pybase64
from numpy.typing import NDArray

from digits.trace import Trace


def as_data_urls(trace: Trace) -> dict[str, str]:
    """Stage name to ``data:image/png;base64,…``, in the order of the stages."""
    return {name: _data_url(pixels) for name, pixels in trace.stages.items()}


def _data_url(pixels: NDArray[np.uint8]) -> str:
    # The fastest compression: these are looked at once, not kept.
    _, png = cv2.imencode(".png", pixels, (cv2.IMWRITE_PNG_COMPRESSION, 1))
    return "data:image/png;base64," + pybase64.b64encode(png.tobytes()).decode()
