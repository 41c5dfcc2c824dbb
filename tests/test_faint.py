"""What is much fainter or finer than the digits is told from what is written with another pen."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from digits import faint
from digits.components import Box
from digits.faint import FaintParameters
from digits.layout import Layout, LayoutParameters, Piece, in_lines

Mark = tuple[int, int, int]
"""Left and top of a mark 20 pixels wide and 30 high, and its strength."""


def marked(*marks: tuple[Box, int]) -> tuple[Layout, np.ndarray]:
    """Marks that fill their boxes with such a strength, in lines, and the strength of it all."""
    labels = np.zeros((200, 400), np.int16)
    strength = np.full(labels.shape, 3, np.uint8)
    pieces = []
    for label, (box, strong) in enumerate(marks, start=1):
        left, top, width, height = box
        own = (slice(top, top + height), slice(left, left + width))
        labels[own], strength[own] = label, strong
        pieces.append(Piece(label, box))
    return in_lines(labels, pieces, LayoutParameters()), strength


def page(*marks: Mark) -> tuple[Layout, np.ndarray]:
    return marked(*(((left, top, 20, 30), strong) for left, top, strong in marks))


def beside(*marks: Mark, sure: set[int]) -> list[int]:
    return faint.beside(*page(*marks), sure, FaintParameters())


@pytest.mark.parametrize(("strong", "found"), [(60, [2]), (80, [])])
def test_a_piece_is_faint_by_the_strength_of_the_digits(strong, found):
    assert beside((10, 10, 200), (50, 10, 220), (90, 10, strong), sure={0, 1}) == found


def test_where_nothing_is_a_digit_nothing_is_faint():
    assert beside((10, 10, 200), (50, 10, 20), sure=set()) == []


def test_a_row_in_a_paler_pen_is_held_against_itself():
    bold = [(10, 10, 240), (50, 10, 240)]
    pale = [(10, 100, 90), (50, 100, 70), (90, 100, 20)]

    assert beside(*bold, *pale, sure={0, 1, 2}) == [4]
    assert beside(*bold, *pale, sure={0, 1}) == [3, 4]


def test_what_is_not_sure_to_be_a_digit_is_no_measure():
    assert beside((10, 10, 80), (50, 10, 90), (90, 10, 250), sure={0, 1}) == []


def test_edges_and_what_is_not_its_own_do_not_count():
    layout, strength = page((10, 10, 200), (50, 10, 40), (90, 10, 200))
    strength[10:40, 10:24] = 30  # the edges of a fine pen
    strength[10:12, 50:70] = 255  # a few strong pixels of what is pale
    layout.labels[30:40, 50:70] = 9  # other ink in its box
    strength[30:40, 50:70] = 255

    assert faint.beside(layout, strength, {0, 2}, FaintParameters()) == [1]


@pytest.mark.parametrize(("height", "found"), [(20, []), (30, [0, 1])])
def test_a_mark_much_lower_than_the_digits_is_no_measure_either(height, found):
    low = [((110 + 20 * place, 30, 10, height), 255) for place in range(4)]
    layout, strength = marked(((10, 10, 40, 60), 80), ((60, 10, 40, 60), 80), *low)
    sure = set(range(6))

    assert faint.beside(layout, strength, sure, FaintParameters(finest=0.0)) == found


def test_one_digit_much_stronger_than_the_others_is_no_measure():
    strong = [100] * 10 + [255, 40]
    marks = [(5 + 30 * place, 10, each) for place, each in enumerate(strong)]

    assert beside(*marks, sure=set(range(11))) == []


def test_a_row_of_what_is_faint_for_the_page_is_not_held_against_itself():
    bold = [(10, 10, 240), (50, 10, 240)]

    assert beside(*bold, (10, 100, 70), (50, 100, 60), sure={0, 1, 2, 3}) == [2, 3]


def test_what_is_near_to_something_faint_is_no_part_of_a_digit():
    digit, pale = ((10, 10, 20, 40), 200), ((100, 10, 20, 40), 40)
    layout, strength = marked(digit, pale, ((124, 10, 12, 2), 200))

    assert faint.beside(layout, strength, {0}, FaintParameters()) == [1, 2]


def test_how_near_is_told_by_the_usual_digit():
    usual = [((10, 50, 20, 40), 200), ((40, 50, 20, 40), 200), ((250, 20, 20, 80), 200)]
    layout, strength = marked(*usual, ((72, 60, 12, 2), 200))

    assert faint.beside(layout, strength, {0, 1, 3}, FaintParameters()) == [2]


def strokes(*widths: int, length: int = 40, apart: int = 200) -> tuple[Layout, np.ndarray]:
    """Upright strokes of equal strength, two in a row, rows ``apart``."""
    return marked(
        *(
            ((10 + 60 * (place % 2), 10 + apart * (place // 2), width, length), 200)
            for place, width in enumerate(widths)
        )
    )


@pytest.mark.parametrize(("width", "found"), [(2, [1]), (3, []), (8, []), (30, [])])
def test_a_piece_is_fine_by_the_width_of_the_digits_strokes(width, found):
    layout, strength = strokes(8, width)

    assert faint.beside(layout, strength, {0}, FaintParameters()) == found


def test_a_row_with_a_finer_pen_is_held_against_itself():
    layout, strength = strokes(10, 10, 4, 3, length=30, apart=100)

    assert faint.beside(layout, strength, {0, 1}, FaintParameters()) == [3]
    assert faint.beside(layout, strength, {0, 1, 2}, FaintParameters()) == []


def test_a_row_of_what_is_fine_for_the_page_is_not_held_against_itself():
    layout, strength = strokes(10, 10, 10, 10, 3, 3, length=30, apart=60)

    assert faint.beside(layout, strength, set(range(6)), FaintParameters()) == [4, 5]


def test_the_width_that_counts_is_the_usual_one():
    marks = [((10 + 50 * place, 10, width, 40), 200) for place, width in enumerate((8, 8, 30, 4))]
    layout, strength = marked(*marks)

    assert faint.beside(layout, strength, {0, 1, 2}, FaintParameters()) == []


@pytest.mark.parametrize(
    ("last", "legible", "found"),
    [
        ((260, 20, 2, 60), set(), [2, 3, 4]),
        ((260, 20, 2, 60), {2}, [4]),
        ((260, 20, 3, 16), {2}, []),  # as broad as so small a hand would write
        ((240, 40, 60, 3), {2}, [4]),  # as long as a digit is high
        ((260, 120, 4, 40), {2}, [4]),  # on another line
    ],
)
def test_where_a_fine_digit_is_another_pen_has_written(last, legible, found):
    large = [((10, 10, 20, 60), 200), ((50, 10, 20, 60), 200)]
    layout, strength = marked(*large, ((110, 20, 4, 40), 200), ((180, 20, 4, 40), 200), (last, 200))
    seen = faint.beside(layout, strength, {0, 1, 2, 3}, FaintParameters(), legible=legible)
    assert seen == found


def test_a_fine_digit_that_is_pale_as_well_is_no_other_pens():
    large = [((10, 10, 20, 60), 200), ((50, 10, 20, 60), 200)]
    layout, strength = marked(*large, ((110, 20, 4, 40), 50), ((180, 20, 4, 40), 200))

    seen = faint.beside(layout, strength, {0, 1, 2, 3}, FaintParameters(), legible={2})

    assert seen == [2, 3]


@pytest.mark.parametrize(
    ("box", "found"),
    [
        ((84, 60, 12, 2), False),
        ((44, 60, 12, 2), False),
        ((62, 54, 12, 2), False),
        ((62, 104, 12, 2), False),
        ((89, 60, 12, 2), True),  # too far
        ((39, 60, 12, 2), True),
        ((62, 49, 12, 2), True),
        ((84, 60, 2, 33), True),  # too high
        ((84, 60, 33, 2), True),  # too wide
    ],
)
def test_what_is_fine_may_be_part_of_a_digit_that_it_is_near(box, found):
    layout, strength = marked(((60, 60, 20, 40), 200), (box, 200))
    sure = {index for index, each in enumerate(layout.candidates) if each.box != box}

    assert bool(faint.beside(layout, strength, sure, FaintParameters())) == found


@pytest.mark.parametrize("angle", [0, 30, 45, 90])
def test_strokes_are_as_wide_at_any_angle(angle):
    grey = np.zeros((200, 200), np.uint8)
    end = 60 * np.exp(1j * np.deg2rad(angle))
    ends = [(round(100 + sign * end.real), round(100 + sign * end.imag)) for sign in (-1, 1)]
    cv2.line(grey, *ends, (1,), 9)
    here = grey.view(np.bool_)

    assert np.count_nonzero(here) / faint._length(here) == pytest.approx(9, rel=0.25)
