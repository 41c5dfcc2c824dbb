"""Digits drawn from scratch, in the ways people write them that MNIST has few of.

Each variant is a few strokes through control points in a unit box. A hand moves the points and the
middle of the digit, lengthens or shortens strokes, hooks their ends, goes from one to the next
without lifting the pen, rounds corners or leaves out curves, trembles; its pen has a width of its
own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

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
        ((CURVE, ((0.45, 0.04), (0.1, 0.4), (0.25, 0.95), (0.7, 0.95), (0.92, 0.5),
                  (0.65, 0.02))),),
        ((CURVE, ((0.2, 0.2), (0.1, 0.65), (0.45, 1), (0.85, 0.7), (0.85, 0.25), (0.5, 0),
                  (0.15, 0.2), (0.2, 0.4))),),
    ),
    1: (
        ((LINE, ((0.05, 0.3), (0.6, 0), (0.55, 1))),),
        ((LINE, ((0.0, 0.55), (0.7, 0), (0.65, 1))),),
        ((LINE, ((0.0, 0.75), (0.75, 0), (0.7, 1))),),
        ((LINE, ((-0.6, 0.8), (0.65, 0), (0.6, 1))),),
        ((LINE, ((-0.8, 0.95), (0.7, 0), (0.55, 1))),),
        ((LINE, ((0.0, 1.0), (0.85, 0), (0.7, 0.95))),),
        ((LINE, ((0.1, 0.9), (0.9, 0), (0.55, 1))),),
        ((LINE, ((0.3, 0.16), (0.55, 0), (0.5, 1))),),
        ((CURVE, ((0.0, 0.34), (0.4, 0.2), (0.65, 0))), (LINE, ((0.65, 0), (0.6, 1)))),
        ((CURVE, ((0.05, 0.32), (0.45, 0.06), (0.65, 0.16), (0.6, 0.55), (0.55, 1))),),
        ((LINE, ((0.1, 0.28), (0.55, 0), (0.5, 1))), (LINE, ((0.05, 1), (0.95, 0.99)))),
        ((LINE, ((0.0, 0.45), (0.55, 0), (0.52, 1))), (LINE, ((0.15, 1), (0.9, 1)))),
        ((LINE, ((0.3, 0.14), (0.5, 0), (0.5, 1))), (LINE, ((0.1, 0.98), (0.9, 1)))),
        ((LINE, ((0.25, 0.16), (0.5, 0), (0.5, 1))), (LINE, ((0.3, 1), (0.75, 1)))),
        ((LINE, ((0.1, 0.25), (0.55, 0), (0.5, 1), (0.05, 1), (0.95, 0.97))),),
        ((LINE, ((0.5, 0), (0.5, 1))), (LINE, ((0.05, 1), (0.95, 1)))),
        ((LINE, ((0.35, 0.05), (0.52, 0), (0.5, 1))), (LINE, ((0.15, 1), (0.85, 0.97)))),
        ((LINE, ((0.15, 0.25), (0.5, 0), (0.45, 1), (0.95, 0.97))),),
    ),
    2: (
        ((CURVE, ((0.1, 0.25), (0.3, 0.02), (0.75, 0.08), (0.8, 0.35), (0.5, 0.68), (0.1, 0.98))),
         (LINE, ((0.1, 0.98), (0.95, 0.96)))),
        ((CURVE, ((0.15, 0.2), (0.45, 0), (0.8, 0.2), (0.65, 0.55), (0.3, 0.88), (0.08, 0.92),
                  (0.15, 0.78), (0.45, 0.88), (0.95, 0.95))),),
        ((LINE, ((0.1, 0.05), (0.85, 0.03), (0.08, 0.97), (0.92, 0.97))),),
        ((CURVE, ((0.1, 0.22), (0.45, 0.0), (0.78, 0.25), (0.65, 0.7), (0.3, 0.97))),
         (LINE, ((0.1, 0.98), (0.95, 0.97)))),
        ((CURVE, ((0.1, 0.15), (0.5, 0.02), (0.75, 0.2), (0.4, 0.6), (0.05, 0.97))),
         (CURVE, ((0.05, 0.97), (0.4, 0.88), (0.7, 1), (0.98, 0.85)))),
        ((CURVE, ((0.15, 0.3), (0.1, 0.1), (0.5, 0), (0.8, 0.2), (0.5, 0.65), (0.1, 1))),
         (LINE, ((0.1, 1), (0.7, 1)))),
    ),
    3: (
        ((CURVE, ((0.1, 0.12), (0.5, 0), (0.85, 0.2), (0.45, 0.45))),
         (CURVE, ((0.45, 0.45), (0.9, 0.68), (0.55, 1), (0.08, 0.9)))),
        ((LINE, ((0.12, 0.03), (0.85, 0.02), (0.42, 0.4))),
         (CURVE, ((0.42, 0.4), (0.88, 0.6), (0.7, 0.95), (0.1, 0.93)))),
        ((CURVE, ((0.2, 0.05), (0.7, 0.05), (0.65, 0.35), (0.35, 0.45))),
         (CURVE, ((0.35, 0.45), (0.85, 0.55), (0.9, 0.85), (0.4, 1), (0.05, 0.8)))),
        ((CURVE, ((0.15, 0.1), (0.55, 0), (0.8, 0.2), (0.5, 0.42), (0.35, 0.48), (0.42, 0.4),
                  (0.6, 0.45), (0.88, 0.7), (0.55, 1), (0.08, 0.9))),),
        ((LINE, ((0.1, 0.06), (0.8, 0.05), (0.4, 0.42), (0.85, 0.7), (0.5, 1), (0.05, 0.9))),),
        ((CURVE, ((0.05, 0.2), (0.4, 0.0), (0.8, 0.15), (0.65, 0.4), (0.3, 0.48))),
         (CURVE, ((0.3, 0.48), (0.75, 0.5), (0.8, 0.85), (0.35, 1), (0.0, 0.95)))),
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
        ((CURVE, ((0.3, 0.05), (0.08, 0.35), (0.25, 0.55), (0.6, 0.52), (0.95, 0.4))),
         (LINE, ((0.62, 0.12), (0.5, 1)))),
        ((LINE, ((0.25, 0.05), (0.08, 0.5), (0.95, 0.45))), (LINE, ((0.55, 0.2), (0.48, 1)))),
        ((LINE, ((0.75, 1), (0.7, 0), (0.05, 0.62), (0.95, 0.6))),),
        ((LINE, ((0.1, 0.65), (0.65, 0), (0.65, 1))), (LINE, ((0.05, 0.66), (0.95, 0.62)))),
        ((CURVE, ((0.1, 0.1), (0.08, 0.4), (0.3, 0.54), (0.7, 0.5), (0.95, 0.28), (0.78, 0.06),
                  (0.55, 0.12), (0.48, 0.5), (0.45, 1))),),
        ((CURVE, ((0.25, 0), (0.1, 0.42), (0.4, 0.58), (0.85, 0.45), (0.9, 0.15), (0.75, 0.1),
                  (0.66, 0.4), (0.6, 1))),),
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
        ((LINE, ((0.85, 0.15), (0.8, 0.02), (0.3, 0.05), (0.25, 0.45))),
         (CURVE, ((0.25, 0.45), (0.6, 0.4), (0.82, 0.65), (0.6, 0.97), (0.15, 0.95), (0.1, 0.8)))),
        ((CURVE, ((0.8, 0), (0.45, 0.06), (0.3, 0.38), (0.6, 0.5), (0.7, 0.75), (0.4, 1),
                  (0.1, 0.85))),),
        ((LINE, ((0.85, 0.02), (0.2, 0.02), (0.2, 0.45), (0.8, 0.48), (0.78, 0.96),
                 (0.08, 0.95))),),
        ((LINE, ((0.2, 0.04), (0.15, 0.45))),
         (CURVE, ((0.15, 0.45), (0.55, 0.35), (0.85, 0.65), (0.55, 1), (0.05, 0.9))),
         (LINE, ((0.18, 0.03), (0.9, 0.0)))),
        ((LINE, ((0.3, 0.05), (0.2, 0.5))),
         (CURVE, ((0.2, 0.5), (0.7, 0.55), (0.75, 0.9), (0.35, 1), (0.1, 0.8))),
         (LINE, ((0.4, 0.06), (0.95, 0.08)))),
    ),
    6: (
        ((CURVE, ((0.7, 0.02), (0.3, 0.3), (0.12, 0.7), (0.45, 1), (0.82, 0.8), (0.6, 0.55),
                  (0.2, 0.68))),),
        ((CURVE, ((0.75, 0.1), (0.35, 0.04), (0.1, 0.5), (0.25, 0.95), (0.7, 0.92), (0.85, 0.68),
                  (0.45, 0.62))),),
        ((CURVE, ((0.4, 0), (0.15, 0.5), (0.3, 0.97), (0.8, 0.9), (0.75, 0.58), (0.25, 0.62))),),
        ((CURVE, ((0.6, 0), (0.3, 0.4), (0.25, 0.85), (0.5, 1), (0.7, 0.85), (0.5, 0.7),
                  (0.28, 0.84))),),
        ((CURVE, ((0.2, 0), (0.15, 0.4), (0.15, 0.8), (0.5, 1), (0.85, 0.75), (0.55, 0.5),
                  (0.18, 0.65))),),
        ((LINE, ((0.75, 0.0), (0.15, 0.62))),
         (CURVE, ((0.15, 0.62), (0.2, 0.95), (0.7, 1), (0.85, 0.7), (0.5, 0.5), (0.12, 0.7)))),
        ((CURVE, ((0.8, 0.05), (0.4, 0.1), (0.1, 0.55), (0.3, 0.97), (0.8, 0.9), (0.8, 0.6),
                  (0.5, 0.5), (0.35, 0.72))),),
    ),
    7: (
        ((LINE, ((0.08, 0.05), (0.9, 0.04), (0.42, 1))),),
        ((LINE, ((0.08, 0.05), (0.9, 0.04), (0.42, 1))), (LINE, ((0.25, 0.52), (0.85, 0.48)))),
        ((LINE, ((0.08, 0.22), (0.1, 0.05), (0.9, 0.06))),
         (CURVE, ((0.9, 0.06), (0.62, 0.45), (0.48, 1)))),
        ((CURVE, ((0.05, 0.12), (0.35, 0.02), (0.6, 0.1), (0.9, 0.02))),
         (CURVE, ((0.9, 0.02), (0.6, 0.5), (0.4, 1)))),
        ((LINE, ((0.1, 0.03), (0.95, 0.02))), (CURVE, ((0.95, 0.02), (0.6, 0.4), (0.5, 1))),
         (LINE, ((0.3, 0.5), (0.95, 0.5)))),
        ((LINE, ((0.05, 0.2), (0.1, 0.03), (0.92, 0.0), (0.35, 1))),
         (LINE, ((0.2, 0.5), (0.9, 0.42)))),
        ((LINE, ((0.1, 0.0), (0.85, 0.06), (0.8, 1))),),
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
        ((CURVE, ((0.8, 0.1), (0.3, 0.05), (0.3, 0.35), (0.7, 0.6), (0.75, 0.95), (0.25, 0.95),
                  (0.25, 0.65), (0.65, 0.4), (0.7, 0.2))),),
        ((LINE, ((0.15, 0.02), (0.8, 0.98), (0.15, 0.98), (0.85, 0.02), (0.15, 0.02))),),
        ((CURVE, ((0.45, 0.42), (0.15, 0.2), (0.5, 0), (0.8, 0.2), (0.5, 0.42), (0.15, 0.75),
                  (0.5, 1), (0.85, 0.72), (0.45, 0.42))),),
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
        ((CURVE, ((0.72, 0.1), (0.45, 0), (0.3, 0.14), (0.48, 0.28), (0.74, 0.12))),
         (LINE, ((0.74, 0.06), (0.6, 1)))),
        ((CURVE, ((0.75, 0.12), (0.45, 0.02), (0.35, 0.18), (0.6, 0.26), (0.75, 0.1), (0.72, 0.6),
                  (0.35, 1))),),
        ((CURVE, ((0.78, 0.4), (0.3, 0.42), (0.2, 0.15), (0.55, 0.0), (0.82, 0.2), (0.75, 0.6),
                  (0.5, 1))),),
        ((CURVE, ((0.75, 0.08), (0.35, 0.04), (0.15, 0.3), (0.45, 0.48), (0.75, 0.3), (0.82, 0.1),
                  (0.85, 0.65), (0.55, 1), (0.1, 0.92))),),
        ((CURVE, ((0.7, 0.08), (0.3, 0.1), (0.3, 0.35), (0.7, 0.3))),
         (CURVE, ((0.75, 0.05), (0.8, 0.55), (0.7, 0.95), (0.3, 1), (0.1, 0.85)))),
        ((LINE, ((0.8, 0.05), (0.2, 0.1), (0.25, 0.4), (0.78, 0.38), (0.8, 0.05), (0.72, 1))),),
        ((CURVE, ((0.72, 0.06), (0.4, 0.03), (0.28, 0.2), (0.5, 0.33), (0.72, 0.16), (0.78, 0.05),
                  (0.8, 0.5), (0.7, 0.9), (0.35, 1), (0.1, 0.85))),),
    ),
}  # fmt: skip
"""Strokes of each digit; x to the right and y down, the digit filling 0 to 1, but for a 1 like a
roof, which is wider."""

WIDTH = (0.4, 1.0)
WIDTHS = {1: (0.15, 0.6), 2: (0.5, 1.0)}
"""From and to, as a share of its height: how wide a digit is, and those that others would be."""

MIDDLE = (0.2, 0.3)
MIDDLES = {1: (0.15, 0.15)}
"""Standard deviations, across and down, of the logarithm of the power to which its coordinates are
raised: a digit's middle moves, and its ends stay; less in those that others would be."""

