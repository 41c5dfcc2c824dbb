"""Probabilities as log odds, where what speaks for and against something adds up."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

MOST = 14.0
"""Bounds log odds: beyond, there is nothing to tell apart."""


def log_odds(probability: NDArray[np.floating]) -> NDArray[np.float64]:
    """Those of each probability, 0 to 1, and `MOST` either way at the most."""
    least = np.exp(-MOST)
    clipped = np.minimum(np.maximum(np.asarray(probability, np.float64), least), 1 - least)
    return np.asarray(np.log(clipped / (1 - clipped)))
