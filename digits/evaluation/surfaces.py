"""What pictures show that hold no writing at all: papers, materials, shapes, noise, gradients.

Each function makes one page (see `scenes`) of a size. The tuples at the end name what there is of
each kind.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from digits.evaluation import scenes
from digits.evaluation.scenes import Page, Size


def ruled(rng: Generator, size: Size) -> Page:
    """An exercise book's page: lines, squares or dots, perhaps a margin; nothing written."""
    page = scenes.paper(rng, size)
    spacing = float(rng.uniform(16, 70))
    kind = rng.choice(["lines", "squares", "dots"], p=[0.45, 0.4, 0.15])
    across, down = (np.arange(rng.uniform(4, spacing), length, spacing) for length in size[::-1])
    printed = np.zeros(page.shape, np.float32)
    width = int(rng.integers(1, 4))
    if kind == "dots":
        for y in across:
            for x in down:
                cv2.circle(printed, (round(x), round(y)), width, (1.0,), -1, cv2.LINE_AA)
    else:
        for y in across:
            cv2.line(printed, (0, round(y)), (size[0], round(y)), (1.0,), width, cv2.LINE_AA)
        for x in down if kind == "squares" else ():
            cv2.line(printed, (round(x), 0), (round(x), size[1]), (1.0,), width, cv2.LINE_AA)
        if rng.random() < 0.4:
            x = round(size[0] * rng.uniform(0.08, 0.2))
            cv2.line(printed, (x, 0), (x, size[1]), (1.0,), width, cv2.LINE_AA)
    return scenes.tilt(rng, scenes.write(page, printed, rng.uniform(0.3, 0.75)))


def noise(rng: Generator, size: Size) -> Page:
    """A sensor in the dark, salt and pepper, or clouds of all sizes."""
    page = scenes.plain(size, rng.uniform(0.2, 0.9))
    kind = int(rng.integers(3))
    if kind == 0:
        return np.asarray(page + rng.normal(0, rng.uniform(0.03, 0.25), page.shape), np.float32)
    if kind == 1:
        hit = rng.random(page.shape)
        share = rng.uniform(0.005, 0.1)
        return np.asarray(np.where(hit < share, 0, np.where(hit > 1 - share, 1, page)), np.float32)
    for octave in range(2, 8):
        page = page + scenes.cloud(rng, size, cell=2.0**octave) * 0.012 * octave
    return page


def gradient(rng: Generator, size: Size) -> Page:
    """Brightness that changes smoothly: along a line, about a point, or both ways."""
    x, y = np.meshgrid(np.linspace(-1, 1, size[0]), np.linspace(-1, 1, size[1]))
    kind = int(rng.integers(3))
    if kind == 0:
        angle = rng.uniform(0, 2 * np.pi)
        field = np.cos(angle) * x + np.sin(angle) * y
    elif kind == 1:
        field = np.hypot(x - rng.uniform(-0.7, 0.7), y - rng.uniform(-0.7, 0.7))
    else:
        field = x * y
    reach = rng.uniform(0.15, 0.5)
    return np.asarray(rng.uniform(0.35, 0.65) + reach * field / np.abs(field).max(), np.float32)


def _wood(rng: Generator, size: Size) -> Page:
    bend = scenes.cloud(rng, size, cell=max(size) / 4)
    across = np.linspace(0, 1, size[1], dtype=np.float32)[:, None]
    rings = np.sin(rng.uniform(25, 60) * (across + 0.06 * bend))
    fine = np.sin(rng.uniform(110, 190) * (across + 0.05 * bend))
    return np.asarray(rng.uniform(0.3, 0.6) * (1 + 0.15 * rings + 0.08 * fine), np.float32)


def _cloth(rng: Generator, size: Size) -> Page:
    x, y = np.meshgrid(np.arange(size[0]), np.arange(size[1]))
    thread = rng.uniform(5, 16)
    weave = np.sin(2 * np.pi * x / thread) * np.sin(2 * np.pi * y / thread)
    stripes = np.sign(np.sin(2 * np.pi * x / (thread * rng.uniform(6, 12))))
    return np.asarray(rng.uniform(0.4, 0.7) * (1 + 0.15 * weave + 0.2 * stripes), np.float32)


