"""Files that are hardly pictures, or unusual ones: refused with a reason, or read."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import score


@pytest.fixture
def pictures(repo_root: Path) -> Path:
    return repo_root / "test_images"


def bomb(side: int) -> bytes:
    """A PNG of a few bytes that claims ``side`` x ``side`` pixels."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        )

    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    pixels = zlib.compress(bytes(1000))
    signature = b"\x89PNG\r\n\x1a\n"
    return signature + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def refusal(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> str:
    """What score.py says about something it cannot read; it must fail, and print no reading."""
    assert score.main([str(argument) for argument in arguments]) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    return printed.err


@pytest.mark.parametrize("file", ["phone.jpg", "drawing_9.png", "drawing_5.webp", "digit_1.bmp"])
def test_a_truncated_picture(
    capsys: pytest.CaptureFixture[str], pictures: Path, tmp_path: Path, file: str
) -> None:
    whole = (pictures / file).read_bytes()
    (tmp_path / file).write_bytes(whole[: len(whole) * 2 // 3])
    said = refusal(capsys, tmp_path / file)
    assert "truncated or corrupt" in said
    assert "send the whole file" in said


def test_a_bomb(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "bomb.png").write_bytes(bomb(60_000))
    said = refusal(capsys, tmp_path / "bomb.png")
    assert "60000 x 60000 = 3,600,000,000 pixels" in said
    assert "the limit is 50,000,000 (DIGITS_MAX_PIXELS)" in said


def test_unusual_pictures_are_read(
    capsys: pytest.CaptureFixture[str], pictures: Path, tmp_path: Path
) -> None:
    """A CMYK JPEG, a PNG of 16 bits, an animation whose first frame holds the digit."""
    with Image.open(pictures / "photo_9.jpg") as photo:
        photo.convert("CMYK").save(tmp_path / "cmyk.jpg")
    with Image.open(pictures / "drawing_9.png") as drawing:
        Image.fromarray(np.asarray(drawing.convert("L")).astype(np.uint16) * 257).save(
            tmp_path / "sixteen.png"
        )
    with Image.open(pictures / "drawing_2.png") as drawing:
        first = drawing.convert("L")
    blank = Image.new("L", first.size, 0)
    first.save(tmp_path / "moving.gif", save_all=True, append_images=[blank, blank])

    files = [tmp_path / name for name in ("cmyk.jpg", "sixteen.png", "moving.gif")]
    assert score.main([str(path) for path in files]) == 0
    assert capsys.readouterr().out == f"{files[0]}\t9\n{files[1]}\t9\n{files[2]}\t2\n"
