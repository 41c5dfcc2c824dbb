"""A picture in smaller sizes, averaged over whole blocks of pixels.

Several stages look at a picture from further off, each from its own distance. Halving the sides is
by far the fastest way there, and most of what it takes is the first time: so what was halved is
kept for the next one.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Grey = NDArray[np.uint8]


class Pyramid:
    """A picture ``[h, w]`` uint8, and what its sides halved again and again leave of it."""

    def __init__(self, grey: Grey) -> None:
        self._halved = [grey]

    @classmethod
    def of(cls, picture: Grey | Pyramid) -> Pyramid:
        """A picture's pyramid; if it is one, itself."""
        return picture if isinstance(picture, Pyramid) else cls(picture)

    @property
    def grey(self) -> Grey:
        """The picture itself."""
        return self._halved[0]

    def halved(self, times: int) -> Pyramid:
        """The pyramid of the picture with its sides halved so often, each as far as it is longer
        than a pixel; what this one has halved further it has too."""
        self._halve(times)
        smaller = Pyramid(self._halved[times])
        smaller._halved = self._halved[times:]
        return smaller

    def averaged(self, block: int) -> Grey:
        """The mean of every whole block of so many pixels each way; a side that is shorter is a
        pixel then."""
        # Rounding once for every halving hardly shows.
        times = 0
        while block > 1 and block % 2 == 0:
            block, times = block // 2, times + 1
        self._halve(times)
        return _blocks(self._halved[times], block)

    def shrunk(self, side: int, *, quick: bool = False) -> Grey:
        """The picture with its long side at most ``side``, averaged.

        After whole blocks, less than a half is left to shrink. ``quick`` takes two by two pixels
        for that, in a fifth of the time.
        """
        grey = self.averaged(max(self.grey.shape) // side)
        scale = side / max(grey.shape)
        if scale >= 1:
            return grey
        size = (round(grey.shape[1] * scale), round(grey.shape[0] * scale))
        interpolation = cv2.INTER_LINEAR if quick else cv2.INTER_AREA
        return np.asarray(cv2.resize(grey, size, interpolation=interpolation), np.uint8)

    def _halve(self, times: int) -> None:
        while len(self._halved) <= times:
            self._halved.append(_blocks(self._halved[-1], 2))


def _blocks(grey: Grey, block: int) -> Grey:
    """The mean of every whole block, which is no longer than the picture's own side."""
    down, across = (max(1, min(block, side)) for side in grey.shape)
    if down == across == 1:
        return grey
    height, width = grey.shape[0] // down, grey.shape[1] // across
    whole = grey[: height * down, : width * across]
    return np.asarray(cv2.resize(whole, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
