"""What is drawn around digits is left out; what has digits beside it, or dirt in it, stays."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from digits import enclosures, ink, layout
from digits.enclosures import EnclosureParameters
from digits.layout import Layout, LayoutParameters


def page(*rings: tuple[int, int, int], bars: tuple[tuple[int, int, int], ...]) -> Layout:
    """Circles (x, y, radius), and upright bars (x, y, height) that stand for digits."""
    grey = np.full((300, 600), 255, np.uint8)
    for x, y, radius in rings:
        cv2.circle(grey, (x, y), radius, (0,), 4, cv2.LINE_AA)
    for x, y, height in bars:
        cv2.line(grey, (x, y - height // 2), (x, y + height // 2), (0,), 6)
    return layout.pieces(ink.extract(grey))


def bars_of(found: Layout) -> set[int]:
    return {i for i, each in enumerate(found.candidates) if each.box[2] < 12}


def kept(found: Layout, sure: set[int]) -> list[int]:
    """The widths of what is left."""
    left = enclosures.drop(found, sure, EnclosureParameters(), LayoutParameters())
    return sorted(each.box[2] for each in left.candidates)


def test_a_circled_digit_loses_its_circle():
    found = page((150, 150, 60), bars=((150, 150, 60), (400, 150, 60)))

    assert max(kept(found, bars_of(found))) < 12


def test_a_frame_around_several_goes_too():
    found = page((150, 150, 100), bars=((120, 150, 40), (180, 150, 40), (400, 150, 40)))

    assert max(kept(found, bars_of(found))) < 12


@pytest.mark.parametrize(
    ("bars", "why"),
    [
        (((400, 150, 60), (450, 150, 60)), "nothing is in it"),
        (((150, 150, 14), (400, 150, 90), (450, 150, 90)), "too small to be a digit there"),
    ],
)
def test_a_ring_stays_if(bars: tuple[tuple[int, int, int], ...], why: str):
    found = page((150, 150, 45), bars=bars)

    assert max(kept(found, bars_of(found))) > 80, why


def test_what_is_no_digit_in_it_says_nothing():
    found = page((150, 150, 60), bars=((150, 150, 60), (400, 150, 60)))
    inside = {i for i in bars_of(found) if found.candidates[i].box[0] < 200}

    assert max(kept(found, bars_of(found) - inside)) > 80


def test_an_open_arc_around_a_digit_is_no_enclosure():
    grey = np.full((300, 600), 255, np.uint8)
    cv2.ellipse(grey, (150, 150), (60, 60), 0, 20, 340, (0,), 4, cv2.LINE_AA)
    cv2.line(grey, (150, 120), (150, 180), (0,), 6)
    cv2.line(grey, (400, 120), (400, 180), (0,), 6)
    found = layout.pieces(ink.extract(grey))

    assert max(kept(found, bars_of(found))) > 80
