"""Digits drawn from scratch, in the ways people write them that MNIST has few of.

Each variant is a few strokes through control points in a unit box. Moving the points and bending
the curve gives a new hand every time.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

Ink = NDArray[np.uint8]
Points = NDArray[np.float64]
Stroke = tuple[str, tuple[tuple[float, float], ...]]

SIDE = 64
MARGIN = 8

CURVE, LINE = "curve", "line"
"""A smooth stroke through its points, or straight from each to the next."""

VARIANTS: dict[int, tuple[tuple[Stroke, ...], ...]] = {
    0: (
        ((CURVE, ((0.5, 0), (0.15, 0.3), (0.2, 0.8), (0.5, 1), (0.82, 0.75), (0.85, 0.25),
                  (0.5, 0))),),
        ((CURVE, ((0.75, 0.1), (0.3, 0.02), (0.05, 0.5), (0.35, 0.98), (0.8, 0.8), (0.9, 0.35),
                  (0.55, 0.05), (0.4, 0.12))),),
        ((CURVE, ((0.2, 0.08), (0.12, 0.5), (0.2, 0.92), (0.8, 0.95), (0.9, 0.5), (0.8, 0.05),
                  (0.2, 0.05))),),
    ),
    2: (
        ((CURVE, ((0.1, 0.25), (0.3, 0.02), (0.75, 0.08), (0.8, 0.35), (0.5, 0.68), (0.1, 0.98))),
         (LINE, ((0.1, 0.98), (0.95, 0.96)))),
        ((CURVE, ((0.15, 0.2), (0.45, 0), (0.8, 0.2), (0.65, 0.55), (0.3, 0.88), (0.08, 0.92),
                  (0.15, 0.78), (0.45, 0.88), (0.95, 0.95))),),
        ((LINE, ((0.1, 0.05), (0.85, 0.03), (0.08, 0.97), (0.92, 0.97))),),
        ((CURVE, ((0.2, 0.1), (0.6, 0.0), (0.75, 0.3), (0.68, 0.75), (0.55, 0.97))),
         (LINE, ((0.1, 0.98), (0.95, 0.97)))),
    ),
    3: (
        ((CURVE, ((0.1, 0.12), (0.5, 0), (0.85, 0.2), (0.45, 0.45))),
         (CURVE, ((0.45, 0.45), (0.9, 0.68), (0.55, 1), (0.08, 0.9)))),
        ((LINE, ((0.12, 0.03), (0.85, 0.02), (0.42, 0.4))),
         (CURVE, ((0.42, 0.4), (0.88, 0.6), (0.7, 0.95), (0.1, 0.93)))),
        ((CURVE, ((0.2, 0.05), (0.7, 0.05), (0.65, 0.35), (0.35, 0.45))),
         (CURVE, ((0.35, 0.45), (0.85, 0.55), (0.9, 0.85), (0.4, 1), (0.05, 0.8)))),
    ),
    4: (
        ((LINE, ((0.35, 0), (0.08, 0.58), (0.92, 0.55))), (LINE, ((0.7, 0.2), (0.62, 1)))),
        ((LINE, ((0.7, 0), (0.05, 0.65), (0.95, 0.65))), (LINE, ((0.7, 0), (0.7, 1)))),
        ((CURVE, ((0.15, 0.05), (0.12, 0.45), (0.45, 0.52), (0.85, 0.45))),
         (LINE, ((0.82, 0), (0.75, 1)))),
        ((LINE, ((0.45, 0), (0.1, 0.42), (0.85, 0.38))), (LINE, ((0.8, 0.05), (0.45, 1)))),
        ((LINE, ((0.6, 0.0), (0.15, 0.6), (0.9, 0.55))), (LINE, ((0.62, 0.02), (0.58, 1)))),
        ((LINE, ((0.65, 0), (0.1, 0.55), (0.75, 0.52))), (LINE, ((0.68, 0.02), (0.62, 1)))),
        ((CURVE, ((0.4, 0), (0.22, 0.14), (0.1, 0.36), (0.3, 0.53), (0.8, 0.42))),
         (LINE, ((0.85, 0.12), (0.66, 1)))),
        ((CURVE, ((0.3, 0), (0.14, 0.28), (0.12, 0.5), (0.5, 0.54), (0.9, 0.44))),
         (LINE, ((0.88, 0.02), (0.78, 1)))),
    ),
    5: (
        ((LINE, ((0.88, 0.02), (0.28, 0.03), (0.22, 0.42))),
         (CURVE, ((0.22, 0.42), (0.6, 0.38), (0.85, 0.65), (0.6, 0.97), (0.08, 0.92)))),
        ((LINE, ((0.35, 0.0), (0.98, 0.02))),
         (LINE, ((0.3, 0.12), (0.2, 0.48))),
         (CURVE, ((0.2, 0.48), (0.62, 0.45), (0.8, 0.7), (0.55, 0.98), (0.05, 0.95)))),
        ((CURVE, ((0.85, 0.03), (0.35, 0.05), (0.22, 0.4), (0.65, 0.45), (0.8, 0.72), (0.5, 1),
                  (0.08, 0.9))),),
        ((LINE, ((0.5, 0.0), (1.0, -0.06))),
         (CURVE, ((0.45, 0.16), (0.3, 0.42), (0.5, 0.55), (0.55, 0.85), (0.05, 0.98)))),
    ),
    6: (
        ((CURVE, ((0.7, 0.02), (0.3, 0.3), (0.12, 0.7), (0.45, 1), (0.82, 0.8), (0.6, 0.55),
                  (0.2, 0.68))),),
        ((CURVE, ((0.75, 0.1), (0.35, 0.04), (0.1, 0.5), (0.25, 0.95), (0.7, 0.92), (0.85, 0.68),
                  (0.45, 0.62))),),
        ((CURVE, ((0.4, 0), (0.15, 0.5), (0.3, 0.97), (0.8, 0.9), (0.75, 0.58), (0.25, 0.62))),),
    ),
    7: (
        ((LINE, ((0.08, 0.05), (0.9, 0.04), (0.42, 1))),),
        ((LINE, ((0.08, 0.05), (0.9, 0.04), (0.42, 1))), (LINE, ((0.25, 0.52), (0.85, 0.48)))),
        ((LINE, ((0.08, 0.22), (0.1, 0.05), (0.9, 0.06))),
         (CURVE, ((0.9, 0.06), (0.62, 0.45), (0.48, 1)))),
        ((CURVE, ((0.05, 0.12), (0.35, 0.02), (0.6, 0.1), (0.9, 0.02))),
         (CURVE, ((0.9, 0.02), (0.6, 0.5), (0.4, 1)))),
    ),
    8: (
        ((CURVE, ((0.75, 0.15), (0.45, 0), (0.2, 0.2), (0.5, 0.46), (0.85, 0.75), (0.5, 1),
                  (0.15, 0.78), (0.5, 0.46), (0.78, 0.18))),),
        ((CURVE, ((0.5, 0), (0.22, 0.2), (0.5, 0.45), (0.78, 0.2), (0.5, 0))),
         (CURVE, ((0.5, 0.45), (0.12, 0.75), (0.5, 1), (0.88, 0.72), (0.5, 0.45)))),
        ((CURVE, ((0.9, 0.04), (0.35, 0.04), (0.25, 0.22), (0.75, 0.65), (0.65, 0.97),
                  (0.15, 0.85), (0.4, 0.5), (0.85, 0.08))),),
        ((LINE, ((0.85, 0.03), (0.25, 0.05), (0.82, 0.75), (0.6, 0.98), (0.12, 0.92), (0.15, 0.6),
                 (0.85, 0.03))),),
    ),
    9: (
        ((CURVE, ((0.8, 0.18), (0.45, 0), (0.15, 0.25), (0.42, 0.5), (0.8, 0.22))),
         (LINE, ((0.8, 0.1), (0.74, 1)))),
        ((CURVE, ((0.8, 0.15), (0.4, 0), (0.12, 0.28), (0.45, 0.48), (0.8, 0.2))),
         (CURVE, ((0.8, 0.12), (0.85, 0.6), (0.6, 1), (0.12, 0.9)))),
        ((CURVE, ((0.78, 0.12), (0.35, 0.04), (0.2, 0.4), (0.7, 0.42), (0.78, 0.1), (0.72, 0.6),
                  (0.4, 1))),),
        ((CURVE, ((0.76, 0.04), (0.3, 0.06), (0.16, 0.32), (0.5, 0.46), (0.78, 0.16))),
         (LINE, ((0.78, 0.02), (0.68, 1)))),
    ),
}  # fmt: skip
"""Strokes of each digit; x to the right and y down, the digit filling 0 to 1. The 1 is apart, in
`digits.training.augmentation.flagged_one`."""


def draw(rng: Generator, digit: int) -> Ink:
    """One digit (not 1) in a random variant, hand and pen: ink ``[SIDE, SIDE]`` uint8."""
    variants = VARIANTS[digit]
    strokes = variants[int(rng.integers(len(variants)))]
    ink = np.zeros((SIDE, SIDE), np.uint8)
    size = np.array([rng.uniform(0.5, 1.0), 1.0]) * (SIDE - 2 * MARGIN)
    corner = (SIDE - size) / 2
    shake = rng.uniform(0.01, 0.05)
    thickness = int(rng.integers(2, 8))
    for kind, points in strokes:
        moved = np.array(points) + rng.normal(0, shake, (len(points), 2))
        path = _smooth(moved) if kind == CURVE else moved
        pixels = np.round((path * size + corner) * 16).astype(np.int32).reshape(-1, 1, 2)
        cv2.polylines(ink, [pixels], False, (255,), thickness, cv2.LINE_AA, shift=4)
    return ink


def _smooth(points: Points, steps: int = 8) -> Points:
    """A Catmull-Rom spline (1974) through ``points`` ``[n, 2]``, in ``steps`` a piece."""
    padded = np.vstack([2 * points[0] - points[1], points, 2 * points[-1] - points[-2]])
    t = np.arange(steps)[:, None] / steps
    pieces = []
    for before, start, end, after in zip(
        padded[:-3], padded[1:-2], padded[2:-1], padded[3:], strict=True
    ):
        pieces.append(
            0.5
            * (
                2 * start
                + (end - before) * t
                + (2 * before - 5 * start + 4 * end - after) * t**2
                + (3 * start - before - 3 * end + after) * t**3
            )
        )
    return np.vstack([*pieces, points[-1:]])
