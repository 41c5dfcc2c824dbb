"""What is wide and faint is taken off, what is ink stays."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from digits.pyramid import Pyramid
from digits.shade import ShadeParameters, remove

PEN = 200


def page(*, pen: int = 5) -> np.ndarray:
    """Strokes of a pen, ``pen`` pixels wide, on 600x800 pixels of clean paper."""
    strength = np.zeros((600, 800), np.uint8)
    for x in range(250, 700, 90):
        cv2.line(strength, (x, 200), (x + 30, 300), (PEN,), pen)
        cv2.circle(strength, (x, 420), 30, (PEN,), pen)
    return strength


def removed(strength: np.ndarray) -> np.ndarray:
    parameters = ShadeParameters()
    return remove(strength, Pyramid(strength).shrunk(parameters.side), parameters)


def test_clean_paper_is_left_as_it_is():
    strength = page()
    assert removed(strength) is strength


@pytest.mark.parametrize("turned", [0, 7])
def test_a_faint_band_along_the_border_goes_and_strokes_stay(turned):
    strength = page()
    band = np.zeros_like(strength)
    cv2.fillPoly(band, [np.array([(0, 0), (800, 0), (800, 60 + 5 * turned), (0, 60)])], (40,))
    cleaned = removed(np.maximum(strength, band))
    assert cleaned[:50].max() < 10
    assert np.array_equal(cleaned[180:], strength[180:])


def written(width: int = 400, height: int = 300, *, pen: int = 2) -> np.ndarray:
    """Upright strokes on the right of a page, of a pen that many pixels wide."""
    strength = np.zeros((height, width), np.uint8)
    for x in range(width // 2, width - pen, 6 * pen):
        strength[height // 2 :, x : x + pen] = PEN
    return strength


def patch(strength: np.ndarray, level: int, *, width: int = 40, height: int = 40) -> np.ndarray:
    """The same with such a patch on its left, 10 pixels from the border."""
    patched = strength.copy()
    patched[10 : 10 + height, 10 : 10 + width] = level
    return patched


def is_shade(strength: np.ndarray, level: int, *, width: int = 40, height: int = 40) -> bool:
    """Whether such a patch goes, and nothing else; or most of it stays."""
    cleaned = removed(patch(strength, level, width=width, height=height))
    middle = cleaned[10 + height // 4 : 10 + height - height // 4, 10 + width // 2]
    gone = bool(middle.max() <= level / 10)
    assert gone or middle.min() > level / 2
    assert (strokes(cleaned) >= 0.9 * strokes(strength)).all()
    return gone


def strokes(strength: np.ndarray) -> np.ndarray:
    return strength[len(strength) // 2 :, strength.shape[1] // 2 :]


@pytest.mark.parametrize(("level", "gone"), [(5, False), (12, True), (90, True), (160, False)])
def test_shade_is_stronger_than_nothing_and_fainter_than_half_of_the_ink(level, gone):
    assert is_shade(written(), level) == gone


@pytest.mark.parametrize(("side", "gone"), [(30, False), (40, True)])
def test_shade_covers_a_hundredth_of_the_picture(side, gone):
    """Elsewhere is as much of it that there is a reason to look."""
    strength = written()
    strength[:30, 320:] = 30
    assert is_shade(strength, 50, width=side, height=side) == gone


@pytest.mark.parametrize(("width", "gone"), [(8, False), (14, True)])
def test_nothing_narrow_is_shade_however_fine_the_strokes(width, gone):
    assert is_shade(patch(written(), 60), 60, width=width, height=250) == gone


def test_of_a_large_picture_what_is_narrow_is_a_matter_of_its_size():
    assert not is_shade(written(1280, 960), 60, width=14, height=930)


@pytest.mark.parametrize(("width", "gone"), [(16, False), (40, True)])
def test_shade_is_three_strokes_wide(width, gone):
    strength = written(800, 600, pen=12)
    strength[:30, 500:] = 60
    assert is_shade(strength, 60, width=width, height=500) == gone


def test_a_piece_is_shade_by_what_it_covers_and_not_by_its_box():
    strength = patch(written(), 60, width=100, height=40)
    angle = strength[200:240, 10:50]
    angle[:12], angle[:, :12] = 60, 60
    cleaned = removed(strength)
    assert cleaned[30, 60] < 3
    assert np.array_equal(cleaned[200:240, 10:50], angle)


def test_a_piece_is_faint_on_average():
    strength = patch(written(), 60, width=100, height=60)
    strength[30:46, 50:66] = PEN
    assert removed(strength)[20, 30] < 3


def test_a_blot_of_ink_is_no_shade_even_where_shade_is_around_it():
    strength = patch(written(), 40, width=130, height=130)
    strength[30:120, 30:120] = 0
    strength[55:95, 55:95] = PEN
    cleaned = removed(strength)
    assert cleaned[20, 20] < 3
    assert np.all(cleaned[55:95, 55:95] == PEN)


def test_shade_goes_up_to_its_edges():
    cleaned = removed(patch(written(), 60, width=80, height=80))
    assert cleaned[12:88, 12:88].max() < 3


def test_grain_in_shade_is_smoothed_over():
    grainy = patch(written(), 0, width=150, height=100)
    grain = np.random.default_rng(2).integers(20, 60, (100, 150), np.uint8)
    grainy[10:110, 10:160] = grain
    assert removed(grainy)[30:90, 30:140].mean() < 0.4 * grain.mean()


def test_close_writing_is_no_shade():
    """Its lines are a pixel wide and two apart: averaged they would be even."""
    strength = written()
    strength[10:110, 10:160:3] = 90
    strength[:30, 320:] = 40
    assert np.array_equal(removed(strength)[10:110, 10:160], strength[10:110, 10:160])


def test_a_picture_hardly_higher_than_its_strokes_are_wide_is_left_alone():
    strength = written(800, 600, pen=8)[400:416]
    strength[:, :200] = 40
    assert np.array_equal(removed(strength), strength)


def test_broad_strokes_of_a_close_picture_are_left_alone():
    strength = page(pen=24)
    strength[:70] = 40
    assert np.array_equal(removed(strength), strength)


def test_shade_alone_is_what_there_is_to_read():
    strength = np.zeros((600, 800), np.uint8)
    strength[:100] = 40
    assert np.array_equal(removed(strength), strength)


@pytest.mark.parametrize("shape", [(3, 2), (1, 1), (1, 400), (400, 1)])
def test_a_tiny_picture_is_taken(shape):
    assert removed(np.full(shape, 40, np.uint8)).shape == shape
