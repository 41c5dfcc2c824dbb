"""Photos of sheets that are all in the picture: how many are read right.

    uv run bench/sheets.py [--count 320] [--seed 1] [--model models/digits]

Drawn with the hand and the scenes of ``test_images/``. *plain*: sheets on tables and boards on
walls, with margins of four kinds. *hard shadow*: the same, with one across sheet and table.
*everyday*: squared pages, receipts, sticky notes, kraft and coloured paper, open books, cards,
a thumb or a pen in the picture, whiteboards with a frame, dark panels on a screen, a lamp's spot.
Prints a line of JSON for each set: how many are right, by kind.
"""

from __future__ import annotations

import argparse
import io
import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "test_images")]

import scene  # noqa: E402  # of the test pictures
from hand import Hand, lines  # noqa: E402

from digits.reader import Reader  # noqa: E402  # the checkout's own

Page = NDArray[np.float32]
Size = tuple[int, int]
Corner = tuple[float, float]
Rng = np.random.Generator

WHITE, BOARD, CHALKBOARD = (0.96, 0.95, 0.92), (0.12, 0.12, 0.13), (0.15, 0.25, 0.2)
TABLES = [(0.25, 0.18, 0.12), (0.1, 0.1, 0.1), (0.45, 0.33, 0.22), (0.35, 0.35, 0.4)]
WALL = (0.85, 0.82, 0.78)
COLOURED = [(0.3, 0.5, 0.8), (0.35, 0.65, 0.4), (0.85, 0.35, 0.3), (0.95, 0.6, 0.2)]
PENS = [scene.BALLPOINT, scene.FELT_TIP, scene.PENCIL]
WIDTHS = [0.05, 0.08, 0.12, 0.18]
MARGINS = {"small": (0.015, 0.08), "medium": (0.06, 0.16), "large": (0.14, 0.27)}
"""On each side, as a share of the picture's."""


@dataclass(frozen=True)
class Case:
    """A photo as JPEG, and the rows that are written in it."""

    kind: str
    rows: tuple[str, ...]
    photo: bytes


