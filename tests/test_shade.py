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


def test_ink_within_shade_stays_ink():
    strength = page()
    strength[:, :500] = np.maximum(strength[:, :500], 50)
    cleaned = removed(strength)
    assert cleaned[100, 100] < 10
    assert cleaned[420 - 30, 340] > 0.6 * PEN


def test_a_blot_of_ink_is_no_shade():
    strength = page()
    cv2.circle(strength, (100, 500), 60, (PEN,), -1)
    assert np.array_equal(removed(strength), strength)


def test_broad_strokes_of_a_close_picture_are_left_alone():
    strength = page(pen=24)
    strength[:70] = 40
    assert np.array_equal(removed(strength), strength)


def test_shade_alone_is_what_there_is_to_read():
    strength = np.zeros((600, 800), np.uint8)
    strength[:100] = 40
    assert np.array_equal(removed(strength), strength)


def test_a_tiny_picture_is_taken():
    strength = np.full((3, 2), 40, np.uint8)
    assert removed(strength).shape == (3, 2)
