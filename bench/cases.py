"""What is sent: made from this project's own test pictures, the same for every server."""

from __future__ import annotations

import base64
import io
import json
from dataclasses import dataclass, replace
from pathlib import Path

from PIL import Image

PICTURES = Path(__file__).resolve().parent.parent / "test_images"


@dataclass(frozen=True)
class Case:
    """One kind of request."""

    name: str
    kind: str
    body: bytes
    picture: bytes

    def as_json(self) -> Case:
        """The same picture as base64 in JSON."""
        return replace(self, kind="application/json", body=wrapped(self.picture))


def cases() -> dict[str, Case]:
    """By a short name."""
    small = (PICTURES / "digit_3.png").read_bytes()
    canvas = (PICTURES / "canvas_7.png").read_bytes()
    photo = _resized("ruled.jpg", (1280, 960))
    large = _resized("ruled.jpg", (3520, 2560))
    return {
        "small": Case("28x28 PNG, raw bytes", "image/png", small, small),
        "canvas": Case(
            "280x280 RGBA canvas PNG in JSON", "application/json", wrapped(canvas), canvas
        ),
        "photo": Case("1280x960 JPEG photo, ten digits", "image/jpeg", photo, photo),
        "large": Case("9 megapixel JPEG photo", "image/jpeg", large, large),
    }


def wrapped(picture: bytes) -> bytes:
    """JSON with the picture as base64."""
    return json.dumps({"image": base64.b64encode(picture).decode()}).encode()


def _resized(name: str, size: tuple[int, int]) -> bytes:
    stream = io.BytesIO()
    with Image.open(PICTURES / name) as image:
        image.resize(size, Image.Resampling.BICUBIC).save(stream, "JPEG", quality=90)
    return stream.getvalue()
