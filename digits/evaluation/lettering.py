"""Writing without digits, in fonts that training never saw, as coverage for `scenes`.

The families held out by `digits.training.glyphs` are used, less those of which another face was
trained on: a bold face says too much about its regular one.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from digits.errors import DataError
from digits.evaluation.scenes import Coverage
from digits.training import glyphs

LETTERS = "ABCDEFGHJKLMNPQRTUVWXYabcdefghijkmnpqrtuvwxyÄÜäüßéèêàçñ"
"""What is a digit in some hand is left out: O and o, I and l, S and s, Z and z."""

SYMBOLS = "+−×÷=?%&"
DRAWN = "+−×÷="
"""Those of the symbols that `symbol_by_hand` can draw."""

WORDS = (
    "and the that with they her there their were been have what when put who may up than man day"
    " time great name under made any after new take part cut give mean think help thing men read"
    " need hand picture change head turn kind again begin paper write tree near earth father"
    " mother water light night white children might never number next river carry garden butter"
    " winter kitchen tea bread cream pepper thank dear friend evening letter pay bank rent bring"
    " cake apple egg milky warm quiet heavy quick jump deep yard happy mud pin box up fix tax"
    " Abend Tag Nacht und der mit wir Brief Kaffee heute warten Wetter grün Haut Vater Mutter"
    " Papier Garten Bahn Fahrt Tee Butter Käfer rue maman père école du thé en été château"
)

HANDWRITTEN = (
    "because breip comic dancing delphine dkg ecolier femke havana humor isabella kaushan klee"
    " kristi leckerli radis rufscript steve tomson"
)
"""How the names of families begin whose letters look written by hand."""


INSTALL = "install the packages that docs/evaluation.md lists (Debian: apt-get install fonts-...)"


@lru_cache(maxsize=2)
def fonts(*, held_out: bool) -> tuple[Path, ...]:
    """Font files of this machine: families never trained on, or all trained on.

    Raises DataError where there are none: a figure without its pictures would be no figure.
    """
    trained = glyphs.font_files(held_out=False)
    files: Sequence[Path] = trained
    if held_out:
        families = {family(file) for file in trained}
        files = [file for file in glyphs.font_files(held_out=True) if family(file) not in families]
    if not files:
        raise DataError(f"no fonts to write pictures without digits with: {INSTALL}")
    return tuple(files)


def of_both_sorts(*, held_out: bool) -> tuple[Path, ...]:
    """`fonts`. Raises DataError also where all of them look printed, or all written by hand: what
    is left alone in the one says nothing of the other."""
    files = fonts(held_out=held_out)
    for handwritten, sort in ((True, "written by hand"), (False, "printed")):
        if not by_hand(files, handwritten=handwritten):
            raise DataError(f"none of {len(files)} fonts looks {sort}: {INSTALL}")
    return files


def family(file: Path) -> str:
    """The family's own name, as the font says it."""
    return str(_font(file, 12).getname()[0]).lower()


def by_hand(files: Sequence[Path], *, handwritten: bool) -> list[Path]:
    """Those of the files that look written by hand, or those that look printed."""
    return [
        file for file in files if family(file).startswith(tuple(HANDWRITTEN.split())) == handwritten
    ]


def letter(rng: Generator, file: Path) -> str:
    """One of `LETTERS` that the font has."""
    usable = _usable(file)
    return usable[int(rng.integers(len(usable)))]


def text(rng: Generator, file: Path, words: int) -> str:
    """Words one after the other that hold none of the letters that are digits in some hand."""
    usable = _words(file)
    return " ".join(usable[int(rng.integers(len(usable)))] for _ in range(words))


def line(file: Path, words: str, *, height: int) -> Coverage:
    """One line of text, its capitals about ``height`` pixels high, trimmed."""
    font = _font(file, max(4, round(height * 1.4)))
    left, top, right, bottom = font.getbbox(words)
    size = (max(1, round(right - left) + 4), max(1, round(bottom - top) + 4))
    image = Image.new("L", size)
    ImageDraw.Draw(image).text((2 - left, 2 - top), words, fill=255, font=font)
    return np.asarray(np.asarray(image, np.float32) / 255, np.float32)


