"""What is drawn around digits is left out; what has digits beside it, or dirt in it, stays."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from digits import enclosures, ink, layout
from digits.components import Box
from digits.enclosures import EnclosureParameters
from digits.layout import Layout, LayoutParameters, Piece


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


def drawn(around: np.ndarray, *bars: Box, **parameters: float) -> bool:
    """Whether ``around`` (``[h, w]`` bool), the first 100 pixels from above and from the left, is
    left beside bars, all of which are digits for sure."""
    labels = np.zeros((300, 400), np.int16)
    height, width = around.shape
    labels[100 : 100 + height, 100 : 100 + width][around] = 1
    pieces = [Piece(1, (100, 100, width, height))]
    for label, bar in enumerate(bars, start=2):
        labels[layout.window(bar)] = label
        pieces.append(Piece(label, bar))
    found = layout.in_lines(labels, pieces, LayoutParameters())
    sure = {index for index, each in enumerate(found.candidates) if each.labels != (1,)}
    left = enclosures.drop(found, sure, EnclosureParameters(**parameters), LayoutParameters())
    return (1,) in {each.labels for each in left.candidates}


def frame(height: int, width: int) -> np.ndarray:
    here = np.ones((height, width), bool)
    here[3:-3, 3:-3] = False
    return here


@pytest.mark.parametrize("height", [100, 200])
@pytest.mark.parametrize("usual", [40, 60])
@pytest.mark.parametrize("inner", [24, 26, 29, 49, 51])
def test_a_digit_is_high_enough_for_what_encloses_it_or_for_the_others(height, usual, inner):
    others = [(20 * place, 100, 8, each) for place, each in enumerate((usual, usual, 90))]
    enough = inner >= min(0.25 * height, 0.7 * usual)

    stays = drawn(frame(height, 80), (130, 110, 10, inner), *others)

    assert stays != enough


@pytest.mark.parametrize(
    "bar", [(80, 120, 10, 40), (210, 120, 10, 40), (150, 40, 10, 40), (150, 220, 10, 40)]
)
def test_a_digit_beside_a_frame_is_not_in_it(bar):
    assert drawn(frame(100, 100), bar)


def half_open() -> np.ndarray:
    """Two fields above each other, of which the upper one has no top."""
    here = frame(120, 80)
    here[:3, 3:-3] = False
    here[57:60] = True
    return here


@pytest.mark.parametrize(
    ("upper", "lower", "stays"),
    [
        (40, 40, False),
        (40, 5, True),  # what is in the hole is dirt
    ],
)
def test_one_digit_in_a_hole_is_enough(upper, lower, stays):
    bars = ((130, 110, 8, upper), (130, 165, 8, lower))

    assert drawn(half_open(), *bars) == stays


def test_a_thin_slanted_line_is_closed():
    rows, columns = np.mgrid[:81, :81]
    diamond = abs(rows - 40) + abs(columns - 40) == 40

    assert not drawn(diamond, (136, 125, 8, 30))


@pytest.mark.parametrize(("most", "stays"), [(0.05, True), (0.07, False)])
def test_no_more_is_searched_than_a_share_of_the_picture(most, stays):
    """The frame's box is a fifteenth of it."""
    assert drawn(frame(100, 80), (130, 120, 10, 50), most=most) == stays
