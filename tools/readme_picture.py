"""Draw docs/images/reading.jpg: a test picture with what the reader found in it.

uv run tools/readme_picture.py
"""

from __future__ import annotations

import argparse
import io
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from digits.reader import Reader
from digits.reading import Digit

ROOT = Path(__file__).resolve().parent.parent
PICTURE = ROOT / "test_images" / "shadow.jpg"
SURE = (20, 120, 60)
UNSURE = (220, 120, 0)
WHITE = (255, 255, 255)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "images" / "reading.jpg")
    out: Path = parser.parse_args().out
    data = PICTURE.read_bytes()
    reading = Reader.load().read(data)
    with Image.open(io.BytesIO(data)) as picture:
        page = np.array(ImageOps.exif_transpose(picture).convert("RGB"))
    for digit in reading.digits:
        mark(page, digit)
    out.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(page).save(out, quality=85)


def mark(page: NDArray[np.uint8], digit: Digit) -> None:
    """Draw the digit's box, and the digit on a label that hangs from its upper left corner."""
    x, y, width, height = digit.box
    colour = UNSURE if digit.uncertain else SURE
    cv2.rectangle(page, (x - 4, y - 4), (x + width + 4, y + height + 4), colour, 3, cv2.LINE_AA)
    cv2.rectangle(page, (x - 6, y - 42), (x + 28, y - 4), colour, cv2.FILLED)
    place = (x - 1, y - 12)
    cv2.putText(page, str(digit.digit), place, cv2.FONT_HERSHEY_SIMPLEX, 1.2, WHITE, 3, cv2.LINE_AA)


if __name__ == "__main__":
    main()
