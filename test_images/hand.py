"""Handwritten digits out of nothing: a skeleton for each way to write a digit, a hand, a pen.

A skeleton is a list of strokes, a stroke a list of points (x to the right, y down); a point given
twice is a corner. A hand shakes the points, slants and stretches the digit and presses the pen
harder or softer along the stroke. The skeletons are this project's own.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]
Coverage = NDArray[np.float32]

SUPERSAMPLING = 4
SAMPLES_A_LEG = 24

SKELETONS = {
    "0": [
        "42,3 22,6 5,36 8,76 29,99 53,82 60,45 50,12 31,2",
        "50,10 28,1 6,20 2,60 18,95 44,97 64,66 62,26 46,6",
    ],
    "1": [
        "24,0 22,30 21,65 18,100",
        "5,27 18,15 31,0 31,0 29,50 27,100",
    ],
    "2": [
        "5,24 17,5 40,1 56,17 50,43 28,70 3,96 3,96 32,93 66,95",
        "8,20 26,1 50,8 52,36 34,70 14,95 2,90 10,78 28,86 46,98 66,90",
    ],
    "3": [
        "6,14 24,1 48,7 50,29 36,43 22,47 22,47 46,52 58,73 42,95 19,98 2,85",
        "8,5 30,3 54,4 54,4 38,24 24,42 24,42 47,47 58,69 43,93 20,98 3,89",
    ],
    "4": [
        "13,2 9,30 4,59 4,59 34,57 66,54 / 48,10 46,50 42,100",
        "46,1 24,32 2,65 2,65 34,65 66,63 / 47,2 46,50 45,100",
    ],
    "5": [
        "58,2 36,3 15,4 15,4 12,22 8,43 8,43 31,37 54,50 57,75 38,96 16,98 1,88",
        "14,4 12,24 10,44 10,44 30,40 50,50 55,72 42,93 20,99 3,92 / 15,5 34,3 60,0",
    ],
    "6": [
        "47,0 26,20 9,50 7,80 25,99 48,91 55,70 38,55 19,62 8,78",
        "36,1 16,28 5,62 12,92 34,99 55,82 50,60 29,54 9,70",
    ],
    "7": [
        "2,7 30,4 60,3 60,3 42,44 26,100",
        "3,4 30,5 58,2 58,2 38,46 20,99 / 17,52 35,50 54,47",
    ],
    "8": [
        "50,13 31,0 11,15 18,36 36,50 53,69 48,92 28,100 7,88 11,66 32,48 49,31 49,12",
        "32,46 12,30 16,7 36,0 54,14 50,33 30,48 6,70 10,94 34,100 56,86 52,63 31,46",
    ],
    "9": [
        "53,17 36,1 13,8 5,30 19,48 40,41 53,17 53,17 52,55 46,100",
        "50,14 30,0 8,13 8,38 29,47 48,32 52,13 54,50 46,84 27,99 10,93",
    ],
}
"""Ways to write each digit: points ``x,y`` in hundredths of its height, ``/`` between strokes."""

SIGNS = {
    "?": ["4,22 18,3 46,3 56,22 40,40 29,55 28,72 / 28,92 29,98"],
    "i": ["22,34 20,66 18,100 / 24,6 25,13"],
}
"""What is no digit, in the same way."""


@dataclass(frozen=True)
class Stroke:
    """One stroke of the pen: ``points`` ``[n, 2]`` (x, y) and ``radius`` ``[n]``, in pixels."""

    points: Points
    radius: NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Hand:
    """How somebody writes. Lengths are parts of a digit's height."""

    slant: float = 0.1
    width: float = 1.0
    shake: float = 0.014
    pen: float = 0.045
    gap: float = 0.28
    wander: float = 0.03
    skeleton: int | None = None


def write(
    text: str, *, at: tuple[float, float], height: float, hand: Hand, rng: np.random.Generator
) -> list[Stroke]:
    """Write ``text`` (digits, signs; a space leaves a gap) with its top left corner ``at`` (x, y).

    Each digit begins ``hand.gap`` after all the ink of the last one: only with a gap below zero can
    neighbours touch.
    """
    left, top = at
    strokes: list[Stroke] = []
    for character in text:
        if character == " ":
            left += 0.6 * height
            continue
        size = height * rng.uniform(0.94, 1.06)
        digit = digit_strokes(character, height=size, hand=hand, rng=rng)
        shift = (left - leftmost(digit), top + height * rng.normal(0, hand.wander))
        digit = [Stroke(stroke.points + shift, stroke.radius) for stroke in digit]
        left = rightmost(digit) + height * hand.gap * rng.uniform(0.9, 1.2)
        strokes += digit
    return strokes


