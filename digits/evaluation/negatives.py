"""200 pictures in which there is no digit, to see how many are left alone.

`held_out` is for the figure: letters in font families that training never saw. `tune` is made of
families that it did see, with another seed, and is for choosing whatever there is to choose.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.random import Generator

from digits.evaluation import doodles, lettering, scenes, surfaces
from digits.evaluation.scenes import Coverage, Grey
from digits.evaluation.share import Share
from digits.reader import Reader

HELD_OUT_SEED = 4_113
TUNE_SEED = 905

Maker = Callable[[Generator, Sequence[Path], int], Grey]
"""Makes one picture with these fonts; the number counts the pictures of its category."""


@dataclass(frozen=True)
class Negative:
    """A picture, and what is in it."""

    category: str
    grey: Grey


@dataclass(frozen=True)
class Outcome:
    """The digits that were read where there are none, rows apart by ``/``."""

    category: str
    read: str


def held_out() -> list[Negative]:
    """The 200 pictures for the figure, the same ones on a machine with the same fonts.

    Raises DataError where no font was held out, or those of one sort only.
    """
    return made(lettering.of_both_sorts(held_out=True), HELD_OUT_SEED)


def tune() -> list[Negative]:
    """200 others of the same kinds, for choosing thresholds. Raises DataError without fonts
    of both sorts."""
    return made(lettering.of_both_sorts(held_out=False), TUNE_SEED)


def read(reader: Reader, negative: Negative) -> Outcome:
    """Read one as any other picture."""
    rows = reader.read(scenes.png(negative.grey)).rows
    return Outcome(negative.category, "/".join(rows))


def figures(negatives: Sequence[Negative], outcomes: Sequence[Outcome]) -> dict[str, object]:
    """The share left alone, in all and by category; what was read in the others."""
    categories = list(dict.fromkeys(outcome.category for outcome in outcomes))
    return {
        "left_alone": Share.count(not outcome.read for outcome in outcomes).to_dict(),
        "categories": {
            category: Share.count(
                not outcome.read for outcome in outcomes if outcome.category == category
            ).to_dict()
            for category in categories
        },
        "read": {
            str(place): outcome.read for place, outcome in enumerate(outcomes) if outcome.read
        },
        "pictures_sha256": fingerprint(negatives),
    }


def fingerprint(negatives: Iterable[Negative]) -> str:
    """One hash over all pixels: two machines with the same one were asked the same."""
    digest = hashlib.sha256()
    for negative in negatives:
        digest.update(repr(negative.grey.shape).encode() + negative.grey.tobytes())
    return digest.hexdigest()


def made(fonts: Sequence[Path], seed: int) -> list[Negative]:
    """200 pictures with letters of these fonts, some of which look written by hand, others not."""
    return [
        Negative(category, make(np.random.default_rng((seed, order, place)), fonts, place))
        for order, (category, count, make) in enumerate(CATEGORIES)
        for place in range(count)
    ]


def _one_of(rng: Generator, files: Sequence[Path]) -> Path:
    return files[int(rng.integers(len(files)))]


def _letter(rng: Generator, fonts: Sequence[Path], place: int) -> Grey:
    """One letter, as large as people draw a single digit."""
    file = _one_of(rng, fonts)
    coverage = lettering.line(file, lettering.letter(rng, file), height=int(rng.integers(50, 220)))
    return _pictured(rng, lettering.slanted(rng, coverage), room=(1.3, 3.0))


def _words(least: int, most: int, heights: tuple[int, int]) -> Maker:
    """Makes a line of so many words, its capitals so many pixels high."""

    def make(rng: Generator, fonts: Sequence[Path], place: int) -> Grey:
        file = _one_of(rng, fonts)
        words = lettering.text(rng, file, int(rng.integers(least, most + 1)))
        coverage = lettering.line(file, words, height=int(rng.integers(*heights)))
        return _pictured(rng, lettering.slanted(rng, coverage), room=(1.1, 1.8))

    return make


def _paragraph(rng: Generator, fonts: Sequence[Path], place: int) -> Grey:
    coverage = lettering.paragraph(
        rng,
        _one_of(rng, fonts),
        height=int(rng.integers(14, 34)),
        lines=int(rng.integers(3, 9)),
        words=int(rng.integers(3, 8)),
    )
    return _pictured(rng, lettering.slanted(rng, coverage), room=(1.05, 1.3))


def _by_hand(make: Maker) -> Maker:
    return _in_fonts(make, handwritten=True)


def _printed(make: Maker) -> Maker:
    return _in_fonts(make, handwritten=False)


def _in_fonts(make: Maker, *, handwritten: bool) -> Maker:
    def chosen(rng: Generator, fonts: Sequence[Path], place: int) -> Grey:
        return make(rng, lettering.by_hand(fonts, handwritten=handwritten), place)

    return chosen


def _symbol(rng: Generator, fonts: Sequence[Path], place: int) -> Grey:
    symbol = lettering.SYMBOLS[place % len(lettering.SYMBOLS)]
    height = int(rng.integers(40, 200))
    if symbol in lettering.DRAWN and rng.random() < 0.6:
        coverage = lettering.symbol_by_hand(rng, symbol, height=height)
    else:
        coverage = lettering.line(_one_of(rng, fonts), symbol, height=height)
    return _pictured(rng, coverage, room=(1.5, 4.0))


def _several_symbols(rng: Generator, fonts: Sequence[Path], place: int) -> Grey:
    chosen = rng.choice(list(lettering.SYMBOLS), int(rng.integers(2, 7)))
    height = int(rng.integers(40, 120))
    return _pictured(
        rng, lettering.line(_one_of(rng, fonts), " ".join(chosen), height=height), room=(1.1, 1.8)
    )


def _doodle(rng: Generator, fonts: Sequence[Path], place: int) -> Grey:
    return _pictured(rng, doodles.draw(rng, place, int(rng.integers(90, 360))), room=(1.1, 2.0))


def _several_doodles(rng: Generator, fonts: Sequence[Path], place: int) -> Grey:
    size = (int(rng.integers(500, 1100)), int(rng.integers(400, 800)))
    sheet = np.zeros((size[1], size[0]), np.float32)
    for column in range(3):
        side = int(rng.integers(size[0] // 6, size[0] // 4))
        at = (column * size[0] // 3 + 10, int(rng.integers(10, size[1] - side - 10)))
        doodle = doodles.draw(rng, 3 * place + column, side)
        sheet = np.maximum(sheet, scenes.place(doodle, size, at))
    return _pictured(rng, sheet, room=(1.0, 1.1))


def _surface(makers: Sequence[surfaces.Maker]) -> Maker:
    def make(rng: Generator, fonts: Sequence[Path], place: int) -> Grey:
        size = (int(rng.integers(240, 1200)), int(rng.integers(200, 900)))
        page = makers[place % len(makers)](rng, size)
        return scenes.camera(rng, scenes.light(rng, page))

    return make


def _pictured(rng: Generator, coverage: Coverage, *, room: tuple[float, float]) -> Grey:
    """Ink as a photo or as a drawing, dark on light or the reverse, with room about it."""
    height, width = coverage.shape
    size = (round(width * rng.uniform(*room)) + 8, round(height * rng.uniform(*room)) + 8)
    free = (size[0] - width, size[1] - height)
    at = (int(rng.integers(4, free[0] - 3)), int(rng.integers(4, free[1] - 3)))
    ink = scenes.place(coverage, size, at)
    if rng.random() < 0.35:
        grey = scenes.levels(scenes.write(scenes.plain(size, 1.0), ink, 0.0))
    else:
        page = scenes.write(scenes.paper(rng, size), ink, rng.uniform(0.05, 0.45))
        grey = scenes.camera(rng, scenes.light(rng, page))
    return np.asarray(255 - grey, np.uint8) if rng.random() < 0.15 else grey


CATEGORIES: tuple[tuple[str, int, Maker], ...] = (
    ("single letter by hand", 16, _by_hand(_letter)),
    ("word by hand", 20, _by_hand(_words(1, 1, (36, 140)))),
    ("line by hand", 14, _by_hand(_words(3, 6, (24, 64)))),
    ("paragraph by hand", 12, _by_hand(_paragraph)),
    ("single letter in print", 10, _printed(_letter)),
    ("word in print", 10, _printed(_words(1, 1, (30, 120)))),
    ("line in print", 8, _printed(_words(3, 6, (20, 56)))),
    ("paragraph in print", 8, _printed(_paragraph)),
    ("symbol", 20, _symbol),
    ("row of symbols", 8, _several_symbols),
    ("doodle", 16, _doodle),
    ("page of doodles", 8, _several_doodles),
    ("texture", 14, _surface(surfaces.MATERIALS)),
    ("ruled or squared paper", 14, _surface(surfaces.PAPERS)),
    ("scene of shapes", 10, _surface(surfaces.SHAPES)),
    ("noise", 6, _surface(surfaces.NOISES)),
    ("gradient", 6, _surface(surfaces.GRADIENTS)),
)
"""What there is, how many of it, and how one is made; 200 in all."""