def _bricks(rng: Generator, size: Size) -> Page:
    page = scenes.plain(size, rng.uniform(0.65, 0.85))
    height = int(rng.integers(25, 60))
    width = round(height * rng.uniform(2, 3))
    for row, top in enumerate(range(0, size[1], height)):
        for left in range(-width * (row % 2) // 2, size[0], width):
            shade = float(rng.uniform(0.3, 0.5))
            end = (left + width - 5, top + height - 5)
            cv2.rectangle(page, (left, top), end, (shade,), -1)
    return np.asarray(page * (1 + 0.05 * scenes.cloud(rng, size, cell=4)), np.float32)


def _stone(rng: Generator, size: Size) -> Page:
    """Cells about random points, each of its own shade (Voronoi)."""
    points = rng.uniform(0, 1, (int(rng.integers(20, 90)), 2)) * size
    shades = rng.uniform(0.3, 0.8, len(points)).astype(np.float32)
    x, y = np.meshgrid(np.arange(size[0], dtype=np.float32), np.arange(size[1], dtype=np.float32))
    nearest = np.full(x.shape, np.inf, np.float32)
    page = np.zeros(x.shape, np.float32)
    for (px, py), shade in zip(points, shades, strict=True):
        distance = (x - np.float32(px)) ** 2 + (y - np.float32(py)) ** 2
        page = np.where(distance < nearest, shade, page)
        nearest = np.minimum(nearest, distance)
    return np.asarray(page * (1 + 0.06 * scenes.cloud(rng, size, cell=5)), np.float32)


def _tiles(rng: Generator, size: Size) -> Page:
    x, y = np.meshgrid(np.arange(size[0]), np.arange(size[1]))
    side = rng.uniform(25, 90)
    board = (x // side + y // side) % 2
    return np.asarray(rng.uniform(0.3, 0.5) + rng.uniform(0.15, 0.5) * board, np.float32)


def _blotches(rng: Generator, size: Size) -> Page:
    """Leaves, rust, camouflage: smooth noise cut at a level."""
    field = sum(scenes.cloud(rng, size, cell=max(size) / part) / part for part in (6, 15, 40))
    edge = np.clip((field - rng.uniform(-0.05, 0.1)) * 40, 0, 1)
    return np.asarray(rng.uniform(0.2, 0.4) + rng.uniform(0.2, 0.5) * edge, np.float32)


def _polygons(rng: Generator, size: Size) -> Page:
    page = scenes.plain(size, rng.uniform(0.6, 1))
    for _ in range(int(rng.integers(3, 9))):
        corners = int(rng.integers(3, 7))
        angles = np.sort(rng.uniform(0, 2 * np.pi, corners))
        radius = min(size) * rng.uniform(0.12, 0.35)
        middle = rng.uniform(0.1, 0.9, 2) * size
        points = middle + radius * np.stack([np.cos(angles), np.sin(angles)], 1)
        cv2.fillPoly(page, [_pixels(points)], (float(rng.uniform(0, 0.9)),), cv2.LINE_AA)
    return page


def _skyline(rng: Generator, size: Size) -> Page:
    page = np.asarray(np.linspace(0.9, 0.6, size[1])[:, None] * np.ones(size[0]), np.float32)
    left = 0
    while left < size[0]:
        width = int(rng.integers(max(8, size[0] // 14), max(10, size[0] // 6)))
        top = round(size[1] * rng.uniform(0.2, 0.8))
        shade = float(rng.uniform(0.1, 0.45))
        cv2.rectangle(page, (left, top), (left + width, size[1]), (shade,), -1)
        for y in range(top + 8, size[1], 22):
            for x in range(left + 6, left + width - 8, 16):
                if rng.random() < 0.6:
                    cv2.rectangle(page, (x, y), (x + 7, y + 9), (0.8,), -1)
        left += width
    return page


def _hills(rng: Generator, size: Size) -> Page:
    page = np.asarray(np.linspace(0.95, 0.7, size[1])[:, None] * np.ones(size[0]), np.float32)
    x = np.arange(size[0])
    for level in (0.45, 0.6, 0.78):
        ridge = scenes.cloud(rng, (size[0], 2), cell=size[0] / 7)[0] * 0.07 * size[1]
        outline = np.stack([x, size[1] * level + ridge], 1)
        points = np.concatenate([outline, [[size[0], size[1]], [0, size[1]]]])
        cv2.fillPoly(page, [_pixels(points)], (float(0.95 - level * rng.uniform(0.7, 1)),))
    return page


def _panes(rng: Generator, size: Size) -> Page:
    """Rectangles of several shades between thick bars, like a window or a page's layout."""
    page = scenes.plain(size, 0.95)
    across = np.sort(rng.choice(np.arange(1, 12), 4, replace=False)) / 12 * size[0]
    down = np.sort(rng.choice(np.arange(1, 12), 3, replace=False)) / 12 * size[1]
    columns = [0, *np.rint(across).astype(int).tolist(), size[0]]
    rows = [0, *np.rint(down).astype(int).tolist(), size[1]]
    for left, right in zip(columns, columns[1:], strict=False):
        for top, bottom in zip(rows, rows[1:], strict=False):
            shade = float(rng.choice([0.95, 0.8, 0.5, 0.2], p=[0.5, 0.2, 0.15, 0.15]))
            cv2.rectangle(page, (left, top), (right, bottom), (shade,), -1)
            cv2.rectangle(page, (left, top), (right, bottom), (0.05,), max(2, min(size) // 60))
    return page


def _pixels(points: NDArray[np.float64]) -> NDArray[np.int32]:
    return np.rint(points).astype(np.int32).reshape(-1, 1, 2)


Maker = Callable[[Generator, Size], Page]

MATERIALS: tuple[Maker, ...] = (_wood, _cloth, _bricks, _stone, _tiles, _blotches)
PAPERS: tuple[Maker, ...] = (ruled,)
SHAPES: tuple[Maker, ...] = (_polygons, _skyline, _hills, _panes)
NOISES: tuple[Maker, ...] = (noise,)
GRADIENTS: tuple[Maker, ...] = (gradient,)