def digit_strokes(
    character: str, *, height: float, hand: Hand, rng: np.random.Generator
) -> list[Stroke]:
    """One digit or sign, ``height`` pixels high, its box beginning about (0, 0)."""
    choices = (SKELETONS | SIGNS)[character]
    chosen = rng.integers(len(choices)) if hand.skeleton is None else hand.skeleton
    turn = rng.normal(0, 0.03)
    linear = np.array([[hand.width, -hand.slant - turn], [turn, 1.0]]).T
    strokes = []
    for skeleton in choices[int(chosen) % len(choices)].split("/"):
        points = np.array([point.split(",") for point in skeleton.split()], float) / 100
        corner = np.flatnonzero((np.diff(points, axis=0) == 0).all(axis=1)) + 1
        points = points + rng.normal(0, hand.shake, points.shape)
        points[corner] = points[corner - 1]
        curve = spline(points) @ linear * height
        strokes.append(Stroke(curve, pressure(len(curve), rng) * hand.pen * height / 2))
    return strokes


def spline(points: Points) -> Points:
    """A Catmull-Rom curve through ``points`` ``[n, 2]``; a point given twice makes a corner."""
    padded = np.vstack([2 * points[0] - points[1], points, 2 * points[-1] - points[-2]])
    t = np.linspace(0, 1, SAMPLES_A_LEG, endpoint=False)[:, None]
    legs = []
    for before, start, end, after in zip(
        padded[:-3], padded[1:-2], padded[2:-1], padded[3:], strict=True
    ):
        if (start == end).all():
            continue
        leave = end - start if (before == start).all() else (end - before) / 2
        arrive = end - start if (end == after).all() else (after - start) / 2
        legs.append(
            (2 * t**3 - 3 * t**2 + 1) * start
            + (t**3 - 2 * t**2 + t) * leave
            + (3 * t**2 - 2 * t**3) * end
            + (t**3 - t**2) * arrive
        )
    return np.vstack([*legs, points[-1:]])


def pressure(count: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """How wide the pen runs at ``count`` samples of a stroke, about 1, thinner where it lifts."""
    knots = rng.uniform(0.85, 1.15, 6)
    along = np.linspace(0, 1, count)
    lift = np.minimum(1, 0.7 + (1 - along) * 3)
    return np.interp(along, np.linspace(0, 1, len(knots)), knots) * lift


def leftmost(strokes: list[Stroke]) -> float:
    """The smallest x that the ink reaches."""
    return min(float((stroke.points[:, 0] - stroke.radius).min()) for stroke in strokes)


def rightmost(strokes: list[Stroke]) -> float:
    """The greatest x that the ink reaches."""
    return max(float((stroke.points[:, 0] + stroke.radius).max()) for stroke in strokes)


def lines(
    rows: str,
    *,
    hand: Hand,
    height: int,
    at: tuple[int, int],
    size: tuple[int, int],
    rng: np.random.Generator,
    spacing: float = 1.7,
) -> Coverage:
    """``rows`` of digits, ``/`` between them, under each other from ``at`` (x, y)."""
    strokes: list[Stroke] = []
    for number, row in enumerate(rows.split("/")):
        corner = (at[0] + rng.normal(0, 0.1 * height), at[1] + number * spacing * height)
        strokes += write(row, at=corner, height=height, hand=hand, rng=rng)
    if leftmost(strokes) < 0 or rightmost(strokes) > size[0]:
        raise ValueError(f"{rows} does not fit on {size}")
    return draw(strokes, size=size)


def draw(strokes: list[Stroke], *, size: tuple[int, int]) -> Coverage:
    """Ink on a page of ``size`` (width, height): ``[height, width]`` from 0, none, to 1, full."""
    fine = np.zeros((size[1] * SUPERSAMPLING, size[0] * SUPERSAMPLING), np.uint8)
    for stroke in strokes:
        for (x, y), radius in zip(*_dense(stroke), strict=True):
            centre = (round(x * SUPERSAMPLING), round(y * SUPERSAMPLING))
            cv2.circle(fine, centre, max(1, round(radius * SUPERSAMPLING)), 255, cv2.FILLED)
    page = cv2.resize(fine, size, interpolation=cv2.INTER_AREA)
    return (page / 255).astype(np.float32)


def _dense(stroke: Stroke) -> tuple[Points, NDArray[np.float64]]:
    """The stroke sampled closely enough that its discs leave no notches."""
    steps = np.hypot(*np.diff(stroke.points, axis=0).T)
    length = np.concatenate([[0], np.cumsum(steps)])
    wanted = np.linspace(0, length[-1], max(2, int(length[-1] * 2)))
    points = np.stack([np.interp(wanted, length, stroke.points[:, axis]) for axis in (0, 1)], 1)
    return points, np.interp(wanted, length, stroke.radius)
