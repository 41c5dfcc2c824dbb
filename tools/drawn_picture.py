"""Draw docs/images/drawn.png: digits as training draws them from scratch.

uv run tools/drawn_picture.py
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from PIL import Image

from digits.training import augmentation, strokes

ROOT = Path(__file__).resolve().parent.parent
SEED = 4
ACROSS = 24
SIZE = 44
"""Side in pixels of each."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "images" / "drawn.png")
    out: Path = parser.parse_args().out
    rng = np.random.default_rng(SEED)
    rows = [
        np.hstack([augmentation.warp(rng, strokes.draw(rng, d), amount=0.7) for _ in range(ACROSS)])
        for d in range(10)
    ]
    page = Image.fromarray(255 - np.vstack(rows))
    page.resize((ACROSS * SIZE, 10 * SIZE), Image.Resampling.LANCZOS).quantize(16).save(
        out, optimize=True
    )


if __name__ == "__main__":
    main()
