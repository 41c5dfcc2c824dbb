"""Digits are read row by row, whatever the rows look like."""

from __future__ import annotations

import pytest

from digits import rows
from digits.components import Box


def row_of(
    count: int, *, x: int = 0, y: float = 0, rise: float = 0, step: int = 40, height: int = 30
) -> list[Box]:
    return [(x + step * place, round(y + rise * place), 20, height) for place in range(count)]


def digits(*places: tuple[int, int]) -> list[Box]:
    return [(x, y, 20, 30) for x, y in places]


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


@pytest.mark.parametrize(
    ("one", "other", "together"),
    [
        ((0, 0, 20, 30), (40, 18, 20, 30), True),
        ((0, 0, 20, 30), (40, 19, 20, 30), False),
        ((0, 0, 40, 60), (60, 52, 15, 20), True),  # of the lower one's height
        ((0, 0, 40, 60), (60, 53, 15, 20), False),
    ],
)
def test_neighbours_share_two_fifths_of_the_lower_ones_height(one, other, together):
    assert rows.arrange([one, other]) == ([[0, 1]] if together else [[0], [1]])


@pytest.mark.parametrize(
    ("boxes", "found"),
    [
        # The digit between two of a row is one of them if it is hardly lower, by thrice of that.
        (digits((0, 0), (40, 6), (80, 0)), [[0, 1, 2]]),
        (digits((0, 0), (40, 15), (80, 0)), [[0, 2], [1]]),
        # It is its middle that counts.
        ([(0, 0, 20, 30), (40, -15, 20, 60), (80, 0, 20, 30)], [[0, 1, 2]]),
    ],
)
def test_the_nearest_is_the_neighbour_and_lower_is_farther(boxes, found):
    assert rows.arrange(boxes) == found


def test_neighbours_are_each_others_nearest():
    """The first one's nearest is the last, whose nearest is the second."""
    assert rows.arrange(digits((0, 0), (40, 10), (60, 0))) == [[0, 1, 2]]


@pytest.mark.parametrize(("left", "found"), [(12, [[0, 1, 2]]), (8, [[0], [1, 2]])])
def test_a_chain_begins_right_of_the_one_that_it_continues(left, found):
    """By the middle of its first digit."""
    assert rows.arrange(digits((0, 0), (left, 16), (left + 20, 8))) == found


def rising(miss: float, *, height: int = 30, rise: float = 5) -> list[list[int]]:
    """What five digits that rise and three far right of them, which miss their line, are."""
    middle = 5 * 900 / 40 + 15 + miss
    right = row_of(3, x=900, y=middle - height / 2, rise=rise, height=height)
    return rows.arrange(row_of(5, rise=5) + right)


@pytest.mark.parametrize(
    ("miss", "height", "together"),
    [
        (12.5, 30, True),
        (14.5, 30, False),
        (8, 13, True),  # of the higher digit's height
        (0, 11, False),  # which is much higher
    ],
)
def test_a_chain_that_is_missed_by_more_than_half_a_digit_is_another_row(miss, height, together):
    assert (len(rising(miss, height=height)) == 1) == together


def test_a_row_goes_on_if_either_part_leads_to_the_other():
    far = row_of(4, x=900, y=5 * 900 / 40)  # level
    assert len(rows.arrange(row_of(5, rise=5) + far)) == 1

    level = row_of(4, y=0)
    far = row_of(5, x=900, y=5 * 780 / 40, rise=5)
    assert len(rows.arrange(level + far)) == 1
    assert len(rows.arrange(level + row_of(5, x=900, y=100, rise=-5))) == 2


def bent(x: int, *rises: int) -> list[Box]:
    y, boxes = 0, []
    for place, rise in enumerate(rises):
        boxes.append((x + 40 * place, y, 20, 30))
        y += rise
    return boxes


def test_only_the_end_of_a_row_says_where_it_goes_on():
    up_at_last = bent(0, *[0] * 6, *[10] * 6)
    assert rows.arrange([*up_at_last, (840, 160, 20, 30)]) == [list(range(13))]
    assert len(rows.arrange([*up_at_last, (840, 0, 20, 30)])) == 2

    up_at_first = bent(840, *[10] * 5, *[0] * 7)
    assert rows.arrange([*up_at_first, (440, -100, 20, 30)]) == [[12, *range(12)]]


def test_two_digits_tell_no_slope():
    assert len(rows.arrange(digits((0, 0), (40, 10), (400, 105)))) == 2


def test_of_two_rows_the_one_that_fits_better_goes_on():
    left, y = row_of(5, rise=5), 5 * 900 / 40
    close, closer = row_of(3, x=900, y=y + 12, rise=5), row_of(3, x=900, y=y - 3, rise=5)

    assert rows.arrange(left + close + closer) == [[0, 1, 2, 3, 4, 8, 9, 10], [5, 6, 7]]


def test_a_row_is_where_its_digits_are_on_average():
    long, short = row_of(12, y=200, rise=6), row_of(3, y=240, rise=6)

    assert rows.arrange(short + long) == [list(range(3, 15)), [0, 1, 2]]