SLIP = 2.0
"""Pixels by which strokes end early or late, in standard deviation."""
HOOKED = 0.08
"""Share of the ends of strokes that have a hook."""
ROUNDED, ANGULAR = 0.2, 0.15
"""Share of the hands that round all corners, and of those that draw no curve."""
JOINED = 0.12
"""Share of those that do not lift the pen where the next stroke begins within `LEAP` of the digit's
height from where the last one ended: fours get a loop then. Farther, a 5 would become a 6."""
LEAP = 0.4
UNSTEADY = 0.3
"""Share of those that tremble, and of those whose pen writes unevenly."""


@dataclass(frozen=True)
class Hand:
    """How one digit is written: its ``size`` and the width of the ``pen`` in pixels, where its
    ``middle`` is, see `MIDDLE`.

    ``shake`` is the standard deviation of each point and ``loose`` that of each whole stroke, as
    shares of the digit's size; ``tremor`` that of the line every three pixels, as a share of
    `SIDE`, and ``uneven`` that of the pen's width.
    """

    size: Points
    middle: Points
    shake: float
    loose: float
    tremor: float
    joined: bool
    rounded: bool
    angular: bool
    pen: float
    uneven: float

    @classmethod
    def of(cls, rng: Generator, digit: int) -> Hand:
        """A random one, to write ``digit``."""
        style = rng.random()
        width = rng.uniform(*WIDTHS.get(digit, WIDTH))
        return cls(
            size=np.array([width, 1.0]) * (SIDE - 2 * MARGIN),
            middle=np.exp(rng.normal(0, MIDDLES.get(digit, MIDDLE))),
            shake=rng.uniform(0.01, 0.06),
            loose=rng.uniform(0, 0.05),
            tremor=rng.uniform(0, 0.02) if rng.random() < UNSTEADY else 0.0,
            joined=bool(rng.random() < JOINED),
            rounded=style < ROUNDED,
            angular=style > 1 - ANGULAR and digit != 0,  # some square that would be
            pen=rng.uniform(1.5, 7.5),
            uneven=rng.uniform(0, 0.6) if rng.random() < UNSTEADY else 0.0,
        )


