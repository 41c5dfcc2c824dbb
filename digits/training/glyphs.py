"""Characters drawn from the fonts of this machine and from OpenCV's own stroke fonts.

Used at training time only: letters and symbols to be refused, and digits, so that "drawn from a
font" is no sign of either. One family in five, see `is_held_out`, is left for evaluation.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from digits.errors import DataError

Ink = NDArray[np.uint8]

FONT_FOLDERS = (Path("/usr/share/fonts"), Path.home() / ".local/share/fonts")
MORE_FONTS = "DIGITS_FONTS"
"""Names a folder of fonts that training draws from as well, and evaluation does not: what that
measures shall not depend on them."""
FONTS = "fonts"
"""What `fingerprint` is called among the hashes of what a run learns from."""
WEB_FONT = "-latin-400-normal.woff2"
"""How the files' names end of which a package for the web has one: its upright Latin letters."""
SIDE = 64
HERSHEY = (0, 1, 2, 3, 4, 5, 6, 7)
"""OpenCV's eight stroke fonts."""


@lru_cache(maxsize=2)
def font_files(*, held_out: bool) -> tuple[Path, ...]:
    """TrueType and OpenType files installed here that hold Latin letters; one split of two."""
    return found(FONT_FOLDERS, held_out=held_out)


@lru_cache(maxsize=1)
def training_fonts() -> tuple[Path, ...]:
    """What training draws from: the files installed here and those in `MORE_FONTS`, in which
    those for the web count as well, as Fontsource's packages have them; none held out.

    Raises DataError where that folder has no fonts.
    """
    installed = font_files(held_out=False)
    if not (more := os.environ.get(MORE_FONTS, "").strip()):
        return installed
    if not Path(more).is_dir():
        raise DataError(f"{MORE_FONTS}: {more} is no folder")
    if not (added := found([Path(more)], held_out=False)):
        raise DataError(
            f"{MORE_FONTS}: there is no font to train with in {more}: none that has Latin letters "
            "and is not kept for evaluation"
        )
    return (*installed, *added)


@lru_cache(maxsize=1)
def fingerprint() -> str:
    """One hash over what training draws from, wherever the files lie."""
    contents = sorted(hashlib.sha256(path.read_bytes()).digest() for path in training_fonts())
    return hashlib.sha256(b"".join(contents)).hexdigest()


def found(folders: Iterable[Path], *, held_out: bool) -> tuple[Path, ...]:
    """The fonts in ``folders`` that draw Latin letters; one split of two, as `is_held_out` says."""
    files = [
        path
        for folder in folders
        if folder.is_dir()
        for path in sorted(folder.rglob("*"))
        if path.suffix.lower() in (".ttf", ".otf") or path.name.endswith(WEB_FONT)
    ]
    return tuple(path for path in files if is_held_out(path) == held_out and _draws_latin(path))


def is_held_out(path: Path) -> bool:
    """Whether the font's family is kept for evaluation: one in five, by a hash of its name, which
    is the same however the file is named: ``DancingScript-Regular.otf``,
    ``DancingScript[wght].ttf``, ``dancing-script-latin-400-normal.woff2``."""
    web = path.name.endswith(WEB_FONT)
    family = path.name.removesuffix(WEB_FONT).replace("-", "") if web else path.stem
    family = re.split(r"[-\[]", family)[0]
    return hashlib.sha256(family.lower().encode()).digest()[0] % 5 == 0


def draw(rng: Generator, text: str) -> Ink:
    """``text`` in a random font: ink ``[h, w]`` uint8, about ``SIDE`` pixels high, with margins.

    Falls back on OpenCV's stroke fonts where no font file is installed or the character is
    missing from the font.
    """
    files = training_fonts()
    stroke_font = rng.random() < 0.25
    if files and not stroke_font:
        ink = draw_in(files[int(rng.integers(len(files)))], text)
        if ink is not None:
            return ink
    return _draw_strokes(rng, text)


@lru_cache(maxsize=512)
def _font(path: Path) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(path), SIDE)


@lru_cache(maxsize=50_000)
def draw_in(path: Path, text: str) -> Ink | None:
    """``text`` in this font, as `draw` gives it; None for what the font does not have."""
    font = _font(path)
    left, top, right, bottom = font.getbbox(text)
    width, height = round(right - left), round(bottom - top)
    if not (0 < width <= 12 * SIDE and 0 < height <= 4 * SIDE):
        return None
    image = Image.new("L", (width + 8, height + 8))
    ImageDraw.Draw(image).text((4 - left, 4 - top), text, fill=255, font=font)
    ink = np.asarray(image, np.uint8)
    missing = _missing_glyph(path)
    if not ink.any() or (missing is not None and ink.tobytes() == missing):
        return None
    return ink


@lru_cache(maxsize=512)
def _missing_glyph(path: Path) -> bytes | None:
    """What the font draws for a character that it does not have."""
    font = _font(path)
    left, top, right, bottom = font.getbbox("\U0010fffd")
    if right <= left or bottom <= top:
        return None
    image = Image.new("L", (round(right - left) + 8, round(bottom - top) + 8))
    ImageDraw.Draw(image).text((4 - left, 4 - top), "\U0010fffd", fill=255, font=font)
    return image.tobytes()


def _draws_latin(path: Path) -> bool:
    """Symbol fonts draw something else, or the same box, for every letter."""
    if any(word in path.stem.lower() for word in ("symbol", "math", "dingbat", "emoji", "lines")):
        return False
    try:
        drawn = [draw_in(path, letter) for letter in "AgRx5"]
    except OSError:
        return False
    return all(ink is not None for ink in drawn) and len(
        {ink.tobytes() for ink in drawn if ink is not None}
    ) == len(drawn)


def _draw_strokes(rng: Generator, text: str) -> Ink:
    if not text.isascii():  # what these fonts lack is as little a digit as these
        text = "%&#@*+=?"[int(rng.integers(8))]
    face = HERSHEY[int(rng.integers(len(HERSHEY)))] | (cv2.FONT_ITALIC if rng.random() < 0.3 else 0)
    thickness = int(rng.integers(2, 6))
    (width, height), base = cv2.getTextSize(text, face, 2, thickness)
    ink = np.zeros((height + base + 16, width + 16), np.uint8)
    cv2.putText(ink, text, (8, height + 8), face, 2, (255,), thickness, cv2.LINE_AA)
    return ink
