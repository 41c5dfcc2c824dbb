"""Every kind of picture file arrives as the same upright grey pixels, or is refused politely."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, ImageOps
from samples import endless_jpeg

from digits import picture
from digits.errors import TooLarge, UnreadableImage, UnsupportedMediaType
from digits.picture import Limits


def example(height: int = 40, width: int = 60) -> Image.Image:
    rows, columns = np.indices((height, width))
    return Image.fromarray(((rows * 5 + columns * 2) % 256).astype(np.uint8))


def encoded(image: Image.Image, form: str = "PNG", **options: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, form, **options)
    return stream.getvalue()


def png_chunk(kind: bytes, content: bytes) -> bytes:
    checksum = zlib.crc32(kind + content)
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", checksum)


def png_bomb(width: int, height: int) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + png_chunk(b"IHDR", header)
        + png_chunk(b"IDAT", zlib.compress(b"\0" * 1000))
        + png_chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("form", ["PNG", "GIF", "BMP", "TIFF"])
def test_lossless_formats_keep_every_pixel(form):
    decoded = picture.decode(encoded(example(), form))

    assert np.array_equal(decoded.grey, np.asarray(example()))
    assert (decoded.width, decoded.height) == (60, 40)


@pytest.mark.parametrize("form", ["JPEG", "WEBP"])
def test_lossy_formats_keep_nearly_every_pixel(form):
    smooth = Image.fromarray(np.tile(np.linspace(0, 255, 64, dtype=np.uint8), (48, 1)))

    decoded = picture.decode(encoded(smooth, form, quality=95))

    assert np.abs(decoded.grey.astype(int) - np.asarray(smooth)).max() <= 6


@pytest.mark.parametrize("form", ["PNG", "JPEG", "TIFF", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_eight_exif_orientations_come_out_upright(form, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {"lossless": True} if form == "WEBP" else {}
    data = encoded(example(), form, exif=exif.tobytes(), **options)
    with Image.open(io.BytesIO(data)) as image:
        upright = np.asarray(ImageOps.exif_transpose(image).convert("L")).astype(int)

    decoded = picture.decode(data)

    assert (decoded.height, decoded.width) == upright.shape
    assert np.abs(decoded.grey - upright).max() <= 2


def test_nonsense_orientation_is_ignored():
    exif = Image.Exif()
    exif[0x0112] = 77

    assert picture.decode(encoded(example(), exif=exif.tobytes())).width == 60


def test_strokes_that_live_in_the_alpha_channel_alone_are_ink():
    rgba = np.zeros((50, 50, 4), np.uint8)
    rgba[20:30, 10:40, 3] = 255

    grey = picture.decode(encoded(Image.fromarray(rgba))).grey

    assert grey[25, 25] == 0
    assert grey[5, 5] == 255


def test_white_strokes_on_nothing_are_laid_on_black():
    rgba = np.full((50, 50, 4), 255, np.uint8)
    rgba[..., 3] = 0
    rgba[20:30, 10:40, 3] = 255

    grey = picture.decode(encoded(Image.fromarray(rgba))).grey

    assert grey[25, 25] == 255
    assert grey[5, 5] == 0


def test_see_through_corners_of_an_opaque_picture_become_paper():
    rgba = np.full((50, 50, 4), 230, np.uint8)
    rgba[..., 3] = 255
    rgba[:5, :5] = 0

    grey = picture.decode(encoded(Image.fromarray(rgba))).grey

    assert grey[2, 2] == 230


def test_sixteen_bits_are_stretched_to_eight():
    deep = np.linspace(1000, 60000, 60 * 40).reshape(40, 60).astype(np.uint16)

    grey = picture.decode(encoded(Image.fromarray(deep))).grey

    assert (int(grey.min()), int(grey.max())) == (0, 255)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr"])
def test_every_mode_is_read(mode):
    form = "JPEG" if mode in ("CMYK", "YCbCr") else "PNG"
    image = Image.new("L", (30, 20), 255)
    image.paste(0, (5, 5, 15, 15))

    grey = picture.decode(encoded(image.convert(mode), form)).grey

    assert grey.shape == (20, 30)
    assert grey[10, 10] < 40
    assert grey[2, 25] > 215


def test_of_an_animation_the_first_frame_is_read():
    first, second = Image.new("L", (9, 9), 10), Image.new("L", (9, 9), 200)
    data = encoded(first, "GIF", save_all=True, append_images=[second] * 20)

    assert (picture.decode(data).grey == 10).all()


def test_a_large_jpeg_is_decoded_at_half_size_and_says_its_own():
    decoded = picture.decode(encoded(Image.new("L", (3200, 2000), 180), "JPEG"))

    assert (decoded.width, decoded.height) == (3200, 2000)
    assert decoded.grey.shape == (1000, 1600)


@pytest.mark.parametrize("form", ["PNG", "JPEG", "TIFF", "WEBP", "BMP"])
def test_a_truncated_picture_is_unreadable(form):
    rng = np.random.default_rng(0)
    noise = Image.fromarray(rng.integers(0, 256, (80, 80), dtype=np.uint8).astype(np.uint8))
    data = encoded(noise, form)

    with pytest.raises(UnreadableImage, match="truncated or corrupt|corrupt"):
        picture.decode(data[: len(data) // 2])


@pytest.mark.parametrize("data", [b"hello, world", b"<html></html>", b"%PDF-1.7", b"\0" * 100])
def test_what_is_no_picture_is_refused_with_the_formats_that_are(data):
    with pytest.raises(UnsupportedMediaType, match="PNG, JPEG, GIF, BMP, TIFF or WebP"):
        picture.decode(data)


def test_an_empty_file_is_said_to_be_empty():
    with pytest.raises(UnreadableImage, match="0 bytes"):
        picture.decode(b"")


def test_a_bomb_is_refused_by_its_header():
    bomb = png_bomb(60_000, 60_000)
    assert len(bomb) < 1100

    with pytest.raises(TooLarge, match=r"60000 x 60000 = 3,600,000,000 pixels.*50,000,000"):
        picture.decode(bomb)


def test_a_jpeg_that_is_painted_over_and_over_is_refused_before_it_is_decoded():
    with pytest.raises(UnreadableImage, match="10,0.. times over; the limit is 200"):
        picture.decode(endless_jpeg(5000, 10_000))
    assert picture.decode(endless_jpeg(50, 100)).grey.shape == (50, 50)


def test_so_is_one_whose_passes_are_of_one_component_each():
    colour = encoded(example().convert("RGB"), "JPEG")
    start = colour.index(b"\xff\xda")
    one = b"\xff\xda\0\x08\x01\x01\0\0\x3f\0" + bytes(20)

    with pytest.raises(UnreadableImage, match="300 times over"):
        picture.decode(colour[:start] + one * 300 + b"\xff\xd9")


@pytest.mark.parametrize(
    "before",
    [
        pytest.param(b"\xff", id="a byte between segments"),
        pytest.param(b"\xff\xfe\0\x0c\xff\xc0\0\x08\x08\x01\x01\x01", id="a frame in a comment"),
    ],
)
def test_nothing_in_front_hides_that_it_is(before: bytes):
    endless = endless_jpeg(50, 10_000)

    with pytest.raises(UnreadableImage, match="times over"):
        picture.decode(endless[:2] + before + endless[2:])


@pytest.mark.parametrize("film", [np.random.default_rng(0).bytes(5_000_000), b"\xff\xda" * 1000])
@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_what_hangs_on_behind_a_jpeg_does_not_matter(mode: str, film: bytes):
    assert picture.decode(encoded(example().convert(mode), "JPEG") + film).width == 60


@pytest.mark.parametrize(("limit", "fits"), [(2400, True), (2399, False)])
def test_the_pixel_limit_is_exact(limit, fits):
    data = encoded(example())
    limits = Limits(max_pixels=limit)

    if fits:
        assert picture.decode(data, limits).grey.size == 2400
    else:
        with pytest.raises(TooLarge, match="DIGITS_MAX_PIXELS"):
            picture.decode(data, limits)


@pytest.mark.parametrize(("spare", "fits"), [(0, True), (-1, False)])
def test_the_byte_limit_is_exact(spare, fits):
    data = encoded(example())
    limits = Limits(max_bytes=len(data) + spare)

    if fits:
        assert picture.decode(data, limits).width == 60
    else:
        with pytest.raises(TooLarge, match="DIGITS_MAX_BYTES"):
            picture.decode(data, limits)


def test_flipped_bits_never_raise_anything_else():
    rng = np.random.default_rng(3)
    for form in ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP"):
        data = encoded(example(), form)
        for _ in range(25):
            broken = bytearray(data)
            for position in rng.integers(0, len(data), 4):
                broken[position] ^= int(rng.integers(1, 256))
            try:
                picture.decode(bytes(broken))
            except (TooLarge, UnreadableImage, UnsupportedMediaType):
                continue


def as_one_of_several(jpeg: bytes) -> bytes:
    """A JPEG with the segment by which Pillow tells that others follow, and calls it an MPO."""
    stream = io.BytesIO()
    small = Image.new("RGB", (8, 8))
    small.save(stream, "MPO", save_all=True, append_images=[small])
    several = stream.getvalue()
    at = several.index(b"MPF\0") - 4
    length = int.from_bytes(several[at + 2 : at + 4], "big") + 2
    return jpeg[:2] + several[at : at + length] + jpeg[2:]


def test_a_jpeg_that_others_follow_has_no_more_scans_either():
    endless = as_one_of_several(endless_jpeg(50, 10_000))
    assert Image.open(io.BytesIO(endless)).format == "MPO"
    with pytest.raises(UnreadableImage, match="times over"):
        picture.decode(endless)


@pytest.mark.parametrize("odd", [None, np.inf, np.nan])
def test_a_float_picture_from_0_to_1_is_seen(odd):
    deep = np.full((20, 20), 0.9, np.float32)
    deep[5:15, 8:12] = 0.2
    if odd is not None:
        deep[0, 0] = odd
    stream = io.BytesIO()
    Image.fromarray(deep).save(stream, "TIFF")
    grey = picture.decode(stream.getvalue()).grey
    assert int(grey[2, 2]) - int(grey[10, 10]) > 200
