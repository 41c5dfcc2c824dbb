"""Corrections as lessons: digits cut out of what people corrected, and pictures kept for the gate.

One correction in `HELD_OUT`, chosen by a hash of its reading's id, is never learned from: what
belongs to that part stays there from one retraining to the next.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from digits import ink, layout, picture, tile
from digits.errors import DigitsError
from digits.feedback.store import Kept
from digits.ink import Ink
from digits.look import LookParameters, cut_tiles, trimmed
from digits.reader import Reader
from digits.reading import Box, Digit
from digits.training.data import Labelled
from digits.training.examples import NOT_A_DIGIT
from digits.wire.feedback import Correction

HELD_OUT = 5
"""One in so many corrections is held out."""

ALIKE = 0.6
"""Overlap (intersection over union) from which two boxes mean the same ink."""

Tiles = NDArray[np.float32]


@dataclass(frozen=True)
class Lesson:
    """What a store of corrections has to teach.

    ``digits`` are those cut out for learning, ``NOT_A_DIGIT`` among their labels; ``held_out`` are
    the corrections that a new model is judged by; ``unusable`` counts those to learn from of which
    nobody knows where their digits are, or that cannot be read any more.
    """

    digits: Labelled
    held_out: tuple[Correction, ...]
    learned: int
    unusable: int


def collect(kept: Iterable[Kept], reader: Reader) -> Lesson:
    """Cut out what is to be learned; ``reader`` finds the ink, and the boxes that were not sent."""
    cut_out: list[tuple[Tiles, list[int]]] = []
    held_out: list[Correction] = []
    unusable = 0
    for each in kept:
        if is_held_out(each.correction.reading_id):
            held_out.append(each.correction)
        elif (found := cut(each.correction, reader)) is None:
            unusable += 1
        else:
            cut_out.append(found)
    tiles = [np.zeros((0, tile.SIDE, tile.SIDE), np.float32), *(tiles for tiles, _ in cut_out)]
    labels = [label for _, labels in cut_out for label in labels]
    images = np.round(np.concatenate(tiles) * 255).astype(np.uint8)
    digits = Labelled(images, np.array(labels, np.int64))
    return Lesson(digits, tuple(held_out), len(cut_out), unusable)


def is_held_out(reading_id: str) -> bool:
    """Whether the correction of this reading is for the gate alone."""
    return hashlib.sha256(reading_id.encode()).digest()[0] % HELD_OUT == 0


def cut(correction: Correction, reader: Reader) -> tuple[Tiles, list[int]] | None:
    """Tiles ``[n, 28, 28]`` and labels of the corrected digits, and of what is none although it was
    read as one. None if it is not known where the digits are."""
    try:
        digits = reader.read(correction.picture).digits
        boxes = _boxes(correction, reader, digits)
        if boxes is None:
            return None
        struck_out = [each.box for each in digits if not _among(each.box, boxes)]
        tiles = _tiles(correction.picture, [*boxes, *struck_out], reader)
    except DigitsError:
        return None
    labels = [int(digit) for row in correction.rows for digit in row]
    labels += [NOT_A_DIGIT] * len(struck_out)
    seen = np.asarray(tiles.any(axis=(1, 2)))  # a box around nothing teaches nothing
    return tiles[seen], [label for label, there in zip(labels, seen, strict=True) if there]


def _boxes(correction: Correction, reader: Reader, digits: Sequence[Digit]) -> Sequence[Box] | None:
    """Where the corrected digits are: as was sent, else as the reader finds them."""
    if correction.boxes is not None:
        return correction.boxes
    found: dict[int, int] = {}
    for each in digits:
        found[each.row] = found.get(each.row, 0) + 1
    wanted = [len(row) for row in correction.rows]
    if [found[row] for row in sorted(found)] == wanted or not wanted:
        return [each.box for each in digits] if wanted else []
    if not digits and wanted == [1]:  # all the ink there is
        return [each.box for each in reader.read(correction.picture, single=True).digits] or None
    return None


def _tiles(data: bytes, boxes: Sequence[Box], reader: Reader) -> Tiles:
    """The ink in each box as the network would see it: ``[n, 28, 28]``."""
    decoded = picture.decode(data, reader.limits)
    extracted = ink.extract(decoded.grey, reader.parameters.ink, enlarge=True)
    arranged = layout.find(extracted, reader.parameters.layout)
    of_look = reader.parameters.look
    candidates = cut_tiles(extracted, arranged.labels, arranged.candidates, of_look)
    height, width = extracted.strength.shape
    scale = width / decoded.width, height / decoded.height
    tiles = np.zeros((len(boxes), tile.SIDE, tile.SIDE), np.float32)
    for index, box in enumerate(boxes):
        working = _scaled(box, *scale)
        overlaps = [overlap(working, candidate.box) for candidate in arranged.candidates]
        best = int(np.argmax(overlaps)) if overlaps else -1
        if best >= 0 and overlaps[best] >= ALIKE:
            tiles[index] = candidates[best, ..., 0]
        else:
            tiles[index] = _all_ink(extracted, working, of_look)
    return tiles


def _all_ink(
    extracted: Ink, box: tuple[float, float, float, float], parameters: LookParameters
) -> Tiles:
    x, y, width, height = box
    rows = slice(max(0, int(y)), int(np.ceil(y + height)))
    columns = slice(max(0, int(x)), int(np.ceil(x + width)))
    strength = extracted.strength[rows, columns]
    return tile.normalise(trimmed(strength, parameters))


def _scaled(box: Box, across: float, down: float) -> tuple[float, float, float, float]:
    return box[0] * across, box[1] * down, box[2] * across, box[3] * down


def _among(box: Box, boxes: Sequence[Box]) -> bool:
    """Whether a box has much in common with one of the others, so that its ink is spoken for."""
    return any(overlap(box, each) > 0.2 for each in boxes)


def overlap(one: Sequence[float], other: Sequence[float]) -> float:
    """Intersection over union of two boxes (x, y, width, height)."""
    across = min(one[0] + one[2], other[0] + other[2]) - max(one[0], other[0])
    down = min(one[1] + one[3], other[1] + other[3]) - max(one[1], other[1])
    if across <= 0 or down <= 0:
        return 0.0
    both = across * down
    return both / (one[2] * one[3] + other[2] * other[3] - both)
