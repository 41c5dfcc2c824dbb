"""Connected components by their contours (Suzuki and Abe 1985).

On a page, ink is sparse: following its outlines takes a tenth of the time that labelling every
pixel does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Box = tuple[int, int, int, int]


@dataclass(frozen=True)
class Component:
    """An 8-connected piece: its outline and those of its holes, and its box ``x, y, w, h``."""

    outlines: Sequence[NDArray[np.int32]]
    box: Box

    def draw(self, labels: NDArray[np.int16], label: int) -> None:
        """Set the component's pixels in ``labels`` to ``label``."""
        cv2.drawContours(labels, self.outlines, -1, label, cv2.FILLED)

    def mask(self) -> NDArray[np.bool_]:
        """The component's pixels inside its box: ``[h, w]``."""
        x, y, width, height = self.box
        drawn = np.zeros((height, width), np.uint8)
        cv2.drawContours(drawn, self.outlines, -1, 1, cv2.FILLED, offset=(-x, -y))
        return drawn.view(np.bool_)


def find(mask: NDArray[np.uint8], *, least_width: int = 1, least_size: int = 1) -> list[Component]:
    """Components of ``mask`` (nonzero is ink) at least so wide, and so wide or high, in pixels."""
    contours, hierarchy = cv2.findContours(mask, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    if hierarchy is None:
        return []
    found: list[Component] = []
    links = hierarchy[0].tolist()
    for outline, (_, _, hole, parent) in zip(contours, links, strict=True):
        if parent >= 0:
            continue
        box = cv2.boundingRect(outline)
        if box[2] < least_width or max(box[2], box[3]) < least_size:
            continue
        outlines = [outline]
        while hole >= 0:
            outlines.append(contours[hole])
            hole = links[hole][0]
        found.append(Component(outlines, tuple(box)))
    return found
