"""The stages of a reading as files: one PNG each, and a sheet with all of them side by side."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import pybase64
from PIL import Image, ImageDraw, ImageOps

CELL, MARGIN, CAPTION = 480, 12, 20
"""Pixels: a stage's largest side on the sheet, the gap between stages, the line above each."""

COLUMNS = 3


class Sheets:
    """Writes the stages of one picture after another below ``folder``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._names: Counter[str] = Counter()

    def write(self, file: str, stages: Mapping[str, str]) -> None:
        """Write the stages (name to data: URL) of one picture, and its sheet.

        They go to a folder of the picture's name, numbered in order; a second picture of that
        name gets a folder of its own.
        """
        name = "stdin" if file == "-" else Path(file).name
        self._names[name] += 1
        count = self._names[name]
        target = self.folder / (name if count == 1 else f"{name}-{count}")
        target.mkdir(parents=True, exist_ok=True)
        pictures = _original(file) | {stage: _decoded(url) for stage, url in stages.items()}
        for number, (stage, picture) in enumerate(pictures.items()):
            picture.save(target / f"{number}-{stage}.png")
        contact_sheet(pictures).save(target / "sheet.png")


def contact_sheet(pictures: Mapping[str, Image.Image]) -> Image.Image:
    """All pictures under their names, three a row, none larger than a cell."""
    rows = -(-len(pictures) // COLUMNS)
    step_x, step_y = CELL + MARGIN, CELL + MARGIN + CAPTION
    sheet = Image.new("RGB", (COLUMNS * step_x + MARGIN, rows * step_y + MARGIN), "#dddddd")
    draw = ImageDraw.Draw(sheet)
    for index, (name, picture) in enumerate(pictures.items()):
        row, column = divmod(index, COLUMNS)
        x, y = MARGIN + column * step_x, MARGIN + row * step_y
        draw.text((x, y), name.replace("_", " "), fill="black", font_size=14)
        sheet.paste(ImageOps.contain(picture.convert("RGB"), (CELL, CELL)), (x, y + CAPTION))
    return sheet


def _original(file: str) -> dict[str, Image.Image]:
    """The picture itself, upright; stdin is read only once, so it is left out there."""
    if file == "-":
        return {}
    with Image.open(file) as picture:
        return {"original": ImageOps.exif_transpose(picture).convert("RGBA").convert("RGB")}


def _decoded(url: str) -> Image.Image:
    return Image.open(io.BytesIO(pybase64.b64decode(url.partition(",")[2])))
