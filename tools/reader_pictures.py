"""Draw docs/images/reader/: test pictures at every stage of the reader, for docs/reader.md.

uv run tools/reader_pictures.py
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np

from digits import ink, picture, rules, sheet
from digits.reader import Reader
from digits.trace import Pixels, Trace

ROOT = Path(__file__).resolve().parent.parent
PICTURE = ROOT / "test_images" / "ruled.jpg"
ON_DESK = ROOT / "test_images" / "on_desk.jpg"
FORM = ROOT / "test_images" / "fine_boxes.jpg"
SIGNS = ROOT / "test_images" / "signs.png"
WIDTH = 440


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "images" / "reader")
    out: Path = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    form, signs = stages(FORM.read_bytes()), stages(SIGNS.read_bytes())
    pictures = {
        **stages(PICTURE.read_bytes()),
        **without_desk(ON_DESK.read_bytes()),
        "form_ink": form["ink"],
        "form_candidates": form["candidates"],
        "signs": signs["candidates"],
    }
    for name, pixels in pictures.items():
        cv2.imwrite(str(out / f"{name}.png"), small(pixels), [cv2.IMWRITE_PNG_COMPRESSION, 9])


def stages(data: bytes) -> dict[str, Pixels]:
    """The stages as ``--explain`` has them, and the ink without rules."""
    reader, trace = Reader.load(), Trace()
    reader.read(data, trace=trace)
    grey = picture.decode(data, reader.limits).grey
    found = ink.coarse(grey, reader.parameters.ink) or ink.extract(grey, reader.parameters.ink)
    left = rules.remove(found.mask, found.strength, reader.parameters.layout.rules)
    return {**trace.stages, "without_rules": np.where(left > 0, 0, 255).astype(np.uint8)}


def without_desk(data: bytes) -> dict[str, Pixels]:
    """A sheet on a desk, and what the reader makes of it where it finds nothing."""
    reader = Reader.load()
    grey = picture.decode(data, reader.limits).grey
    page = sheet.alone(grey, reader.parameters.sheet)
    if page is None:
        raise SystemExit(f"no sheet was found in {ON_DESK.name}")
    return {"desk": grey, "sheet": page}


def small(pixels: Pixels) -> Pixels:
    """As wide as the page shows it, in 16 levels: that is enough, and takes little room."""
    scale = WIDTH / pixels.shape[1]
    if scale < 1:
        size = (WIDTH, round(pixels.shape[0] * scale))
        pixels = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
    return np.asarray((pixels >> 4) * 17, np.uint8)


if __name__ == "__main__":
    main()
