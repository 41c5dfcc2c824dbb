"""What a reader cuts out of a picture that is not exactly one digit.

Halves and pairs of digits, letters and symbols, scribbles, blobs, textures. Shapes that *are*
digits in somebody's hand are left out: O, l, I, S, Z, a circle, a bare upright stroke, a Cyrillic б
that is a 6 and a Ф that is a 4 written without lifting the pen. Every function returns ink as in
`digits.training.augmentation`.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from digits.training import augmentation, glyphs, parting

Ink = NDArray[np.uint8]
CANVAS = augmentation.CANVAS

LETTERS = "ABCDEFGHJKLMNPQRTUVWXYacdefghjkmnpqrtuvwxyäöüßéñçÄÖÜ" + "БДЖИКЛЦШЮЯджикшюя"
SYMBOLS = '+−×÷=?%&@#*<>~$€£§{}[]^"«»≠≤√∑πΩ☺→★♥♪'
PARTED = "&+#*@€§¥Φ≠"
"""Symbols no half of which is a digit, as that of a percent sign is."""
LOOK_ALIKE = "bqgDJQ"
"""Letters that only their neighbours tell from a digit: taught, but seldom."""
TRIES = 100
"""To find a digit of some kind, which data of somebody's own may not have."""


def cut_digit(rng: Generator, digits: NDArray[np.uint8], labels: NDArray[np.int64]) -> Ink:
    """One part of a digit that was cut through the middle, as a bad segmentation leaves it."""
    index = _any_but(rng, labels, {1})
    if index is None:
        return scribble(rng)
    ink = augmentation.warp(rng, digits[index])
    left, top, width, height = cv2.boundingRect(ink)
    turn = rng.choice([0.0, np.pi / 2]) + rng.normal(0, 0.25)
    rows, columns = np.indices(ink.shape, dtype=np.float32)
    distance = (columns - left - width / 2) * np.cos(turn) + (rows - top - height / 2) * np.sin(
        turn
    )
    weight = np.sort(distance[ink > 100])
    if not len(weight):
        return scribble(rng)
    level = weight[int(len(weight) * rng.uniform(0.4, 0.62))]
    part = ink * (distance < level) if rng.random() < 0.5 else ink * (distance > level)
    part = np.asarray(part, np.uint8)
    return scribble(rng) if _like_a_one(part) else part


def part_of_number(rng: Generator, digits: NDArray[np.uint8], labels: NDArray[np.int64]) -> Ink:
    """What the reader cuts out of digits that touch and that is none, or more than one."""
    for _ in range(parting.TRIES):
        ink = parting.none(rng, digits, labels)
        if ink is not None and not (_like_a_one(ink) or _like_a_ring(ink)):
            return ink
    return scribble(rng)


def digit_pair(rng: Generator, digits: NDArray[np.uint8], labels: NDArray[np.int64]) -> Ink:
    """Two digits, or a digit and a good part of its neighbour, taken for one."""
    first, second = (
        augmentation.warp(rng, digits[int(rng.integers(len(digits)))]) for _ in range(2)
    )
    first, second = (augmentation.trimmed(ink) for ink in (first, second))
    share = 1.0 if rng.random() < 0.6 else rng.uniform(0.4, 0.7)
    second = second[:, : max(3, int(second.shape[1] * share))]
    gap = int(rng.integers(-8, 9))
    height = max(first.shape[0], second.shape[0])
    pair = np.zeros((height + 12, first.shape[1] + second.shape[1] + 20), np.uint8)
    left = 10
    for ink in (first, second):
        top = int(rng.integers(0, pair.shape[0] - ink.shape[0] + 1))
        area = pair[top : top + ink.shape[0], left : left + ink.shape[1]]
        np.maximum(area, ink[:, : area.shape[1]], out=area)
        left = max(0, left + ink.shape[1] + gap)
    return pair


def digit_stack(rng: Generator, digits: NDArray[np.uint8], labels: NDArray[np.int64]) -> Ink:
    """A digit and one of the next row, or a part of it, taken for one."""
    upper, lower = (
        augmentation.trimmed(augmentation.warp(rng, digits[int(rng.integers(len(digits)))]))
        for _ in range(2)
    )
    lower = lower[: max(8, int(lower.shape[0] * rng.uniform(0.45, 1.0)))]
    gap = int(rng.integers(0, 9))
    stack = np.zeros((upper.shape[0] + gap + lower.shape[0] + 4, CANVAS + 24), np.uint8)
    for top, ink in ((2, upper), (2 + upper.shape[0] + gap, lower)):
        left = (stack.shape[1] - ink.shape[1]) // 2 + int(rng.integers(-6, 7))
        stack[top : top + ink.shape[0], left : left + ink.shape[1]] = ink
    return stack[::-1] if rng.random() < 0.1 else stack


