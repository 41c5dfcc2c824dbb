"""What digits are written on and how a camera sees it: papers, boards, inks, light.

A page is float32 ``[height, width, 3]``, RGB from 0 to 1. Every function returns a new page.
"""

from __future__ import annotations

import cv2
import numpy as np
from hand import Coverage
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

Page = NDArray[np.float32]
Picture = NDArray[np.uint8]
Colour = tuple[float, float, float]
Size = tuple[int, int]

BALLPOINT: Colour = (0.10, 0.16, 0.50)
RED_PEN: Colour = (0.75, 0.10, 0.13)
GREEN_PEN: Colour = (0.05, 0.42, 0.22)
FELT_TIP: Colour = (0.09, 0.09, 0.10)
PENCIL: Colour = (0.33, 0.33, 0.35)
CHALK: Colour = (0.93, 0.93, 0.88)
RULE: Colour = (0.62, 0.73, 0.85)
PRINT: Colour = (0.25, 0.25, 0.27)
FORM: Colour = (0.42, 0.55, 0.72)
MARGIN: Colour = (0.88, 0.58, 0.58)


def sheet(size: Size, colour: Colour, *, rng: np.random.Generator, grain: float = 0.02) -> Page:
    """A sheet of ``size`` (width, height) with fibres, or with the smears of a board."""
    page = np.ones((size[1], size[0], 3), np.float32) * np.float32(colour)
    return page * (1 + grain * cloud(size, cell=3, rng=rng) + grain * cloud(size, cell=90, rng=rng))


def cloud(size: Size, *, cell: int, rng: np.random.Generator) -> Page:
    """Smooth noise ``[height, width, 1]`` about 0, with bumps of about ``cell`` pixels."""
    coarse = (max(2, size[0] // cell), max(2, size[1] // cell))
    noise = rng.normal(0, 1, coarse[::-1]).astype(np.float32)
    return cv2.resize(noise, size, interpolation=cv2.INTER_CUBIC)[..., None]


def ruled(page: Page, *, spacing: int, first: int, colour: Colour = RULE) -> Page:
    """Printed lines across the page every ``spacing`` pixels, from ``first`` down."""
    page = page.copy()
    for y in range(first, page.shape[0], spacing):
        page[y : y + 2] *= np.float32(colour)
    return page


def upright(page: Page, *, spacing: int, first: int, colour: Colour = RULE) -> Page:
    """Printed lines down the page every ``spacing`` pixels, from ``first`` to the right."""
    turned = ruled(page.swapaxes(0, 1), spacing=spacing, first=first, colour=colour)
    return turned.swapaxes(0, 1)


def ink(
    page: Page,
    coverage: Coverage,
    colour: Colour,
    *,
    rng: np.random.Generator,
    strength: float = 0.95,
    grain: float = 0.08,
) -> Page:
    """Lay ``colour`` where ``coverage`` (0 to 1) says; ``grain`` lets the paper show through."""
    size = (page.shape[1], page.shape[0])
    gaps = grain * np.abs(cloud(size, cell=2, rng=rng))
    opacity = np.clip(coverage[..., None] * (strength - gaps), 0, 1)
    return page * (1 - opacity) + np.float32(colour) * opacity


def print_text(text: str, size: Size, height: int) -> Coverage:
    """Lines of print at the top of a page of ``size``, letters ``height`` pixels high."""
    drawn = Image.new("L", size)
    ImageDraw.Draw(drawn).multiline_text(
        (60, 40), text, fill=255, font=ImageFont.load_default(height)
    )
    return np.asarray(drawn, np.float32) / 255


def blurred(coverage: Coverage, by: float) -> Coverage:
    """Ink that paper has spread by so many pixels."""
    return cv2.GaussianBlur(coverage, (0, 0), by)


def light(page: Page, *, towards: tuple[float, float], falloff: float) -> Page:
    """Light that is full at ``towards`` (x, y as parts of the page) and dims away from it."""
    x, y = _grid(page)
    distance = np.hypot(x - towards[0], y - towards[1])[..., None]
    return page / (1 + falloff * distance**2)


def shadow(
    page: Page, corners: list[tuple[float, float]], *, darkness: float, softness: int
) -> Page:
    """The shadow of something with ``corners`` (parts of the page), ``softness`` pixels wide."""
    height, width = page.shape[:2]
    shape = np.int32(np.array(corners) * (width, height))
    mask = cv2.fillPoly(np.zeros((height, width), np.float32), [shape], 1.0)
    mask = cv2.GaussianBlur(mask, (0, 0), softness)
    return page * (1 - darkness * mask[..., None])


def glare(page: Page, centre: tuple[float, float], *, radius: float, strength: float) -> Page:
    """A lamp reflected at ``centre`` (parts of the page): white, fading over ``radius``."""
    x, y = _grid(page)
    lamp = np.exp(-(((x - centre[0]) ** 2 + (y - centre[1]) ** 2) / radius**2))
    return page + (1 - page) * (strength * lamp)[..., None]


def tilt(page: Page, *, by: float, turn: float = 0.0) -> Page:
    """The page seen from below its middle: its top ``by`` (part) narrower, ``turn`` degrees."""
    height, width = page.shape[:2]
    inset = by * width / 2
    before = np.float32([(0, 0), (width, 0), (width, height), (0, height)])
    after = np.float32([(inset, inset), (width - inset, inset), (width, height), (0, height)])
    matrix = np.vstack([cv2.getRotationMatrix2D((width / 2, height / 2), turn, 1), (0, 0, 1)])
    matrix = matrix @ cv2.getPerspectiveTransform(before, after)
    return cv2.warpPerspective(page, matrix, (width, height), borderMode=cv2.BORDER_REFLECT_101)


def lay(page: Page, on: Page, corners: list[tuple[float, float]]) -> Page:
    """The page lying on something else, its corners (parts of that) from the top left clockwise."""
    (height, width), (under_height, under_width) = page.shape[:2], on.shape[:2]
    before = np.float32([(0, 0), (width, 0), (width, height), (0, height)])
    after = np.float32(corners) * np.float32((under_width, under_height))
    return cv2.warpPerspective(
        page,
        cv2.getPerspectiveTransform(before, after),
        (under_width, under_height),
        dst=on.copy(),
        borderMode=cv2.BORDER_TRANSPARENT,
    )


def camera(
    page: Page, *, rng: np.random.Generator, blur: float = 0.9, noise: float = 0.012
) -> Picture:
    """What a sensor makes of the page: a little out of focus, a little noise."""
    seen = cv2.GaussianBlur(page, (0, 0), blur) + rng.normal(0, noise, page.shape)
    return np.uint8(np.clip(seen, 0, 1) * 255 + 0.5)


def _grid(page: Page) -> tuple[Page, Page]:
    """x and y of every pixel as parts of the width and of the height."""
    height, width = page.shape[:2]
    x, y = np.meshgrid(np.linspace(0, 1, width), np.linspace(0, 1, height))
    return x.astype(np.float32), y.astype(np.float32)
