"""One digit, written by many hands with many pens.

Every function takes and returns ink: ``[h, w]`` uint8, 0 for paper and 255 for full ink. Geometry
follows Simard, Steinkraus and Platt 2003 (affine and elastic distortion); the pen is changed
through the distance transform, so that thinning never breaks a stroke.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from digits.training import strokes

Ink = NDArray[np.uint8]

CANVAS = 64
"""Side in pixels at which ink is distorted, about twice MNIST's own resolution."""

REACH = CANVAS * 0.82 * 10 / 28
"""Half the height on that canvas of what is as high in its image as MNIST's digits are."""

NUDGE = 0.7
"""How much `nudge` distorts, against `warp`."""


def warp(rng: Generator, glyph: Ink, *, amount: float = 1.0) -> Ink:
    """Slant, turn, stretch and bend ``glyph`` onto a ``CANVAS`` square.

    ``amount`` scales every distortion; at 1 the standard deviations are 8 degrees of rotation,
    0.18 of shear, 12 % of stretch, 2.5 % of the side of elastic displacement, and 15 % of half its
    height by which a digit's middle moves up or down: some hands make the loop of a 9 tiny.
    """
    grid = proportioned(rng, _GRID, amount=amount)
    return _bent(rng, glyph, grid, scale=max(glyph.shape) / (CANVAS * 0.82), amount=amount)


def nudge(rng: Generator, image: Ink) -> Ink:
    """``image`` bent less than by `warp`, at its own resolution, and moved a little: by 0.4 pixels
    in standard deviation each way.

    What `warp` enlarges has other edges than MNIST's own pixels, by which a network can tell.
    """
    height, width = image.shape
    grid = _grid(height, width) + rng.normal(0, 0.4, 2).astype(np.float32)
    return _bent(rng, image, grid, scale=1.0, amount=NUDGE)


def _grid(height: int, width: int) -> NDArray[np.float32]:
    """x, y of every pixel, from the middle: ``[height, width, 2]``."""
    x, y = np.meshgrid(np.arange(width), np.arange(height))
    middle = ((width - 1) / 2, (height - 1) / 2)
    return np.asarray(np.stack([x, y], axis=-1) - middle, np.float32)


_GRID = _grid(CANVAS, CANVAS)


def proportioned(
    rng: Generator, grid: NDArray[np.float32], *, amount: float
) -> NDArray[np.float32]:
    """``grid``, looking for what is in the middle further up or down; top and bottom of a digit,
    `REACH` from the middle, stay where they are."""
    share = float(np.clip(rng.normal(0, 0.15 * amount), -0.4, 0.4))  # from 0.5 on it would fold
    y = grid[..., 1]
    moved = y + share * np.maximum(REACH**2 - y**2, 0) / REACH
    return np.stack([grid[..., 0], moved], axis=-1)


def _bent(
    rng: Generator, glyph: Ink, grid: NDArray[np.float32], *, scale: float, amount: float
) -> Ink:
    """``glyph`` where ``grid`` looks for it, ``scale`` of its pixels to one of the grid."""
    angle, shear = rng.normal(0, (np.deg2rad(8) * amount, 0.18 * amount))
    stretch_x, stretch_y = np.exp(rng.normal(0, 0.12 * amount, 2))
    cos, sin = np.cos(angle), np.sin(angle)
    matrix = np.array([[stretch_x, shear], [0, stretch_y]]) @ [[cos, -sin], [sin, cos]] * scale
    centre = np.array([glyph.shape[1] - 1, glyph.shape[0] - 1], np.float32) / 2
    reach = 0.025 * amount * max(glyph.shape)
    bend = rng.normal(0, reach, (5, 5, 2)).astype(np.float32)
    field = cv2.resize(bend, grid.shape[1::-1], interpolation=cv2.INTER_CUBIC)
    source = grid @ matrix.T.astype(np.float32) + (field + centre)
    return np.asarray(cv2.remap(glyph, source, None, cv2.INTER_CUBIC), np.uint8)


def trimmed(ink: Ink) -> Ink:
    """The part of ``ink`` that holds all there is of it; itself where there is none."""
    left, top, width, height = cv2.boundingRect(ink)
    return np.asarray(ink[top : top + height, left : left + width]) if width else ink


def pen(rng: Generator, ink: Ink) -> Ink:
    """Write with another pen: thinner (down to a third), thicker (up to 4 px a side), or as is."""
    choice = rng.random()
    if choice < 0.4:
        return ink
    mask = (ink > 110).astype(np.uint8)
    if choice < 0.75:
        depth = cv2.distanceTransform(mask, cv2.DIST_L2, 3)
        ridge = cv2.dilate(depth, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (9, 9)))
        mask = ((depth > rng.uniform(0.05, 0.7) * ridge) & (mask > 0)).astype(np.uint8)
    else:
        size = int(rng.integers(2, 6))
        mask = np.asarray(
            cv2.dilate(mask, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))), np.uint8
        )
    return np.asarray(cv2.GaussianBlur(mask * np.uint8(255), (3, 3), 0), np.uint8)


