"""How often each grey level occurs, and the level that a share of all pixels reaches."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.intp]


def histogram(grey: NDArray[np.uint8]) -> Counts:
    """How many pixels of ``grey`` there are of each of the 256 levels."""
    counts = cv2.calcHist([np.ascontiguousarray(grey)], [0], None, [256], [0, 256])
    return np.asarray(counts.ravel(), np.intp)


def quantile(counts: NDArray[np.float64] | Counts, share: float) -> int:
    """The level that a ``share``, 0 to 1, of all counted samples reach at most."""
    total = np.cumsum(counts)
    return int(np.searchsorted(total, share * total[-1]))


def middle_and_spread(counts: Counts) -> tuple[int, float]:
    """The median of counted samples, and what their standard deviation is if they are normal: 1.48
    times the median distance from it, which a few others do not move."""
    middle = quantile(counts, 0.5)
    distances = np.bincount(np.abs(np.arange(len(counts)) - middle), weights=counts)
    return middle, 1.4826 * quantile(distances, 0.5)
