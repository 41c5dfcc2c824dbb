"""Pictures that are too large to send, made smaller before they are sent."""

from __future__ import annotations

import io
from dataclasses import dataclass

from PIL import Image, ImageOps, UnidentifiedImageError

QUALITY = 85
ATTEMPTS = 8


@dataclass(frozen=True)
class Parcel:
    """A picture to send; ``scale`` (x, y) is how much larger the original is."""

    data: bytes
    scale: tuple[float, float] = (1.0, 1.0)


def fitted(picture: bytes, *, max_bytes: int, max_pixels: int) -> Parcel:
    """The picture itself if it is within both limits, else a smaller JPEG of it.

    What Pillow cannot open goes as it is: the endpoint says what is wrong with it.
    """
    try:
        with Image.open(io.BytesIO(picture)) as opened:
            pixels = opened.width * opened.height
            if len(picture) <= max_bytes and pixels <= max_pixels:
                return Parcel(picture)
            upright = ImageOps.exif_transpose(opened)
            return _smaller(_on_white(upright), max_bytes, min(pixels, max_pixels))
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError):
        return Parcel(picture)


def _smaller(image: Image.Image, max_bytes: int, goal: float) -> Parcel:
    smaller = b""
    for _ in range(ATTEMPTS):
        factor = min(1.0, (goal / (image.width * image.height)) ** 0.5)
        width, height = max(1, int(image.width * factor)), max(1, int(image.height * factor))
        stream = io.BytesIO()
        image.resize((width, height), Image.Resampling.LANCZOS).save(
            stream, "JPEG", quality=QUALITY
        )
        smaller = stream.getvalue()
        if len(smaller) <= max_bytes:
            break
        goal = width * height / 2
    return Parcel(smaller, (image.width / width, image.height / height))


def _on_white(image: Image.Image) -> Image.Image:
    if not image.has_transparency_data:
        return image.convert("RGB")
    paper = Image.new("RGBA", image.size, "white")
    return Image.alpha_composite(paper, image.convert("RGBA")).convert("RGB")
