"""What is written on, what lights it and what looks at it, for pictures that are made to measure.

A page is float32 ``[h, w]``, 0 black to 1 white; ink is coverage, float32 ``[h, w]`` from 0 (none)
to 1. Sizes are (width, height). Nothing in here is used in training.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

Page = NDArray[np.float32]
Coverage = NDArray[np.float32]
Grey = NDArray[np.uint8]
Size = tuple[int, int]


def paper(rng: Generator, size: Size) -> Page:
    """A sheet of a random shade, with fibres."""
    shade = rng.uniform(0.72, 1.0)
    grain = rng.uniform(0, 0.02)
    return plain(size, shade) * (1 + grain * cloud(rng, size, cell=3))


def plain(size: Size, shade: float) -> Page:
    """One shade all over, as in a drawing program."""
    return np.full((size[1], size[0]), shade, np.float32)


def cloud(rng: Generator, size: Size, *, cell: float) -> Page:
    """Smooth noise about 0 with a deviation of about 1 and bumps of about ``cell`` pixels."""
    coarse = (max(2, round(size[1] / cell)), max(2, round(size[0] / cell)))
    noise = rng.normal(0, 1, coarse).astype(np.float32)
    return np.asarray(cv2.resize(noise, size, interpolation=cv2.INTER_CUBIC), np.float32)


def write(page: Page, coverage: Coverage, shade: float) -> Page:
    """The page with ink of a shade on it."""
    return np.asarray(page + (shade - page) * coverage, np.float32)


def place(coverage: Coverage, size: Size, at: tuple[int, int]) -> Coverage:
    """Coverage on an empty sheet, its top left corner ``at`` (x, y); what sticks out is cut off."""
    sheet = np.zeros((size[1], size[0]), np.float32)
    left, top = max(at[0], 0), max(at[1], 0)
    part = coverage[top - at[1] :, left - at[0] :]
    part = part[: max(size[1] - top, 0), : max(size[0] - left, 0)]
    sheet[top : top + part.shape[0], left : left + part.shape[1]] = part
    return sheet


def enlarged(ink: Grey, size: Size) -> Coverage:
    """A digit of MNIST, or its own part of the image, as coverage, its edges sharp again."""
    large = cv2.resize(ink, size, interpolation=cv2.INTER_CUBIC)
    return np.asarray(np.clip((large.astype(np.float32) - 60) / 130, 0, 1), np.float32)


def digit(rng: Generator, image: Grey, height: int) -> Coverage:
    """The ink of one of MNIST's images, cropped, about ``height`` pixels high."""
    x, y, width, tall = cv2.boundingRect((image > 60).astype(np.uint8))
    scale = height * rng.uniform(0.9, 1.1) / tall
    size = (max(2, round(width * scale)), max(2, round(tall * scale)))
    return enlarged(image[y : y + tall, x : x + width], size)


def light(rng: Generator, page: Page) -> Page:
    """Light that comes from somewhere, and at times the soft edge of a shadow across the page."""
    height, width = page.shape
    x, y = np.meshgrid(np.linspace(0, 1, width), np.linspace(0, 1, height))
    angle = rng.uniform(0, 2 * np.pi)
    across = (np.cos(angle) * (x - 0.5) + np.sin(angle) * (y - 0.5)).astype(np.float32)
    lit = page * (1 - rng.uniform(0.05, 0.35) * (across + 0.5))
    if rng.random() < 0.4:
        edge = rng.normal(0, 0.2)
        softness = rng.uniform(0.02, 0.15)
        lit = lit * (1 - rng.uniform(0.15, 0.45) / (1 + np.exp(-(across - edge) / softness)))
    return np.asarray(lit, np.float32)


def tilt(rng: Generator, page: Page, *, degrees: float = 4.0) -> Page:
    """The page turned by a normally distributed angle, its own border carried on outwards."""
    height, width = page.shape
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), float(rng.normal(0, degrees / 2)), 1)
    turned = cv2.warpAffine(
        page, turn, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(turned, np.float32)


def camera(rng: Generator, page: Page) -> Grey:
    """What a sensor makes of the page: a little out of focus, a little noise."""
    blur = rng.uniform(0.3, 1.1)
    noise = rng.uniform(0.002, 0.015)
    seen = cv2.GaussianBlur(page, (0, 0), blur) + rng.normal(0, noise, page.shape)
    return levels(np.asarray(seen, np.float32))


def levels(page: Page) -> Grey:
    """The page in 256 grey levels, as a drawing program saves it."""
    return np.asarray(np.clip(page * 255 + 0.5, 0, 255), np.uint8)


def png(grey: Grey) -> bytes:
    """Without loss, and small."""
    return _encoded(grey, ".png", [cv2.IMWRITE_PNG_COMPRESSION, 1])


def bmp(grey: Grey) -> bytes:
    """Without loss, and in no time, which counts for large pictures."""
    return _encoded(grey, ".bmp", [])


def jpeg(grey: Grey, quality: int) -> bytes:
    """As cameras and phones save it."""
    return _encoded(grey, ".jpg", [cv2.IMWRITE_JPEG_QUALITY, quality])


def _encoded(grey: Grey, suffix: str, options: list[int]) -> bytes:
    done, data = cv2.imencode(suffix, grey, options)
    assert done  # only a picture of no size cannot be encoded
    return bytes(data)
