"""The pictures in test_images/: what is in them, and that their script still makes them."""

from __future__ import annotations

import csv
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from digits.reader import Reader

FOLDER = Path(__file__).resolve().parent.parent / "test_images"
KINDS = {
    "photo_multi",
    "photo_single",
    "drawing_single",
    "drawing_multi",
    "mnistlike_single",
    "negative",
}


def manifest(folder: Path = FOLDER) -> list[dict[str, str]]:
    with (folder / "manifest.csv").open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


ENTRIES = {entry["file"]: entry for entry in manifest()}


@pytest.fixture(scope="module")
def redrawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("redrawn")
    subprocess.run([sys.executable, FOLDER / "make.py", "--out", folder], check=True)
    return folder


def test_the_manifest_names_every_picture_and_no_other() -> None:
    others = {".py", ".csv"}
    pictures = {path.name for path in FOLDER.iterdir() if path.is_file()}
    pictures = {name for name in pictures if Path(name).suffix not in others}
    assert pictures == set(ENTRIES)
    assert len(manifest()) == len(ENTRIES)


def test_every_kind_is_there_and_only_negatives_hold_no_digit() -> None:
    assert {entry["kind"] for entry in ENTRIES.values()} == KINDS
    for entry in ENTRIES.values():
        assert (entry["rows"] == "") == (entry["kind"] == "negative")
        assert entry["kind"].endswith("_multi") == (len(entry["rows"].replace("/", "")) > 1)


def test_all_ten_digits_occur_alone_and_together() -> None:
    alone = {entry["rows"] for entry in ENTRIES.values() if entry["kind"].endswith("_single")}
    together = "".join(
        entry["rows"] for entry in ENTRIES.values() if entry["kind"] == "photo_multi"
    )
    assert alone == set("0123456789")
    assert set(together) >= set("0123456789")


def test_they_stay_small() -> None:
    sizes = [(FOLDER / file).stat().st_size for file in ENTRIES]
    assert max(sizes) < 150_000
    assert sum(sizes) < 2_000_000


def test_a_canvas_holds_its_strokes_in_the_alpha_channel_alone() -> None:
    canvases = [file for file in ENTRIES if file.startswith("canvas")]
    assert len(canvases) == 3
    for file in canvases:
        with Image.open(FOLDER / file) as picture:
            pixels = np.asarray(picture)
        assert pixels.shape == (280, 280, 4)
        assert not pixels[..., :3].any()
        assert pixels[..., 3].min() == 0
        assert pixels[..., 3].max() == 255


def test_the_phone_picture_lies_on_its_side_and_says_so() -> None:
    with Image.open(FOLDER / "phone.jpg") as picture:
        assert picture.size == (1200, 900)
        assert picture.getexif()[0x0112] == 6


def test_the_script_makes_the_same_manifest(redrawn: Path) -> None:
    assert manifest(redrawn) == manifest()


@pytest.mark.parametrize("file", ENTRIES)
def test_the_script_makes_the_same_picture(redrawn: Path, file: str) -> None:
    with Image.open(FOLDER / file) as kept, Image.open(redrawn / file) as made:
        assert (made.format, made.mode, made.size) == (kept.format, kept.mode, kept.size)
        both = [np.asarray(picture.convert("RGBA"), np.float32) for picture in (kept, made)]
    # Codecs and floating point differ a little between versions, other noise by far more.
    assert np.abs(both[0] - both[1]).mean() < 0.5


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader.load()


@pytest.mark.parametrize("file", ENTRIES)
def test_the_shipped_model_reads_it_right(reader: Reader, file: str) -> None:
    read = reader.read((FOLDER / file).read_bytes())
    assert "/".join(read.rows) == ENTRIES[file]["rows"]


@pytest.mark.parametrize(
    "file", [file for file, entry in ENTRIES.items() if entry["kind"].endswith("_single")]
)
def test_a_picture_of_one_digit_reads_the_same_when_told_so(reader: Reader, file: str) -> None:
    read = reader.read((FOLDER / file).read_bytes(), single=True)
    assert read.rows == (ENTRIES[file]["rows"],)