def main() -> None:
    """Draw, read and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--count", type=int, default=320, help="photos of each set")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--model", type=Path, default=ROOT / "models" / "digits")
    args = parser.parse_args()
    reader = Reader.open(args.model)
    for name, make in SETS.items():
        print(json.dumps({"set": name, **measured(reader, make(args.seed, args.count))}))


def measured(reader: Reader, cases: Iterator[Case]) -> dict[str, object]:
    """How many there are, how many are read exactly, and both for each kind."""
    right, of = Counter[str](), Counter[str]()
    for case in cases:
        of[case.kind] += 1
        right[case.kind] += reader.read(case.photo).rows == case.rows
    kinds = {kind: [right[kind], of[kind]] for kind in sorted(of)}
    return {"right": right.total(), "of": of.total(), "kinds": kinds}


def plain(seed: int, count: int) -> Iterator[Case]:
    """The kinds of margin in turn, every fourth time around boards; a third in a soft shadow."""
    for number in range(count):
        rng = np.random.default_rng((seed, 1, number))
        soft = (0.2, 0.45, 20, 60) if rng.random() < 0.3 else None
        yield on_table(rng, number, soft)


def hard_shadow(seed: int, count: int) -> Iterator[Case]:
    """The same, each with a shadow whose edge is 2 to 12 pixels wide."""
    for number in range(count):
        yield on_table(np.random.default_rng((seed, 2, number)), number, (0.3, 0.6, 2, 12))


def everyday(seed: int, count: int) -> Iterator[Case]:
    """All kinds in turn."""
    for number in range(count):
        kind = list(EVERYDAY)[number % len(EVERYDAY)]
        rows, page = EVERYDAY[kind](np.random.default_rng((seed, 3, number)))
        yield Case(kind, rows, photo(page, rng=np.random.default_rng((seed, 4, number))))


def on_table(rng: Rng, number: int, shadow: tuple[float, float, int, int] | None) -> Case:
    """A sheet or a board with such margins; a shadow has its least and most darkness, and how
    wide its edge is at least and at most."""
    kinds = [*MARGINS, "some sides"]
    kind, board = kinds[number % 4], number // 4 % 4 == 3
    size = (900, 680) if rng.random() < 0.6 else (680, 900)
    low, high = MARGINS.get(kind, (0.02, 0.2))
    margins = rng.uniform(low, high, 4)
    if kind == "some sides":  # the others are beyond the picture
        margins[rng.permutation(4)[: rng.integers(1, 4)]] = -0.2
    paper = (CHALKBOARD if rng.random() < 0.5 else BOARD) if board else WHITE
    rows, page = written(
        scene.sheet(size, paper, rng=rng),
        scene.CHALK if board else pick(rng, PENS),
        within=np.clip((margins[0], margins[1], 1 - margins[2], 1 - margins[3]), 0, 1),
        rng=rng,
    )
    around = wall(size, rng=rng) if board else table(size, rng=rng)
    page = cut(page, around, corners(rng, margins, turned=7 if rng.random() < 0.5 else 0))
    if shadow:
        least, most, narrow, wide = shadow
        left, right = rng.uniform(0.25, 0.7, 2)
        page = scene.shadow(
            page,
            [(left, 0), (1.1, 0), (1.1, 1), (right, 1)],
            darkness=rng.uniform(least, most),
            softness=int(rng.integers(narrow, wide)),
        )
    return Case(("board, " if board else "sheet, ") + kind, rows, photo(page, rng=rng))


def squared(rng: Rng) -> tuple[tuple[str, ...], Page]:
    """Ruled or squared paper on a table."""
    page = scene.sheet((1000, 760), WHITE, rng=rng)
    spacing = int(pick(rng, [40, 60, 80]))
    page = scene.ruled(page, spacing=spacing, first=30)
    if rng.random() < 0.5:
        page = scene.upright(page, spacing=spacing, first=30)
    rows, page = written(page, pick(rng, PENS), rng=rng)
    return rows, laid(page, table((1000, 760), rng=rng), rng=rng)


def with_thumb(rng: Rng) -> tuple[tuple[str, ...], Page]:
    """A thumb holds the sheet at its lower edge."""
    rows, page = written(scene.sheet((1000, 760), WHITE, rng=rng), pick(rng, PENS), rng=rng)
    page = laid(page, table((1000, 760), rng=rng), rng=rng, margin=(0.02, 0.12))
    middle = (int(rng.uniform(300, 700)), 750)
    axes = (int(rng.uniform(40, 70)), int(rng.uniform(70, 110)))
    return rows, cv2.ellipse(
        page, middle, axes, rng.uniform(-20, 20), 0, 360, (0.75, 0.55, 0.45), -1
    )


def with_pen(rng: Rng) -> tuple[tuple[str, ...], Page]:
    """A pen lies on the sheet, right of the rows."""
    page = scene.sheet((1000, 760), WHITE, rng=rng)
    rows, page = written(page, pick(rng, PENS), within=(0, 0, 0.8, 1), rng=rng)
    page = laid(page, table((1000, 760), rng=rng), rng=rng, margin=(0.03, 0.12))
    x = int(rng.uniform(820, 900))
    ends = (x, 150), (x + int(rng.uniform(-60, 60)), 680)
    return rows, cv2.line(page, *ends, (0.1, 0.15, 0.5), int(rng.uniform(14, 26)))


def open_book(rng: Rng) -> tuple[tuple[str, ...], Page]:
    """Two pages, the right one written on, and the shadow in the fold."""
    page = scene.sheet((1100, 760), WHITE, rng=rng)
    rows, page = written(page, pick(rng, PENS), within=(0.5, 0, 1, 1), digits=(2, 4), rng=rng)
    fold = np.abs(np.linspace(-0.5, 0.5, 1100))[None, :, None]
    depth = 1 - 0.6 * np.exp(-((fold / 0.02) ** 2)) - 0.15 * np.exp(-((fold / 0.1) ** 2))
    page = np.float32(page * depth)
    return rows, laid(page, table((1100, 760), rng=rng), rng=rng, margin=(0.02, 0.1))


def framed_board(rng: Rng) -> tuple[tuple[str, ...], Page]:
    """A whiteboard with a frame on a wall, often with a lamp in its gloss."""
    page = scene.sheet((1100, 800), (0.9, 0.91, 0.92), rng=rng, grain=0.01)
    rows, page = written(page, pick(rng, [scene.BALLPOINT, scene.RED_PEN]), rng=rng)
    frame = pick(rng, [(0.2, 0.2, 0.2), (0.6, 0.6, 0.62), (0.35, 0.25, 0.15)])
    page = cv2.rectangle(page, (0, 0), (1099, 799), frame, int(rng.uniform(16, 44)))
    page = laid(page, wall((1100, 800), rng=rng), rng=rng, margin=(0.03, 0.15))
    if rng.random() < 0.5:
        page = scene.glare(page, tuple(rng.uniform(0.1, 0.8, 2)), radius=0.1, strength=0.6)
    return rows, page


def sticky_note(rng: Rng) -> tuple[tuple[str, ...], Page]:
    """Yellow, on a table or on white."""
    page = scene.sheet((760, 760), (0.97, 0.9, 0.4), rng=rng)
    rows, page = written(page, pick(rng, PENS[:2]), digits=(1, 4), rng=rng)
    size = (760, 760)
    white = scene.sheet(size, (0.9, 0.9, 0.88), rng=rng)
    around = white if rng.random() < 0.5 else table(size, rng=rng)
    return rows, laid(page, around, rng=rng, margin=(0.1, 0.25))


def dark_paper(rng: Rng) -> tuple[tuple[str, ...], Page]:
    """Kraft or coloured paper on something lighter."""
    colour = (0.62, 0.5, 0.38) if rng.random() < 0.5 else pick(rng, COLOURED)
    page = scene.sheet((1000, 760), colour, rng=rng)
    rows, page = written(page, scene.FELT_TIP, rng=rng)
    around = scene.sheet((1000, 760), (0.92, 0.91, 0.9), rng=rng)
    return rows, laid(page, around, rng=rng)


def dark_panel(rng: Rng) -> tuple[tuple[str, ...], Page]:
    """Light digits on a dark panel of a light screen."""
    page = np.full((640, 900, 3), 0.13, np.float32)
    rows, page = written(page, (0.95, 0.95, 0.95), rng=rng)
    return rows, laid(page, np.full((640, 900, 3), 0.95, np.float32), rng=rng)


def receipt(rng: Rng) -> tuple[tuple[str, ...], Page]:
    """A strip from top to bottom."""
    page = scene.sheet((400, 1000), (0.95, 0.95, 0.94), rng=rng)
    rows, page = written(page, pick(rng, PENS), digits=(4, 5), count=(3, 6), rng=rng)
    left = rng.uniform(0.2, 0.4)
    ends = [(left, -0.02), (left + 0.4, -0.02), (left + 0.42, 1.02), (left - 0.02, 1.02)]
    return rows, scene.lay(page, table((700, 1000), rng=rng), ends)


def lamp(rng: Rng) -> tuple[tuple[str, ...], Page]:
    """A sheet that fills the picture, in the spot of a lamp."""
    rows, page = written(scene.sheet((1000, 760), WHITE, rng=rng), pick(rng, PENS), rng=rng)
    spot = tuple(rng.uniform(0.2, 0.8, 2))
    return rows, scene.light(page, towards=spot, falloff=rng.uniform(4, 12))


def cards(rng: Rng) -> tuple[tuple[str, ...], Page]:
    """A number of cards in a row, a digit on each."""
    page = table((1100, 500), rng=rng)
    count = int(rng.integers(3, 5))
    text = ""
    for place in range(count):
        card = scene.sheet((260, 340), WHITE, rng=rng)
        (digit,), card = written(
            card, scene.FELT_TIP, digits=(1, 2), count=(1, 2), fill=0.6, rng=rng
        )
        text += digit
        left, width, top = 0.03 + 0.95 * place / count, 0.78 / count, rng.uniform(0.1, 0.2)
        tilt = rng.uniform(-0.02, 0.02)
        page = scene.lay(
            card,
            page,
            [
                (left, top),
                (left + width, top + tilt),
                (left + width, top + 0.7),
                (left, top + 0.7),
            ],
        )
    return (text,), page


def written(
    page: Page,
    pen: scene.Colour,
    *,
    rng: Rng,
    within: tuple[float, ...] | NDArray[np.float64] = (0, 0, 1, 1),
    digits: tuple[int, int] = (2, 6),
    count: tuple[int, int] = (1, 4),
    fill: float = 0.72,
) -> tuple[tuple[str, ...], Page]:
    """Rows of random digits in the middle of a part (left, top, right, bottom) of the page, as
    large as fills so much of it."""
    height, width = page.shape[:2]
    left, top, right, bottom = np.array(within) * (width, height, width, height)
    rows, in_row = int(rng.integers(*count)), int(rng.integers(*digits))
    text = ["".join(map(str, rng.integers(0, 10, in_row))) for _ in range(rows)]
    tall = fill * min((bottom - top) / (1.5 * rows), (right - left) / (0.95 * in_row))
    hand = Hand(slant=rng.uniform(-0.05, 0.2), shake=0.01, pen=float(pick(rng, WIDTHS)))
    while True:  # some digits are wider than others
        at = (
            int(left + (right - left - 0.9 * in_row * tall) / 2),
            int(top + (bottom - top - 1.45 * rows * tall) / 2 + 0.15 * tall),
        )
        try:
            ink = lines(
                "/".join(text),
                hand=hand,
                height=tall,
                at=at,
                size=(width, height),
                rng=rng,
                spacing=1.4,
            )
        except ValueError:
            tall *= 0.9
        else:
            return tuple(text), scene.ink(page, ink, pen, rng=rng, strength=rng.uniform(0.7, 0.95))


def table(size: Size, *, rng: Rng) -> Page:
    """Dark, every other one with a grain."""
    page = scene.sheet(size, tuple(np.array(pick(rng, TABLES)) * rng.uniform(0.6, 1.3)), rng=rng)
    if rng.random() < 0.5:
        x, y = np.meshgrid(np.arange(size[0]), np.arange(size[1]))
        waves = np.sin(y / rng.uniform(6, 25) + 2 * np.sin(x / 170 + rng.uniform(0, 6)))
        page = page * np.float32(1 + 0.18 * waves[..., None])
    return page


def wall(size: Size, *, rng: Rng) -> Page:
    """Light."""
    return scene.sheet(size, tuple(np.array(WALL) * rng.uniform(0.7, 1.1)), rng=rng)


def laid(page: Page, around: Page, *, rng: Rng, margin: tuple[float, float] = (0.04, 0.2)) -> Page:
    """The page lying on something, a little out of true, with such margins on all sides."""
    return scene.lay(page, around, corners(rng, rng.uniform(*margin, 4), turned=1))


def corners(rng: Rng, margins: NDArray[np.float64], *, turned: float) -> list[Corner]:
    """Of a sheet with these margins on the left, above, right and below, turned by up to so many
    degrees, each corner a little elsewhere."""
    left, top, right, bottom = margins
    ends = np.array([(left, top), (1 - right, top), (1 - right, 1 - bottom), (left, 1 - bottom)])
    angle = np.deg2rad(rng.uniform(-turned, turned))
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    ends = (ends - ends.mean(axis=0)) @ turn + ends.mean(axis=0) + rng.uniform(-0.01, 0.01, (4, 2))
    return [(float(x), float(y)) for x, y in ends]


def cut(page: Page, around: Page, ends: list[Corner]) -> Page:
    """The page as it is inside the corners, and what is around it outside."""
    height, width = page.shape[:2]
    shape = np.int32(np.array(ends) * (width, height))
    inside = cv2.fillPoly(np.zeros((height, width), np.float32), [shape], (1.0,))
    inside = cv2.GaussianBlur(inside, (0, 0), 1.2)[..., None]
    return page * inside + around * (1 - inside)


def photo(page: Page, *, rng: Rng) -> bytes:
    """As a phone takes it."""
    stream = io.BytesIO()
    taken = scene.camera(np.clip(page, 0, 1), rng=rng)
    Image.fromarray(taken).save(stream, "JPEG", quality=90)
    return stream.getvalue()


def pick(rng: Rng, some: list) -> object:  # type: ignore[type-arg]
    return some[int(rng.integers(len(some)))]


EVERYDAY: dict[str, Callable[[Rng], tuple[tuple[str, ...], Page]]] = {
    each.__name__.replace("_", " "): each
    for each in (
        squared,
        with_thumb,
        with_pen,
        open_book,
        framed_board,
        sticky_note,
        dark_paper,
        dark_panel,
        receipt,
        lamp,
        cards,
    )
}
SETS: dict[str, Callable[[int, int], Iterator[Case]]] = {
    "plain": plain,
    "hard shadow": hard_shadow,
    "everyday": everyday,
}

if __name__ == "__main__":
    main()
