"""Draw docs/images/reader/: a test picture at every stage of the reader, for docs/reader.md.

uv run tools/reader_pictures.py
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np

from digits import ink, picture, rules
from digits.reader import Reader
from digits.trace import Pixels, Trace

ROOT = Path(__file__).resolve().parent.parent
PICTURE = ROOT / "test_images" / "ruled.jpg"
WIDTH = 440


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "images" / "reader")
    out: Path = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    for name, pixels in stages(PICTURE.read_bytes()).items():
        cv2.imwrite(str(out / f"{name}.png"), small(pixels), [cv2.IMWRITE_PNG_COMPRESSION, 9])


def stages(data: bytes) -> dict[str, Pixels]:
    """The stages as ``--explain`` has them, and the ink without rules."""
    reader, trace = Reader.load(), Trace()
    reader.read(data, trace=trace)
    grey = picture.decode(data, reader.limits).grey
    found = ink.coarse(grey, reader.parameters.ink) or ink.extract(grey, reader.parameters.ink)
    left = rules.remove(found.mask, found.strength, reader.parameters.layout.rules)
    return {**trace.stages, "without_rules": np.where(left > 0, 0, 255).astype(np.uint8)}


def small(pixels: Pixels) -> Pixels:
    """As wide as the page shows it, in 16 levels: that is enough, and takes little room."""
    scale = WIDTH / pixels.shape[1]
    if scale < 1:
        size = (WIDTH, round(pixels.shape[0] * scale))
        pixels = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
    return np.asarray((pixels >> 4) * 17, np.uint8)


if __name__ == "__main__":
    main()