def draw(rng: Generator, digit: int) -> Ink:
    """One digit in a random variant, hand and pen: ink ``[SIDE, SIDE]`` uint8."""
    variants = VARIANTS[digit]
    hand = Hand.of(rng, digit)
    strokes = variants[int(rng.integers(len(variants)))]
    paths: list[Points] = []
    for kind, points in strokes:
        path = _ended(rng, _placed(rng, np.array(points), hand))
        if kind == CURVE and not hand.angular:
            path = smooth(path)
        elif kind == LINE and hand.rounded:
            path = _rounded(path)
        paths.append(path)
    ink = np.zeros((SIDE, SIDE), np.uint8)
    for path in _joined(paths, LEAP * hand.size[1]) if hand.joined else paths:
        if hand.tremor:
            path = _trembling(rng, path, hand.tremor * SIDE)
        _write(rng, ink, path + (SIDE - hand.size) / 2, hand)
    return ink


def _placed(rng: Generator, points: Points, hand: Hand) -> Points:
    """Points of the unit box where the hand puts them, in pixels: each errs by itself, and so
    does the whole stroke."""
    moved = np.sign(points) * np.abs(points) ** hand.middle
    moved += rng.normal(0, hand.shake, points.shape) + rng.normal(0, hand.loose, 2)
    return np.asarray(moved * hand.size)


