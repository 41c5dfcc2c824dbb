"""Digits are read row by row, whatever the rows look like."""

from __future__ import annotations

import pytest

from digits import rows


def row_of(count: int, *, x: int = 0, y: float = 0, rise: float = 0, step: int = 40):
    return [(x + step * place, round(y + rise * place), 20, 30) for place in range(count)]


def test_no_digits_no_rows():
    assert rows.arrange([]) == []


def test_rows_go_from_the_top_and_digits_from_the_left():
    boxes = [(80, 100, 20, 30), (0, 100, 20, 30), (40, 0, 20, 30), (0, 0, 20, 30)]

    assert rows.arrange(boxes) == [[3, 2], [1, 0]]


@pytest.mark.parametrize("rise", [-6, -3, 3, 6])
def test_close_rows_that_rise_stay_apart(rise):
    first = row_of(12, y=200, rise=rise)
    second = row_of(12, y=240, rise=rise)

    assert rows.arrange(first + second) == [list(range(12)), list(range(12, 24))]


def test_a_curved_row_is_one_row():
    boxes = [(40 * place, round(0.9 * (place - 8) ** 2), 20, 30) for place in range(17)]

    assert rows.arrange(boxes) == [list(range(17))]


def test_a_wide_gap_is_bridged_along_the_slope():
    left = row_of(5, rise=5)
    right = row_of(4, x=900, y=5 * 900 / 40, rise=5)

    assert rows.arrange(left + right) == [list(range(9))]


def test_a_missing_digit_does_not_send_a_row_into_the_next():
    first = row_of(10)
    second = row_of(10, y=40)
    del first[4]

    assert rows.arrange(first + second) == [list(range(9)), list(range(9, 19))]


def test_rows_of_different_sizes():
    large = [(0, 0, 60, 90), (80, 0, 60, 90), (160, 5, 60, 90)]
    small = row_of(5, y=120)

    assert rows.arrange(large + small) == [[0, 1, 2], [3, 4, 5, 6, 7]]


def test_staggered_rows():
    boxes = [*row_of(3, x=0), *row_of(3, x=60, y=60), *row_of(3, x=10, y=120)]

    assert rows.arrange(boxes) == [[0, 1, 2], [3, 4, 5], [6, 7, 8]]
