"""The sample pictures, to try the page with: those of the manifest, read-only."""

from __future__ import annotations

import csv
from functools import lru_cache

from digits.errors import NotFound
from digits.serving.routes import Exchange
from digits.settings import ROOT
from digits.wire import Answer, answers

FOLDER = ROOT / "test_images"
TYPES = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".gif": "image/gif",
    ".bmp": "image/bmp",
    ".tiff": "image/tiff",
    ".webp": "image/webp",
}


async def listing(exchange: Exchange) -> Answer:
    """What there is: file, rows and notes of each; nothing where they were not deployed."""
    return answers.ok({"samples": list(_manifest().values())}, exchange.request.id)


async def sample(exchange: Exchange) -> Answer:
    """One of them. Raises NotFound."""
    name = exchange.request.path.rpartition("/")[2]
    path = FOLDER / name
    if name not in _manifest() or not path.is_file():
        raise NotFound("there is no such sample")
    headers = (("x-request-id", exchange.request.id),)
    return Answer(200, TYPES[path.suffix], path.read_bytes(), headers)


@lru_cache(maxsize=1)
def _manifest() -> dict[str, dict[str, str]]:
    try:
        with (FOLDER / "manifest.csv").open(encoding="utf-8", newline="") as file:
            return {
                row["file"]: {name: row[name] for name in ("file", "rows", "notes")}
                for row in csv.DictReader(file)
            }
    except OSError:
        return {}
