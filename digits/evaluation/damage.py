"""What happens to digits between the pen and the reader.

Strokes are coverage, pages float32 (see `scenes`). Each function says by name what it did.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.random import Generator

from digits.evaluation import scenes
from digits.evaluation.scenes import Coverage, Grey, Page

Names = tuple[str, ...]


def stroke(rng: Generator, ink: Coverage) -> tuple[Coverage, Names]:
    """Harm the ink of one digit in one way, or in none."""
    choice = int(rng.integers(len(STROKES) + 1))
    if choice == len(STROKES):
        return ink, ()
    name, harm = STROKES[choice]
    return harm(rng, ink), (name,)


def neighbour(rng: Generator, ink: Coverage, other: Coverage) -> Coverage:
    """A piece of the next digit, cut off by the picture's border, close to or touching this one."""
    height, width = ink.shape
    other = np.asarray(cv2.resize(other, (width, height), interpolation=cv2.INTER_AREA), np.float32)
    columns = np.flatnonzero(other.max(axis=0) > 0.3)
    if not len(columns):
        return ink
    piece = other[:, columns[0] : columns[0] + max(2, round(width * rng.uniform(0.05, 0.14)))]
    used = np.flatnonzero(ink.max(axis=0) > 0.3)
    end = int(used[-1]) + 1 if len(used) else width
    wide = np.zeros((height, end + round(0.06 * width) + piece.shape[1]), np.float32)
    wide[:, :end] = ink[:, :end]
    left = wide.shape[1] - piece.shape[1] - int(rng.integers(0, max(1, round(0.05 * width))))
    area = wide[:, left : left + piece.shape[1]]
    np.maximum(area, piece[:, : area.shape[1]], out=area)
    return wide[:, : left + piece.shape[1]]


def with_margin(rng: Generator, ink: Coverage) -> Coverage:
    """Empty paper around the ink, a little or a lot."""
    height, width = ink.shape
    margin = (rng.uniform(0.02, 0.5, 4) * min(height, width)).astype(int)
    return np.asarray(np.pad(ink, ((margin[0], margin[1]), (margin[2], margin[3]))), np.float32)


def picture(
    rng: Generator, page: Page, *, digit_height: float, contrast: float
) -> tuple[Grey, Names]:
    """Take the picture, badly in one way or another, or well.

    ``digit_height`` is in pixels of the page; ``contrast``, how much darker the ink is than its
    paper, from 0 to 1, bounds what noise it bears.
    """
    names: Names = ()
    choice = rng.random()
    if choice < 0.2:
        sigma = digit_height * rng.uniform(0.04, 0.09)
        page, names = np.asarray(cv2.GaussianBlur(page, (0, 0), sigma), np.float32), ("blur",)
    elif choice < 0.4:
        noise = rng.normal(0, contrast * rng.uniform(0.1, 0.25), page.shape)
        page, names = np.asarray(page + noise, np.float32), ("noise",)
    elif choice < 0.6:
        page, names = _shrunk(page, rng.uniform(9, 15) / digit_height), ("low resolution",)
    grey = scenes.levels(page) if names else scenes.camera(rng, page)
    if rng.random() < 0.15:
        return _compressed(grey, int(rng.integers(20, 45))), (*names, "compression")
    return grey, names


def _thin(rng: Generator, ink: Coverage) -> Coverage:
    """A fine pen: what is left of the strokes a little inside their edge, never broken."""
    mask = (ink > 0.5).astype(np.uint8)
    depth = cv2.distanceTransform(mask, cv2.DIST_L2, 3)
    side = max(3, round(ink.shape[0] / 6)) | 1
    ridge = cv2.dilate(depth, np.ones((side, side), np.uint8))
    core = (depth > rng.uniform(0.3, 0.6) * ridge) & (mask > 0)
    return np.asarray(cv2.GaussianBlur(core.astype(np.float32), (3, 3), 0), np.float32)