def _ended(rng: Generator, points: Points) -> Points:
    """A stroke that begins and ends early or late, or with a hook."""
    first = _end(rng, points[0], points[0] - points[1])
    last = _end(rng, points[-1], points[-1] - points[-2])
    return np.vstack([*first[::-1], points[1:-1], *last])


def _end(rng: Generator, end: Points, way: Points) -> list[Points]:
    """The last point, or two, of a stroke that goes ``way`` to its ``end``."""
    length = float(np.hypot(*way)) + 1e-9
    moved = end + way / length * np.clip(rng.normal(0, SLIP), -0.4 * length, 2 * SLIP)
    if rng.random() > HOOKED:
        return [moved]
    turn = np.arctan2(way[1], way[0]) + rng.choice((-1, 1)) * rng.uniform(0.9, 2.6)
    return [moved, moved + rng.uniform(2, 5.5) * np.array([np.cos(turn), np.sin(turn)])]


def _joined(paths: Sequence[Points], leap: float) -> list[Points]:
    """The paths, with those made one that begin no further than ``leap`` pixels from the last's
    end; the way between them is rounded into both."""
    joined = [paths[0]]
    for path in paths[1:]:
        last = joined[-1]
        if np.hypot(*(path[0] - last[-1])) > leap:
            joined.append(path)
        else:
            turn = _rounded(np.vstack([last[-2:], path[:2]]))
            joined[-1] = np.vstack([last[:-2], turn, path[2:]])
    return joined


