"""Corrections as a folder of labelled pictures, as ``score.py --check`` takes it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from pathlib import Path

from PIL import Image

from digits.errors import DataError
from digits.feedback.store import Kept

LABELS = "LABELS.csv"
KIND = "feedback"


def export(kept: Iterable[Kept], folder: Path) -> int:
    """Write the pictures into ``folder``, and what is really in them beside; how many.

    Raises DataError if there is something in the folder already.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise DataError(f"{folder} is not empty; name a new folder")
    count = 0
    with (folder / LABELS).open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("file", "kind", "rows", "notes", "boxes"))
        for count, each in enumerate(kept, 1):
            writer.writerow(_entry(each, folder, count))
    return count


def _entry(each: Kept, folder: Path, number: int) -> tuple[str, ...]:
    correction = each.correction
    name = f"{number:06d}.{_suffix(correction.picture)}"
    (folder / name).write_bytes(correction.picture)
    boxes = ";".join(" ".join(map(str, box)) for box in correction.boxes or ())
    return name, KIND, "/".join(correction.rows), correction.reading_id, boxes


def _suffix(picture: bytes) -> str:
    with Image.open(io.BytesIO(picture)) as opened:
        return (opened.format or "bin").lower()
