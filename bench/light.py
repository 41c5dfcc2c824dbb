"""Uneven light put on pictures that are read right: how many are read as they were.

    uv run bench/light.py [--model models/digits]

Of this project's own pictures, and where DIGITS_DATA has labelled ones, of those to tune on.
*lens*: darker towards the corners by the fourth power of a cosine; *bowl*: by the square of the
distance; *lamp*: by that of the distance from somewhere in the picture or beside it; *slope*:
evenly from one side to another. The number is what is left at the darkest place. Prints a line of
JSON for each kind.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import zlib
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from digits.evaluation import labelled  # noqa: E402  # the checkout's own
from digits.evaluation.labelled import Item  # noqa: E402
from digits.evaluation.suite import OWN  # noqa: E402
from digits.picture import decode  # noqa: E402
from digits.reader import Reader  # noqa: E402

Light = NDArray[np.float64]
Rng = np.random.Generator


def main() -> None:
    """Read all of them and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--model", type=Path, default=ROOT / "models" / "digits")
    args = parser.parse_args()
    items = labelled.load(OWN)
    data = os.environ.get("DIGITS_DATA", "")
    others = Path(data) / "pictures" / "labels.csv"
    if data and others.is_file():
        items += [item for item in labelled.load(others) if item.split == "tune"]
    for name, kept in measured(Reader.open(args.model), items).items():
        print(json.dumps({"light": name, **kept}))


def measured(reader: Reader, items: list[Item]) -> dict[str, dict[str, int]]:
    """For each kind of light how many of the pictures that are read right there are, and how many
    are read so in that light."""
    kept, of = Counter[str](), 0
    for item in items:
        if not labelled.read(reader, item).exact:
            continue
        of += 1
        grey = decode(item.path.read_bytes()).grey
        for name in KINDS:
            rows = reader.read(lit(grey, name, item.path.name)).rows
            kept[name] += "/".join(rows) == item.rows
    return {name: {"kept": kept[name], "of": of} for name in KINDS}


def lit(grey: NDArray[np.uint8], name: str, picture: str) -> bytes:
    """A picture in the light of that name, as PNG: the same every time."""
    make, darkest = KINDS[name]
    rng = np.random.default_rng(zlib.crc32(f"{name} {picture}".encode()))
    light = make(grey.shape[:2], darkest, rng)
    return cv2.imencode(".png", (grey * light).astype(np.uint8))[1].tobytes()


def lens(shape: tuple[int, ...], darkest: float, _: Rng) -> Light:
    """A vignette, by the fourth power of a cosine."""
    return 1 / (1 + (darkest**-0.5 - 1) * _distance(shape, 0.5, 0.5) ** 2) ** 2


def bowl(shape: tuple[int, ...], darkest: float, _: Rng) -> Light:
    """Darker by the square of the distance from the middle."""
    return 1 - (1 - darkest) * _distance(shape, 0.5, 0.5) ** 2


def lamp(shape: tuple[int, ...], darkest: float, rng: Rng) -> Light:
    """By the square of the distance from a lamp."""
    distance = _distance(shape, *rng.uniform(-0.2, 1.2, 2))
    return 1 / (1 + (1 / darkest - 1) * distance**2)


def slope(shape: tuple[int, ...], darkest: float, rng: Rng) -> Light:
    """Evenly from one side to another."""
    angle = rng.uniform(0, 2 * np.pi)
    y, x = np.indices(shape) / np.array(shape)[:, None, None]
    along = x * np.cos(angle) + y * np.sin(angle)
    return darkest + (1 - darkest) * (along - along.min()) / max(float(np.ptp(along)), 1e-9)


def _distance(shape: tuple[int, ...], x: float, y: float) -> Light:
    """From a place, given as fractions of the sides: 1 where it is farthest."""
    rows, columns = np.indices(shape)
    distance = np.hypot(columns - x * shape[1], rows - y * shape[0])
    return np.asarray(distance / distance.max())


KINDS: dict[str, tuple[Callable[[tuple[int, ...], float, Rng], Light], float]] = {
    f"{make.__name__} {darkest}": (make, darkest)
    for make, some in {
        lens: (0.5, 0.3),
        bowl: (0.5, 0.2),
        lamp: (0.5, 0.3),
        slope: (0.5, 0.3),
    }.items()
    for darkest in some
}


if __name__ == "__main__":
    main()