def turned_digit(rng: Generator, digits: NDArray[np.uint8], labels: NDArray[np.int64]) -> Ink:
    """A digit on its side, for those digits that are not another one then."""
    index = _any_but(rng, labels, {0, 1, 8})
    if index is None:
        return scribble(rng)
    way = cv2.ROTATE_90_CLOCKWISE if rng.random() < 0.5 else cv2.ROTATE_90_COUNTERCLOCKWISE
    return augmentation.warp(rng, np.asarray(cv2.rotate(digits[index], way), np.uint8))


def character(rng: Generator, digits: NDArray[np.uint8], labels: NDArray[np.int64]) -> Ink:
    """A letter or a symbol from a font, sometimes two that touch."""
    choice = rng.random()
    pool = LOOK_ALIKE if choice < 0.03 else SYMBOLS if choice < 0.25 else LETTERS
    count = 2 if pool is LETTERS and rng.random() < 0.15 else 1
    text = "".join(pool[int(rng.integers(len(pool)))] for _ in range(count))
    return augmentation.warp(rng, glyphs.draw(rng, text), amount=0.7)


def cut_text(rng: Generator, digits: NDArray[np.uint8], labels: NDArray[np.int64]) -> Ink:
    """A piece of a word or of a symbol, cut straight down where a bad segmentation would."""
    pool, count = (PARTED, 1) if rng.random() < 0.2 else (LETTERS, int(rng.integers(1, 4)))
    text = "".join(pool[int(rng.integers(len(pool)))] for _ in range(count))
    whole = augmentation.trimmed(glyphs.draw(rng, text))
    height, width = whole.shape
    share = rng.uniform(0.35, 0.75) if count == 1 else rng.uniform(0.5, 1.2) * height / width
    left = int(rng.uniform(0, max(0.0, 1 - share)) * width)
    part = augmentation.trimmed(
        np.asarray(whole[:, left : left + max(4, round(share * width))], np.uint8)
    )
    ink = augmentation.warp(rng, cv2.copyMakeBorder(part, 4, 4, 4, 4, cv2.BORDER_CONSTANT))
    return scribble(rng) if _like_a_one(ink) or _like_a_ring(ink) else ink


def stroke(rng: Generator, digits: NDArray[np.uint8], labels: NDArray[np.int64]) -> Ink:
    """A dash, a dot, a tick, a comma, a cross, an equals sign, a corner, an arc."""
    ink = _blank()
    thickness = int(rng.integers(2, 9))
    kind = int(rng.integers(7))
    middle = CANVAS / 2
    lines: list[tuple[float, float, float, float]] = []
    if kind == 0:
        tilt = rng.normal(0, 0.22) * 25
        lines = [(7, middle - tilt, 57, middle + tilt)]
    elif kind == 1:
        radius = (int(rng.integers(6, 12)), int(rng.integers(6, 12)))
        cv2.ellipse(ink, (32, 32), radius, rng.uniform(0, 180), 0, 360, (255,), -1, cv2.LINE_AA)
    elif kind == 2:
        low = rng.uniform(12, 28)
        lines = [(14, 40, low + 6, 54), (low + 6, 54, 56, 8)]
    elif kind == 3:
        angle = rng.uniform(0, np.pi / 4)
        x, y = 22 * np.cos(angle), 22 * np.sin(angle)
        lines = [(32 - x, 32 - y, 32 + x, 32 + y), (32 + y, 32 - x, 32 - y, 32 + x)]
    elif kind == 4:
        gap = rng.uniform(6, 14)
        lines = [(8, 32 - gap, 56, 32 - gap), (8, 32 + gap, 56, 32 + gap)]
    elif kind == 5:
        lines = [(12, 10, 12, 54), (12, 54, 52, 54 + rng.normal(0, 3))]
    else:
        start = rng.uniform(0, 360)
        axes = (int(rng.integers(12, 27)), int(rng.integers(12, 27)))
        sweep = rng.uniform(100, 200)
        cv2.ellipse(ink, (32, 32), axes, 0, start, start + sweep, (255,), thickness, cv2.LINE_AA)
        return scribble(rng) if _like_a_one(ink) else ink
    for x1, y1, x2, y2 in lines:
        jitter = rng.normal(0, 1.5, 4)
        start_point = (round(x1 + jitter[0]), round(y1 + jitter[1]))
        end_point = (round(x2 + jitter[2]), round(y2 + jitter[3]))
        cv2.line(ink, start_point, end_point, (255,), thickness, cv2.LINE_AA)
    return ink


def scribble(
    rng: Generator,
    digits: NDArray[np.uint8] | None = None,
    labels: NDArray[np.int64] | None = None,
) -> Ink:
    """A curve through random points, with too many turns to be a digit."""
    ink = _blank()
    for _ in range(int(rng.integers(1, 4))):
        knots = rng.uniform(6, 58, (int(rng.integers(5, 10)), 2)).astype(np.float32)
        steps = cv2.resize(knots.reshape(1, -1, 2), (80, 1), interpolation=cv2.INTER_CUBIC)
        cv2.polylines(
            ink,
            [np.asarray(steps).reshape(-1, 1, 2).astype(np.int32)],
            isClosed=bool(rng.random() < 0.2),
            color=(255,),
            thickness=int(rng.integers(2, 5)),
            lineType=cv2.LINE_AA,
        )
    return ink


