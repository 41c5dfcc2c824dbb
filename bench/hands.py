"""How networks read hands that they did not learn from: in fonts, and by the path of a pen.

    uv run bench/hands.py MODEL_DIR... [--fonts tools/fonts/node_modules] [--pens FILE...]

*fonts*: digits, and letters that are no digit in any hand, in the families of ``tools/fonts`` that
are held out of training, bent like handwriting. *pens*: `pendigits.tra`, `pendigits.tes` or KEEL's
copy, `penbased.dat`: digits of 44 people in Turkey, each as eight points along the pen's path
(Alimoglu and Alpaydin 1996, *Methods of combining multiple classifiers based on different
representations for pen-based handwriting recognition*), drawn here as curves of various widths.
Where the pen was lifted is not recorded, so digits that many write in two strokes are left out.
Prints a line of JSON for each model. None of it is to be learned from: it is to choose by.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from digits.evaluation.lettering import LETTERS  # noqa: E402  # the checkout's own
from digits.model import ModelFolder  # noqa: E402
from digits.network import Network  # noqa: E402
from digits.training import augmentation, glyphs, strokes  # noqa: E402
from digits.training.describe import DIGIT_SCORE  # noqa: E402
from digits.training.examples import NOT_A_DIGIT, as_tile  # noqa: E402

Ink = NDArray[np.uint8]
Cases = tuple[NDArray[np.float32], NDArray[np.int64]]

UNSUITABLE = ("playwrite", "edu-", "playpen", "patrick", "comforter", "neonder", "love-l")
"""How families begin of which a sister is trained on, and two that hardly anybody can read."""
ONE_STROKE = (0, 1, 2, 3, 6, 8, 9)
PENS = 4000
"""How many of the digits are drawn, at random: as wide, and with such a pen, as chance has it."""
SIDE, MARGIN = 64, 10


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("models", type=Path, nargs="+")
    parser.add_argument("--fonts", type=Path)
    parser.add_argument("--pens", type=Path, nargs="+", default=[])
    args = parser.parse_args()
    cases: dict[str, Cases] = {}
    if args.fonts:
        cases |= {"fonts": in_fonts(args.fonts), "letters": letters(args.fonts)}
    if args.pens:
        cases["pens"] = by_pen(args.pens)
    for model in args.models:
        print(
            json.dumps({"model": str(model), **measured(Network(ModelFolder.open(model)), cases)})
        )


def measured(network: Network, cases: Mapping[str, Cases]) -> dict[str, dict[str, object]]:
    """Of each kind how many there are, how many are read wrongly, and how many refused; of letters
    how many are taken for digits."""
    found: dict[str, dict[str, object]] = {}
    for name, (tiles, labels) in cases.items():
        probabilities, scores = network.scores(tiles)
        taken = scores > DIGIT_SCORE
        if (labels == NOT_A_DIGIT).all():
            found[name] = {"of": len(labels), "taken": int(taken.sum())}
            continue
        wrong = probabilities.argmax(axis=1) != labels
        found[name] = {
            "of": len(labels),
            "wrong": int(wrong.sum()),
            "refused": int((~taken).sum()),
            "wrong_by_digit": {
                str(digit): int(wrong[labels == digit].sum()) for digit in np.unique(labels)
            },
        }
    return found


def held_out(folder: Path) -> list[Path]:
    """Fonts of families that training never draws from, nor from a sister of them."""
    fonts = glyphs.found([folder], held_out=True)
    return [path for path in fonts if not path.name.startswith(UNSUITABLE)]


def in_fonts(folder: Path) -> Cases:
    """Each digit of each font eight times, bent."""
    rng = np.random.default_rng(7)
    drawn = [
        (as_tile(augmentation.warp(rng, ink, amount=0.8)), int(digit))
        for font in held_out(folder)
        for digit in "0123456789"
        if (ink := glyphs.draw_in(font, digit)) is not None
        for _ in range(8)
    ]
    return cases_of(drawn)


def letters(folder: Path) -> Cases:
    """Most letters of each font twice, bent."""
    rng = np.random.default_rng(9)
    drawn = [
        (as_tile(augmentation.warp(rng, ink, amount=0.5)), NOT_A_DIGIT)
        for font in held_out(folder)
        for letter in LETTERS[:44]
        if (ink := glyphs.draw_in(font, letter)) is not None
        for _ in range(2)
    ]
    return cases_of(drawn)


def by_pen(files: list[Path]) -> Cases:
    """`PENS` digits along the points that are recorded of them."""
    lines = [
        [float(value) for value in line.split(",")]
        for file in files
        for line in file.read_text().splitlines()
        if line.strip() and not line.startswith("@")
    ]
    table = np.array(lines)
    labels = table[:, 16].astype(np.int64)
    points = table[:, :16].reshape(-1, 8, 2) / 100
    points[..., 1] = 1 - points[..., 1]  # was upwards
    rng = np.random.default_rng(0)
    wide = np.where(
        labels == 1, rng.uniform(0.25, 0.7, len(labels)), rng.uniform(0.45, 0.85, len(labels))
    )
    pens = rng.integers(2, 7, len(labels))
    chosen = rng.permutation(np.flatnonzero(np.isin(labels, ONE_STROKE)))[:PENS]
    return cases_of(
        [
            (as_tile(along(points[place], wide[place], int(pens[place]))), int(labels[place]))
            for place in chosen
        ]
    )


def along(points: NDArray[np.float64], wide: float, pen: int) -> Ink:
    """A curve through points of the unit box, which is made ``wide`` times as wide as high."""
    placed = (points - 0.5) * (wide, 1) * (SIDE - 2 * MARGIN) + SIDE / 2
    ink = np.zeros((SIDE, SIDE), np.uint8)
    strokes.trace(ink, strokes.smooth(placed), pen)
    return ink


def cases_of(drawn: list[tuple[NDArray[np.float32], int]]) -> Cases:
    """Tiles ``[n, 28, 28, 1]`` and labels ``[n]``."""
    tiles, labels = zip(*drawn, strict=True)
    return np.stack(tiles)[..., None], np.array(labels, np.int64)


if __name__ == "__main__":
    main()
