"""Pictures and bodies that tests send: good ones, broken ones, and bombs; a reader for tests."""

from __future__ import annotations

import base64
import io
import struct
import uuid
import zlib
from pathlib import Path

from PIL import Image

from digits.reading import Digit, Milliseconds, Reading
from digits.settings import ROOT

PICTURES = ROOT / "test_images"


def picture(name: str) -> bytes:
    """One of the project's own test pictures."""
    return (PICTURES / name).read_bytes()


def as_base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def encoded(image: Image.Image, form: str = "PNG", **options: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, form, **options)
    return stream.getvalue()


def blank(width: int = 200, height: int = 100) -> bytes:
    """White paper."""
    return encoded(Image.new("L", (width, height), 255))


def form(*files: tuple[str, bytes], fields: dict[str, str] | None = None) -> tuple[str, bytes]:
    """A multipart/form-data body: content type and bytes; each file is (field, content)."""
    boundary = uuid.uuid4().hex
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in (fields or {}).items()
    ]
    parts += [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"; filename="a.png"\r\n'
        f"Content-Type: image/png\r\n\r\n".encode()
        + content
        + b"\r\n"
        for name, content in files
    ]
    closing = f"--{boundary}--\r\n".encode()
    return f"multipart/form-data; boundary={boundary}", b"".join(parts) + closing


def chunk(kind: bytes, content: bytes) -> bytes:
    """A chunk of a PNG."""
    checksum = zlib.crc32(kind + content)
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", checksum)


def huge_png(width: int, height: int) -> bytes:
    """About a hundred bytes that claim to be a large picture."""
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0" * 1000))
        + chunk(b"IEND", b"")
    )


def long_gif(frames: int) -> bytes:
    """A GIF of very many tiny frames, all of them good."""
    once = encoded(Image.new("L", (8, 8), 255), "GIF")
    start = once.index(b"\x2c\0\0\0\0\x08")  # where the only frame begins
    return once[:start] + once[start:-1] * frames + once[-1:]


def looping_tiff() -> bytes:
    """A TIFF whose first page says that the next page is itself."""
    entries = [
        (256, 4, 1, 8),
        (257, 4, 1, 8),
        (258, 3, 1, 8),
        (259, 3, 1, 1),
        (262, 3, 1, 1),
        (273, 4, 1, 8 + 2 + 8 * 12 + 4),
        (278, 4, 1, 8),
        (279, 4, 1, 64),
    ]
    table = b"".join(struct.pack("<HHII", *entry) for entry in entries)
    return (
        b"II*\0"
        + struct.pack("<I", 8)
        + struct.pack("<H", len(entries))
        + table
        + (struct.pack("<I", 8) + b"\xff" * 64)
    )


def endless_jpeg(side: int, scans: int) -> bytes:
    """White paper whose last pass over the pixels comes again and again, a dozen bytes each."""
    once = encoded(Image.new("L", (side, side), 255), "JPEG", progressive=True)
    last = once[once.rindex(b"\xff\xda") : -2]
    return once[:-2] + last * scans + b"\xff\xd9"


def labelled(folder: Path = PICTURES) -> dict[str, str]:
    """File name to its rows, as the manifest has them."""
    import csv

    with (folder / "manifest.csv").open(encoding="utf-8", newline="") as stream:
        return {row["file"]: row["rows"] for row in csv.DictReader(stream)}


class ReadsAlways:
    """A reader that reads the same rows in every picture."""

    def __init__(self, *rows: str) -> None:
        digits = tuple(
            Digit(int(digit), 0.9, (0.1,) * 10, (0, 0, 1, 1), row, uncertain=False)
            for row, text in enumerate(rows)
            for digit in text
        )
        nothing = Milliseconds(0, 0, 0, 0)
        self.reading = Reading(digits, 9, 9, "dark_on_light", "m", "1", nothing)

    def read(self, picture: bytes) -> Reading:
        return self.reading