def shape(rng: Generator, digits: NDArray[np.uint8], labels: NDArray[np.int64]) -> Ink:
    """A filled polygon, the outline of a triangle or a square, or a grid."""
    ink = _blank()
    corners = int(rng.integers(3, 8))
    turn = rng.uniform(0, 2 * np.pi)
    radii = 26 * rng.uniform(0.4 if rng.random() < 0.5 else 0.9, 1, corners)
    angles = turn + np.linspace(0, 2 * np.pi, corners, endpoint=False)
    points = np.stack([32 + radii * np.cos(angles), 32 + radii * np.sin(angles)], -1)
    polygon = points.astype(np.int32).reshape(-1, 1, 2)
    if rng.random() < 0.45:
        cv2.fillPoly(ink, [polygon], (255,), cv2.LINE_AA)
    elif corners < 5:
        cv2.polylines(ink, [polygon], True, (255,), int(rng.integers(2, 6)), cv2.LINE_AA)
    else:
        for offset in np.linspace(8, 56, int(rng.integers(3, 5))).astype(int).tolist():
            cv2.line(ink, (offset, 6), (offset, 58), (255,), 2, cv2.LINE_AA)
            cv2.line(ink, (6, offset), (58, offset), (255,), 2, cv2.LINE_AA)
    return augmentation.warp(rng, ink)


def texture(rng: Generator, digits: NDArray[np.uint8], labels: NDArray[np.int64]) -> Ink:
    """A piece of a thresholded natural-looking texture, torn edges included."""
    field = rng.normal(0, 1, (CANVAS, CANVAS)).astype(np.float32)
    spread = (float(rng.uniform(1, 7)), float(rng.uniform(1, 7)))
    field = np.asarray(cv2.GaussianBlur(field, (0, 0), sigmaX=spread[0], sigmaY=spread[1]))
    field /= field.std() + 1e-6
    ink = np.clip((field - rng.uniform(-0.2, 0.8)) * 400, 0, 255).astype(np.uint8)
    count, pieces, stats, _ = cv2.connectedComponentsWithStats((ink > 128).astype(np.uint8))
    if count > 2 and rng.random() < 0.7:
        largest = 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))
        ink = ink * (pieces == largest).astype(np.uint8)
    return scribble(rng) if _like_a_one(ink) else ink


Maker = Callable[[Generator, NDArray[np.uint8], NDArray[np.int64]], Ink]

MAKERS: tuple[tuple[Maker, float], ...] = (
    (cut_digit, 0.1),
    (part_of_number, 0.17),
    (digit_pair, 0.14),
    (digit_stack, 0.04),
    (turned_digit, 0.04),
    (character, 0.29),
    (cut_text, 0.05),
    (stroke, 0.05),
    (scribble, 0.05),
    (shape, 0.04),
    (texture, 0.03),
)
"""What to make, and how often; the shares sum to 1."""


def make(rng: Generator, digits: NDArray[np.uint8], labels: NDArray[np.int64]) -> Ink:
    """One random thing that is not a digit."""
    choice = rng.choice(len(MAKERS), p=[share for _, share in MAKERS])
    return MAKERS[int(choice)][0](rng, digits, labels)


def _any_but(rng: Generator, labels: NDArray[np.int64], excluded: set[int]) -> int | None:
    """A place in ``labels`` at random where none of the ``excluded`` is; None after `TRIES`."""
    for _ in range(TRIES):
        index = int(rng.integers(len(labels)))
        if int(labels[index]) not in excluded:
            return index
    return None


def _blank() -> Ink:
    return np.zeros((CANVAS, CANVAS), np.uint8)


def _like_a_one(ink: Ink) -> bool:
    """A lone narrow piece, upright or slanted, is somebody's 1, whatever it was cut from."""
    rows, columns = np.nonzero(ink > 100)
    if not len(rows):
        return False
    height, width = np.ptp(rows) + 1, np.ptp(columns) + 1
    if height < width:
        return False
    down = rows - rows.mean()
    slant = (down * columns).sum() / max(1e-9, (down * down).sum())
    return bool(min(width, np.ptp(columns - slant * rows) + 1) < 0.45 * height)


def _like_a_ring(ink: Ink) -> bool:
    """One closed outline, filled for less than two thirds, is somebody's 0."""
    mask = cv2.threshold(ink, 100, 255, cv2.THRESH_BINARY)[1]
    outlines, levels = cv2.findContours(mask, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    if len(outlines) != 2 or levels is None:
        return False
    outer, inner = sorted((cv2.contourArea(outline) for outline in outlines), reverse=True)
    hull = cv2.contourArea(cv2.convexHull(max(outlines, key=cv2.contourArea)))
    return bool(inner > 0.33 * outer and outer > 0.9 * hull)
