"""Pictures that were never on paper: 28x28 digits, a web page's canvas, a drawing program."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import scene
from hand import Coverage, Hand, draw, lines, write
from PIL import Image

Make = Callable[[np.random.Generator], Image.Image]


def as_mnist(digit: str, *, hand: Hand, dark: bool) -> Make:
    """28x28 grey: the digit 20 pixels high, its centre of mass in the middle."""

    def make(rng: np.random.Generator) -> Image.Image:
        large = draw(write(digit, at=(80, 40), height=185, hand=hand, rng=rng), size=(280, 280))
        y, x = (float((large * axis).sum() / large.sum()) for axis in np.indices(large.shape))
        shift = np.float32([[1, 0, 139.5 - x], [0, 1, 139.5 - y]])
        small = cv2.resize(
            cv2.warpAffine(large, shift, (280, 280)), (28, 28), interpolation=cv2.INTER_AREA
        )
        grey = np.uint8(np.clip(small * 1.1, 0, 1) * 255)
        return Image.fromarray(255 - grey if dark else grey)

    return make


def canvas(rows: str, *, hand: Hand, height: int, at: tuple[int, int], size: int = 280) -> Make:
    """A web page's canvas: RGBA, black everywhere, the strokes in the alpha channel alone."""

    def make(rng: np.random.Generator) -> Image.Image:
        coverage = lines(rows, hand=hand, height=height, at=at, size=(size, size), rng=rng)
        pixels = np.zeros((size, size, 4), np.uint8)
        pixels[..., 3] = np.uint8(coverage * 255)
        return Image.fromarray(pixels)

    return make


def painting(
    rows: str,
    *,
    hand: Hand,
    height: int,
    at: tuple[int, int],
    size: scene.Size = (280, 280),
    ink: scene.Colour = (0, 0, 0),
    ground: scene.Colour = (1, 1, 1),
    spacing: float = 1.7,
) -> Make:
    """A drawing program's picture: one flat colour on another."""

    def make(rng: np.random.Generator) -> Image.Image:
        coverage = lines(rows, hand=hand, height=height, at=at, size=size, rng=rng, spacing=spacing)
        return _flat(coverage[..., None], np.float32(ink), np.float32(ground))

    return make


def two_sizes(
    large: str, small: str, *, hand: Hand, height: int, times: float, size: scene.Size
) -> Make:
    """A drawing program's picture: rows, and under them rows so many ``times`` smaller, written
    with a pen in proportion."""

    def make(rng: np.random.Generator) -> Image.Image:
        top, left = height // 4, height // 3
        below = round(top + 1.75 * height * (1 + large.count("/")))
        coverage = np.maximum(
            lines(large, hand=hand, height=height, at=(left, top), size=size, rng=rng),
            lines(
                small, hand=hand, height=round(height / times), at=(left, below), size=size, rng=rng
            ),
        )
        return _flat(coverage, np.float32(0), np.float32(1))

    return make


def _flat(coverage: Coverage, ink: np.ndarray, ground: np.ndarray) -> Image.Image:
    """One flat grey or colour, 0 to 1, on another."""
    page = ground * (1 - coverage) + ink * coverage
    return Image.fromarray(np.uint8(page * 255 + 0.5))
