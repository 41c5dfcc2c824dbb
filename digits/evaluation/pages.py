"""Pages of a hundred digits, their rows from well apart to touching, read without being told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from digits.evaluation import scenes
from digits.evaluation.share import Share
from digits.reader import Reader
from digits.training.data import Labelled

PITCHES = (1.6, 1.35, 1.2, 1.1, 1.0)
"""From one row to the next, in heights of a digit; those vary by a tenth, and so rows touch."""

PAGES = 8
"""Of each pitch."""

ROWS = DIGITS = 10

HELD_OUT_SEED = 60_413
TUNE_SEED = 3_307


@dataclass(frozen=True)
class Page:
    """A picture of rows of digits that are ``pitch`` of their height apart."""

    pitch: float
    picture: bytes
    rows: tuple[str, ...]


@dataclass(frozen=True)
class Outcome:
    """How many of a page's rows were read exactly, and how many digits were read in all."""

    pitch: float
    exact: int
    found: int


def pages(part: Labelled, *, seed: int, count: int = PAGES) -> Iterator[Page]:
    """``count`` pages of each pitch, the same for the same seed and images."""
    for pitch in PITCHES:
        for place in range(count):
            yield _page(np.random.default_rng((seed, round(pitch * 100), place)), part, pitch)


def read(reader: Reader, page: Page) -> Outcome:
    """Read a page and hold its rows against those that are written there."""
    reading = reader.read(page.picture)
    exact = Counter(page.rows) & Counter(reading.rows)
    return Outcome(page.pitch, exact.total(), len(reading.digits))


def figures(outcomes: Sequence[Outcome]) -> dict[str, object]:
    """The share of rows that were read exactly, in all and for each pitch."""
    of_pitch = {pitch: [one for one in outcomes if one.pitch == pitch] for pitch in PITCHES}
    return {
        "rows": _rows(outcomes),
        "pitches": {str(pitch): _rows(those) for pitch, those in of_pitch.items()},
        "digits": {
            str(pitch): {
                "written": len(those) * ROWS * DIGITS,
                "found": sum(one.found for one in those),
            }
            for pitch, those in of_pitch.items()
        },
    }


def _rows(outcomes: Sequence[Outcome]) -> dict[str, object]:
    return Share(sum(one.exact for one in outcomes), len(outcomes) * ROWS).to_dict()


def _page(rng: Generator, part: Labelled, pitch: float) -> Page:
    height = int(rng.integers(34, 60))
    gap = rng.uniform(0.15, 0.45)
    chosen = rng.integers(len(part), size=(ROWS, DIGITS))
    side = round(height * (2 + ROWS * pitch))
    sheet = np.zeros((side, round(height * (3 + DIGITS * 1.9))), np.float32)
    for row, indices in enumerate(chosen.tolist()):
        left = height * rng.uniform(0.9, 1.4)
        for index in indices:
            ink = scenes.digit(rng, part.images[index], height)
            middle = height * (1.5 + row * pitch + rng.normal(0, 0.04))
            top = round(middle - ink.shape[0] / 2)
            size = (sheet.shape[1], sheet.shape[0])
            sheet = np.maximum(sheet, scenes.place(ink, size, (round(left), top)))
            left += ink.shape[1] + height * gap * rng.uniform(0.7, 1.3)
    paper = scenes.paper(rng, (sheet.shape[1], sheet.shape[0]))
    dark = float(paper.mean()) * rng.uniform(0.1, 0.5)
    grey = scenes.camera(rng, scenes.light(rng, scenes.write(paper, sheet, dark)))
    rows = tuple("".join(str(label) for label in part.labels[row]) for row in chosen)
    return Page(pitch, scenes.png(grey), rows)
