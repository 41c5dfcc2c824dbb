"""Sheets of small pictures with a caption each: what was read wrong, to look at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from digits.evaluation.scenes import Grey

COLUMNS = 6
CELL = (168, 112)
"""Width and height in pixels of the picture in a cell."""

CAPTION = 16
EMPTY = 205
MOST = 60


@dataclass(frozen=True)
class Entry:
    """A picture and a line about it."""

    grey: Grey
    caption: str


def save(path: Path, entries: Sequence[Entry]) -> None:
    """Write a sheet of the first `MOST` entries; nothing if there are none."""
    if not entries:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    cells = [_cell(entry) for entry in entries[:MOST]]
    while len(cells) % COLUMNS:
        cells.append(np.full_like(cells[0], EMPTY))
    rows = [np.hstack(cells[start : start + COLUMNS]) for start in range(0, len(cells), COLUMNS)]
    done, data = cv2.imencode(path.suffix, np.vstack(rows))
    assert done
    path.write_bytes(bytes(data))


def thumbnail(grey: Grey) -> Grey:
    """The picture as it fits into a cell, which is all that a gallery needs to keep of it."""
    scale = min(CELL[0] / grey.shape[1], CELL[1] / grey.shape[0], 4.0)
    size = (max(1, round(grey.shape[1] * scale)), max(1, round(grey.shape[0] * scale)))
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_NEAREST
    return np.asarray(cv2.resize(grey, size, interpolation=how), np.uint8)


def _cell(entry: Entry) -> Grey:
    cell = np.full((CELL[1] + CAPTION + 4, CELL[0] + 6), EMPTY, np.uint8)
    small = thumbnail(entry.grey)
    cell[: small.shape[0], : small.shape[1]] = small
    face = cv2.FONT_HERSHEY_SIMPLEX
    at = (2, CELL[1] + CAPTION - 3)
    cv2.putText(cell, entry.caption[:26], at, face, 0.38, (0,), 1, cv2.LINE_AA)
    return cell
