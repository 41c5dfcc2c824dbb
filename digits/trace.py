"""Pictures of every stage of a reading, for people who want to see why."""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from digits.ink import Ink
from digits.layout import Layout
from digits.picture import Picture
from digits.reading import Digit

Pixels = NDArray[np.uint8]

GREEN = (40, 160, 40)
AMBER = (0, 140, 255)
BLUE = (200, 120, 40)


@dataclass
class Trace:
    """``stages`` maps a stage's name to its picture: ``[h, w]`` grey or ``[h, w, 3]`` BGR uint8.

    The names, in order: ``grey``, ``background_removed``, ``ink``, ``candidates``, ``boxes`` and
    ``tiles`` (the 28x28 images that the network saw, in reading order). ``evidence`` ``[n, 25]`` is
    what each digit was judged by, see `digits.confidence`.
    """

    stages: dict[str, Pixels] = field(default_factory=dict)
    evidence: NDArray[np.float32] | None = None

    def record(
        self,
        decoded: Picture,
        extracted: Ink,
        arranged: Layout,
        tiles: NDArray[np.float32],
        digits: tuple[Digit, ...],
    ) -> None:
        """Keep a picture of each stage of one reading."""
        self.stages["grey"] = decoded.grey
        self.stages["background_removed"] = np.asarray(
            cv2.bitwise_not(extracted.strength), np.uint8
        )
        self.stages["ink"] = np.where(extracted.mask > 0, 0, 255).astype(np.uint8)
        self.stages["candidates"] = _draw_candidates(extracted, arranged)
        self.stages["boxes"] = draw_boxes(decoded, digits)
        self.stages["tiles"] = tile_sheet(tiles)


def draw_boxes(decoded: Picture, digits: tuple[Digit, ...]) -> Pixels:
    """The picture with a box and a digit over each finding; uncertain ones amber with a ``?``."""
    drawn = cv2.cvtColor(decoded.grey, cv2.COLOR_GRAY2BGR)
    shrunk = decoded.grey.shape[1] / decoded.width
    thickness = max(1, round(max(drawn.shape) / 500))
    for digit in digits:
        x, y, width, height = (round(value * shrunk) for value in digit.box)
        colour = AMBER if digit.uncertain else GREEN
        cv2.rectangle(drawn, (x, y), (x + width, y + height), colour, thickness)
        label = f"{digit.digit}?" if digit.uncertain else str(digit.digit)
        size = max(0.4, height / 60)
        place = (x, max(y - 3 * thickness, round(22 * size)))
        cv2.putText(
            drawn, label, place, cv2.FONT_HERSHEY_SIMPLEX, size, colour, thickness, cv2.LINE_AA
        )
    return np.asarray(drawn, np.uint8)


def tile_sheet(tiles: NDArray[np.float32], *, columns: int = 20) -> Pixels:
    """Tiles ``[n, 28, 28, 1]`` as dark ink on white, ``columns`` a row, a line between them."""
    if not len(tiles):
        return np.full((28, 28), 255, np.uint8)
    side = tiles.shape[1] + 2
    across = min(columns, len(tiles))
    sheet = np.full((-(-len(tiles) // across) * side, across * side), 255, np.uint8)
    for index, pixels in enumerate(tiles[..., 0]):
        row, column = divmod(index, across)
        area = sheet[
            row * side + 1 : (row + 1) * side - 1, column * side + 1 : (column + 1) * side - 1
        ]
        area[:] = 255 - np.clip(pixels * 255, 0, 255).astype(np.uint8)
    return sheet


def _draw_candidates(extracted: Ink, arranged: Layout) -> Pixels:
    """Every box that was considered."""
    drawn = cv2.cvtColor(np.where(extracted.mask > 0, 0, 255).astype(np.uint8), cv2.COLOR_GRAY2BGR)
    for candidate in arranged.candidates:
        x, y, width, height = candidate.box
        cv2.rectangle(drawn, (x, y), (x + width, y + height), BLUE, 1)
    return np.asarray(drawn, np.uint8)