def _thick(rng: Generator, ink: Coverage) -> Coverage:
    """A broad pen or spreading ink."""
    side = max(2, round(ink.shape[0] * rng.uniform(0.05, 0.11)))
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    return np.asarray(cv2.dilate(ink, kernel), np.float32)


def _broken(rng: Generator, ink: Coverage) -> Coverage:
    """Gaps of a dry pen: one to three thin lines of paper across the strokes."""
    gaps = np.zeros(ink.shape, np.float32)
    points = np.argwhere(ink > 0.5)
    side = ink.shape[0]
    for _ in range(int(rng.integers(1, 4)) if len(points) else 0):
        row, column = points[rng.integers(len(points))]
        angle = rng.uniform(0, np.pi)
        reach = (side * 0.12 * np.cos(angle), side * 0.12 * np.sin(angle))
        ends = [(round(column + k * reach[0]), round(row + k * reach[1])) for k in (-1, 1)]
        width = max(1, round(side * rng.uniform(0.02, 0.06)))
        cv2.line(gaps, ends[0], ends[1], (1.0,), width, cv2.LINE_AA)
    return np.asarray(ink * (1 - gaps), np.float32)


def _covered(rng: Generator, ink: Coverage) -> Coverage:
    """A blot of correction fluid, or a crease: a patch where no ink is seen."""
    points = np.argwhere(ink > 0.5)
    if not len(points):
        return ink
    row, column = (int(value) for value in points[rng.integers(len(points))])
    axes = tuple(max(1, round(ink.shape[0] * rng.uniform(0.04, 0.1))) for _ in range(2))
    patch = np.zeros(ink.shape, np.float32)
    cv2.ellipse(patch, (column, row), axes, rng.uniform(0, 180), 0, 360, (1.0,), -1, cv2.LINE_AA)
    return np.asarray(ink * (1 - patch), np.float32)


def _struck(rng: Generator, ink: Coverage) -> Coverage:
    """A stray thin line through the digit: a ruled line's remains, a hair, a scratch."""
    struck = ink.copy()
    height, width = ink.shape
    left, right = (round(height * rng.uniform(0.15, 0.85)) for _ in range(2))
    cv2.line(struck, (0, left), (width, right), (rng.uniform(0.3, 1.0),), 1 + height // 60)
    return np.asarray(struck, np.float32)


def _specked(rng: Generator, ink: Coverage) -> Coverage:
    """Dust and splashes around."""
    specked = ink.copy()
    height, width = ink.shape
    for _ in range(int(rng.integers(3, 12))):
        at = (int(rng.integers(width)), int(rng.integers(height)))
        radius = max(1, round(height * rng.uniform(0.008, 0.03)))
        cv2.circle(specked, at, radius, (1.0,), -1, cv2.LINE_AA)
    return np.asarray(specked, np.float32)


def _uneven(rng: Generator, ink: Coverage) -> Coverage:
    """Pressure that comes and goes, on rough paper."""
    size = (ink.shape[1], ink.shape[0])
    pressure = np.clip(0.75 + 0.25 * scenes.cloud(rng, size, cell=ink.shape[0] / 4), 0.3, 1)
    grain = np.clip(1 + 0.3 * scenes.cloud(rng, size, cell=2), 0.3, 1)
    return np.asarray(ink * pressure * grain, np.float32)


def _shrunk(page: Page, scale: float) -> Page:
    size = (max(8, round(page.shape[1] * scale)), max(8, round(page.shape[0] * scale)))
    return np.asarray(cv2.resize(page, size, interpolation=cv2.INTER_AREA), np.float32)


def _compressed(grey: Grey, quality: int) -> Grey:
    data = np.frombuffer(scenes.jpeg(grey, quality), np.uint8)
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_GRAYSCALE), np.uint8)


STROKES: tuple[tuple[str, Callable[[Generator, Coverage], Coverage]], ...] = (
    ("thin", _thin),
    ("thick", _thick),
    ("breaks", _broken),
    ("occlusion", _covered),
    ("stray line", _struck),
    ("specks", _specked),
    ("uneven", _uneven),
)
"""What may be done to one digit's ink, each as often as the others."""