def _rounded(points: Points, times: int = 3) -> Points:
    """A path with its corners cut: Chaikin 1974, *An algorithm for high-speed curve generation*."""
    for _ in range(times):
        start, end = points[:-1], points[1:]
        cut = np.stack([0.75 * start + 0.25 * end, 0.25 * start + 0.75 * end], axis=1)
        points = np.vstack([points[:1], cut.reshape(-1, 2)[1:-1], points[-1:]])
    return points


def _trembling(rng: Generator, path: Points, amount: float) -> Points:
    """A path by points some three pixels apart, each of which errs by ``amount`` pixels."""
    along = np.append(0, np.hypot(*np.diff(path, axis=0).T).cumsum())
    places = np.linspace(0, along[-1], max(3, int(along[-1] / 3)))
    finer = np.stack([np.interp(places, along, axis) for axis in path.T], axis=1)
    return finer + rng.normal(0, amount, finer.shape)


def _write(rng: Generator, ink: Ink, path: Points, hand: Hand) -> None:
    """Draw a path into ``ink`` with the hand's pen."""
    if not hand.uneven:
        trace(ink, path, hand.pen)
        return
    widths = hand.pen * (1 + hand.uneven * rng.normal(0, 1, len(path) - 1))
    for place, width in enumerate(widths.tolist()):
        trace(ink, path[place : place + 2], width)


def trace(ink: Ink, path: Points, width: float) -> None:
    """Draw a path of points ``[n, 2]`` into ``ink``; all in pixels, ``width`` at least one."""
    pixels = np.round(path * 16).astype(np.int32).reshape(-1, 1, 2)
    cv2.polylines(ink, [pixels], False, (255,), max(1, round(width)), cv2.LINE_AA, shift=4)


def smooth(points: Points, steps: int = 8) -> Points:
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