def wear(rng: Generator, ink: Ink) -> Ink:
    """What pencil, chalk, a dry pen, a bad camera or a small picture do to a stroke."""
    choice = rng.random()
    if choice < 0.45:
        return ink
    if choice < 0.52:
        return _remains(rng, ink)
    if choice < 0.62:
        return _uneven(rng, ink)
    if choice < 0.7:
        return _gap(rng, ink)
    if choice < 0.8:
        return np.asarray(cv2.GaussianBlur(ink, (0, 0), rng.uniform(0.6, 2.2)), np.uint8)
    return _low_resolution(rng, ink)


def rough(rng: Generator, ink: Ink) -> Ink:
    """A hard threshold at a random level after noise, as a picture with poor contrast leaves it."""
    noise = cv2.resize(
        rng.normal(0, rng.uniform(5, 35), (32, 32)).astype(np.float32),
        (ink.shape[1], ink.shape[0]),
        interpolation=cv2.INTER_LINEAR,
    )
    level = rng.uniform(70, 170)
    soft = np.clip((ink.astype(np.float32) + noise - level) * rng.uniform(2, 12) + 128, 0, 255)
    soft[cv2.dilate(ink, np.ones((5, 5), np.uint8)) == 0] = 0
    return np.asarray(soft, np.uint8)


def national(rng: Generator, ink: Ink, digit: int) -> Ink:
    """Now and then the ways of writing that MNIST, collected in the USA, hardly has.

    A bar through the 7, a flag and a foot on the 1, a slash through the 0.
    """
    if digit == 7 and rng.random() < 0.3:
        return crossed_seven(rng, ink)
    if digit == 1 and rng.random() < 0.25:
        return strokes.draw(rng, 1)
    if digit == 0 and rng.random() < 0.02:
        return _slashed(rng, ink)
    return ink


def crossed_seven(rng: Generator, ink: Ink) -> Ink:
    """A 7 with a short bar through its stem."""
    left, top, width, height = cv2.boundingRect(ink)
    row = top + int(height * rng.uniform(0.42, 0.62))
    columns = np.flatnonzero(ink[min(row, ink.shape[0] - 1)] > 100)
    if not len(columns):
        return ink
    centre = float(columns.mean()) + rng.normal(0, 0.04) * width
    half = max(width * rng.uniform(0.2, 0.42), 5)
    tilt = rng.normal(-0.1, 0.15) * half
    return _line(
        ink, (centre - half, row - tilt), (centre + half, row + tilt), max(2, len(columns) * 0.7)
    )


def _slashed(rng: Generator, ink: Ink) -> Ink:
    left, top, width, height = cv2.boundingRect(ink)
    return _line(ink, (left + width * 0.8, top + height * 0.15), (left, top + height * 0.95), 3)


def _uneven(rng: Generator, ink: Ink) -> Ink:
    """Pressure that comes and goes, with the paper's grain in it."""
    side = (ink.shape[1], ink.shape[0])
    pressure = rng.uniform(0.35, 1.3, (6, 6)).astype(np.float32)
    grain = rng.normal(1, rng.uniform(0, 0.3), ink.shape).astype(np.float32)
    field = cv2.resize(pressure, side, interpolation=cv2.INTER_LINEAR) * cv2.blur(grain, (2, 2))
    return np.asarray(np.clip(ink * field, 0, 255), np.uint8)


def _remains(rng: Generator, ink: Ink) -> Ink:
    """Ends of a ruled line or of a neighbour's stroke that still hang on the ink."""
    points = np.argwhere(ink > 128)
    for _ in range(int(rng.integers(1, 4))):
        if not len(points):
            break
        row, column = points[rng.integers(len(points))]
        turn = rng.choice([0.0, np.pi, rng.uniform(0, 2 * np.pi)]) + rng.normal(0, 0.1)
        reach = rng.uniform(3, 9)
        end = (column + reach * np.cos(turn), row + reach * np.sin(turn))
        ink = _line(ink, (column, row), end, rng.uniform(1, 3))
    return ink


def _gap(rng: Generator, ink: Ink) -> Ink:
    """One or two breaks across the stroke."""
    broken: Ink = ink.copy()
    points = np.argwhere(ink > 128)
    for _ in range(int(rng.integers(1, 3))):
        if not len(points):
            break
        row, column = points[rng.integers(len(points))]
        turn = rng.uniform(0, np.pi)
        reach = rng.uniform(4, 8)
        start = (column - reach * np.cos(turn), row - reach * np.sin(turn))
        end = (column + reach * np.cos(turn), row + reach * np.sin(turn))
        cut = _line(np.zeros_like(ink), start, end, rng.uniform(1, 3.5))
        cv2.subtract(broken, cut, dst=broken)
    return broken


def _low_resolution(rng: Generator, ink: Ink) -> Ink:
    """As seen in a picture where the digit is only 9 to 22 pixels high."""
    side = int(rng.integers(11, 28))
    small = cv2.resize(ink, (side, side), interpolation=cv2.INTER_AREA)
    back = cv2.resize(small, (ink.shape[1], ink.shape[0]), interpolation=cv2.INTER_CUBIC)
    return np.asarray(back, np.uint8)


def _line(ink: Ink, start: tuple[float, float], end: tuple[float, float], thickness: float) -> Ink:
    """``ink`` with an anti-aliased stroke; coordinates are x, y in pixels."""
    drawn: Ink = ink.copy()
    strokes.trace(drawn, np.array([start, end]), thickness)
    return drawn
