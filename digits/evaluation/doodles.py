"""Drawings that nobody would take for digits, as coverage for `scenes`.

Outlines are polygons with corners in a unit square, shaken and gone over with a pen. Circles and
single strokes are left out: they are digits in some hand.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from digits.evaluation.scenes import Coverage

Points = NDArray[np.float64]
Drawing = list[Points]
"""Strokes, each ``[n, 2]`` points (x, y) from 0 to 1."""

FINER = 2


def draw(rng: Generator, which: int, side: int) -> Coverage:
    """One of the doodles, ``side`` pixels high and wide, with a random pen."""
    strokes = DOODLES[which % len(DOODLES)](rng)
    return outline(rng, strokes, side, pen=rng.uniform(0.012, 0.045))


def outline(rng: Generator, strokes: Drawing, side: int, *, pen: float) -> Coverage:
    """Strokes gone over by an unsteady hand; ``pen`` is the line's width as a part of ``side``."""
    large = side * FINER
    ink: NDArray[np.uint8] = np.zeros((large, large), np.uint8)
    thickness = max(FINER, round(pen * large))
    for stroke in strokes:
        shaken = stroke + rng.normal(0, 0.008, stroke.shape)
        pixels = np.rint((shaken * 0.9 + 0.05) * large * 16).astype(np.int32)
        cv2.polylines(ink, [pixels.reshape(-1, 1, 2)], False, (255,), thickness, cv2.LINE_AA, 4)
    small = cv2.resize(ink, (side, side), interpolation=cv2.INTER_AREA)
    return np.asarray(small / np.float32(255), np.float32)


def _points(text: str) -> Points:
    """``"x,y x,y …"`` in hundredths."""
    return np.array([[float(value) / 100 for value in pair.split(",")] for pair in text.split()])


def _fixed(*strokes: str) -> Callable[[Generator], Drawing]:
    drawing = [_points(stroke) for stroke in strokes]
    return lambda rng: drawing


def _star(rng: Generator) -> Drawing:
    corners = int(rng.integers(5, 9))
    angles = np.linspace(0, 2 * np.pi, 2 * corners + 1) - np.pi / 2
    radius = np.where(np.arange(2 * corners + 1) % 2, rng.uniform(0.18, 0.28), 0.5)
    return [np.stack([0.5 + radius * np.cos(angles), 0.5 + radius * np.sin(angles)], 1)]


def _zigzag(rng: Generator) -> Drawing:
    x = np.linspace(0, 1, int(rng.integers(7, 14)))
    middle, reach = rng.uniform(0.3, 0.7), rng.uniform(0.1, 0.3)
    return [np.stack([x, middle + reach * (-1.0) ** np.arange(len(x))], 1)]


def _waves(rng: Generator) -> Drawing:
    x = np.linspace(0, 1, 90)
    turns = rng.uniform(4, 9)
    return [
        np.stack([x, row + 0.05 * np.sin(2 * np.pi * turns * x)], 1)
        for row in np.linspace(0.2, 0.8, int(rng.integers(2, 5)))
    ]


def _hatching(rng: Generator) -> Drawing:
    offsets = np.linspace(0, 1, int(rng.integers(7, 14)))
    falling = [np.array([[t, 0.0], [t - 0.45, 1.0]]) + (0.22, 0) for t in offsets]
    rising = [np.array([[0.0, t], [1.0, t - 0.3]]) + (0, 0.15) for t in offsets]
    return falling + rising


def _scribble(rng: Generator) -> Drawing:
    """Back and forth many times, as one tries a pen or strikes something out."""
    count = int(rng.integers(14, 30))
    x = np.where(np.arange(count) % 2, 0.9, 0.1) + rng.normal(0, 0.06, count)
    y = np.linspace(0.1, 0.9, count) + rng.normal(0, 0.03, count)
    return [np.stack([x, y], 1)]


def _grid(rng: Generator) -> Drawing:
    """A noughts-and-crosses board with crosses."""
    strokes = [
        _points(text) for text in ("33,0 33,100", "66,0 66,100", "0,33 100,33", "0,66 100,66")
    ]
    for column, row in rng.permutation([(c, r) for c in range(3) for r in range(3)])[:4]:
        corner = np.array([column, row]) / 3
        for ends in ([(0.06, 0.06), (0.27, 0.27)], [(0.06, 0.27), (0.27, 0.06)]):
            strokes.append(np.array(ends) + corner)
    return strokes


DOODLES: tuple[Callable[[Generator], Drawing], ...] = (
    _star,
    _zigzag,
    _waves,
    _hatching,
    _scribble,
    _grid,
    _fixed("10,95 10,45 50,8 90,45 90,95 10,95", "40,95 40,65 60,65 60,95", "10,45 90,45"),
    _fixed("50,5 22,40 38,38 12,68 42,66 42,95 58,95 58,66 88,68 62,38 78,40 50,5"),
    _fixed("5,50 70,50", "48,25 75,50 48,75 48,25"),
    _fixed("50,90 12,48 14,22 34,14 50,32 66,14 86,22 88,48 50,90"),
    _fixed("55,2 25,55 48,52 38,98 78,38 54,42 72,6 55,2"),
    _fixed("5,25 95,25 95,80 5,80 5,25 50,58 95,25"),
    _fixed("5,90 30,35 45,62 62,20 95,90 5,90", "24,48 31,55 36,48"),
    _fixed("10,30 60,30 60,80 10,80 10,30 32,10 82,10 82,60 60,80", "60,30 82,10"),
    _fixed("5,50 25,32 55,28 75,45 95,28 95,72 75,55 55,72 25,68 5,50", "24,45 28,49"),
    _fixed("5,95 5,75 28,75 28,55 51,55 51,35 74,35 74,15 97,15"),
    _fixed("5,55 15,30 35,14 50,10 65,14 85,30 95,55 5,55", "50,55 50,86 44,94 37,90"),
    _fixed("8,70 20,70 28,45 66,45 78,70 94,70 94,84 8,84 8,70", "46,45 46,70 28,70"),
)