def paragraph(rng: Generator, file: Path, *, height: int, lines: int, words: int) -> Coverage:
    """Several lines, one under the other, ragged right."""
    drawn = [line(file, text(rng, file, words), height=height) for _ in range(lines)]
    spacing = round(height * rng.uniform(2.0, 2.8))
    sheet = np.zeros((spacing * lines + 3 * height, max(one.shape[1] for one in drawn)), np.float32)
    for number, one in enumerate(drawn):
        area = sheet[number * spacing : number * spacing + one.shape[0], : one.shape[1]]
        np.maximum(area, one[: area.shape[0]], out=area)
    return sheet


def slanted(rng: Generator, coverage: Coverage) -> Coverage:
    """As a hand would have it: slanted, rising or falling a little, the pen lighter or heavier."""
    height, width = coverage.shape
    slant, rise = rng.normal(0, 0.12), rng.normal(0, 0.03)
    room = (round(abs(slant) * height) + 2, round(abs(rise) * width) + 2)
    shift = (max(slant, 0) * height, max(rise, 0) * width)
    matrix = np.array([[1, -slant, shift[0]], [-rise, 1, shift[1]]], np.float32)
    bent = cv2.warpAffine(coverage, matrix, (width + room[0], height + room[1]))
    return _with_pen(rng, np.asarray(bent, np.float32))


def symbol_by_hand(rng: Generator, symbol: str, *, height: int) -> Coverage:
    """One of `DRAWN` drawn with a pen, ``height`` pixels high and wide."""
    side = 2 * height
    ink: NDArray[np.uint8] = np.zeros((side, side), np.uint8)
    thickness = max(2, round(height * rng.uniform(0.05, 0.16)))
    for x1, y1, x2, y2 in _STROKES[symbol]:
        ends = np.array([(x1, y1), (x2, y2)]) * 0.5 * height + rng.normal(0, 0.04 * height, (2, 2))
        start, end = (tuple(np.rint(point + height).astype(int).tolist()) for point in ends)
        cv2.line(ink, start, end, (255,), thickness, cv2.LINE_AA)
    if symbol == "÷":
        for y in (-0.6, 0.6):
            centre = (height, round(height + y * 0.5 * height))
            cv2.circle(ink, centre, thickness, (255,), -1, cv2.LINE_AA)
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    trimmed = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return np.asarray(trimmed / np.float32(255), np.float32)


def _with_pen(rng: Generator, coverage: Coverage) -> Coverage:
    if coverage.shape[0] < 40 or rng.random() < 0.6:
        return coverage
    return np.asarray(cv2.dilate(coverage, np.ones((2, 2), np.uint8)), np.float32)


@lru_cache(maxsize=256)
def _words(file: Path) -> list[str]:
    usable = set(_usable(file))
    return [word for word in WORDS.split() if set(word) <= usable]


@lru_cache(maxsize=256)
def _usable(file: Path) -> list[str]:
    """The letters that the font has. Where small letters are capitals, an i is an I."""
    font = _font(file, 48)
    capitals_only = font.getbbox("p")[3] - font.getbbox("x")[3] < 5  # no descender
    missing = bytes(font.getmask("\U0010fffd"))
    return [
        letter
        for letter in LETTERS
        if bytes(font.getmask(letter)) != missing and not (capitals_only and letter in "ij")
    ]


@lru_cache(maxsize=256)
def _font(file: Path, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(file), size)


_STROKES: dict[str, list[tuple[float, float, float, float]]] = {
    "+": [(-1, 0, 1, 0), (0, -1, 0, 1)],
    "−": [(-1, 0, 1, 0)],
    "×": [(-0.8, -0.8, 0.8, 0.8), (-0.8, 0.8, 0.8, -0.8)],
    "÷": [(-1, 0, 1, 0)],
    "=": [(-1, -0.3, 1, -0.3), (-1, 0.3, 1, 0.3)],
}
"""Strokes of each symbol: x1, y1, x2, y2 in halves of its height, from its middle."""
