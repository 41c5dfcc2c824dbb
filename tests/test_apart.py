"""Rows that touch are parted where the digits beside them say that the rows run."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from digits import apart, ink, layout
from digits.apart import ApartParameters, Rows
from digits.layout import Layout, LayoutParameters, Piece
from digits.rows import RowsParameters

ROWS = (60, 110, 160)
COLUMNS = (60, 120, 180, 240)
RADIUS = 20


def page(*joints: tuple[int, int], lost: tuple[tuple[int, int], ...] = ()) -> Layout:
    """Three rows of four rings; a joint connects the ring at (row, column) with the one below."""
    grey = np.full((220, 300), 255, np.uint8)
    for row, y in enumerate(ROWS):
        for column, x in enumerate(COLUMNS):
            if (row, column) not in lost:
                cv2.ellipse(grey, (x, y), (13, RADIUS), 0, 0, 360, (0,), 4, cv2.LINE_AA)
    for row, column in joints:
        x, y = COLUMNS[column], ROWS[row]
        cv2.line(grey, (x, y + RADIUS), (x, ROWS[row + 1] - RADIUS), (0,), 4)
    return layout.pieces(ink.extract(grey))


def low(found: Layout) -> set[int]:
    """The rings that touch no other: what the network would be sure of."""
    return {i for i, each in enumerate(found.candidates) if each.box[3] < 3 * RADIUS}


def parted_of(
    found: Layout,
    sure: set[int],
    parameters: ApartParameters | None = None,
    of_layout: LayoutParameters | None = None,
) -> Layout:
    parameters = parameters or ApartParameters()
    return apart.part(
        found,
        sure,
        rows_of(found, sure, parameters),
        parameters,
        of_layout or LayoutParameters(),
        layout.labels_after(found),
    )


def rows_of(found: Layout, sure: set[int], parameters: ApartParameters) -> Rows:
    boxes = [found.candidates[index].box for index in sorted(sure)]
    return Rows.of(np.array(boxes, float).reshape(-1, 4), parameters, RowsParameters())


def stacked(found: Layout, sure: set[int]) -> set[int]:
    parameters = ApartParameters()
    return apart.stacked(found, sure, rows_of(found, sure, parameters), parameters)


def heights(found: Layout) -> list[int]:
    return sorted(candidate.box[3] for candidate in found.candidates)


def test_two_rows_that_touch_once_are_one_line_until_they_are_parted():
    found = page((0, 1))

    parted = parted_of(found, low(found))

    assert [len(line) for line in found.lines] != [4, 4, 4]
    assert [len(line) for line in parted.lines] == [4, 4, 4]
    assert max(heights(parted)) < 3 * RADIUS


def test_a_piece_through_three_rows_is_cut_twice():
    found = page((0, 2), (1, 2), (0, 0))

    parted = parted_of(found, low(found))

    assert [len(line) for line in parted.lines] == [4, 4, 4]


def test_the_parts_are_labelled_anew_and_nothing_else_is():
    found = page((1, 3))
    before = found.labels.copy()

    parted = parted_of(found, low(found))

    assert np.array_equal(found.labels, before)
    assert np.array_equal(parted.labels > 0, before > 0)
    [whole] = [each for each in found.candidates if each.box[3] > 3 * RADIUS]
    others = (before > 0) & (before != whole.labels[0])
    assert np.array_equal(parted.labels[others], before[others])
    used = [label for each in parted.candidates for label in each.labels]
    assert len(set(used)) == len(used) == 12


@pytest.mark.parametrize("joints", [(), ((0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (1, 3), (0, 3))])
def test_without_need_or_without_enough_known_digits_nothing_is_parted(
    joints: tuple[tuple[int, int], ...],
):
    found = page(*joints)

    assert heights(parted_of(found, low(found))) == heights(found)


@pytest.mark.parametrize(("most", "whole"), [(13, False), (12, True)])
def test_a_piece_of_more_parts_than_there_is_room_for_stays_whole(most: int, whole: bool):
    found = page((0, 1))

    parted = parted_of(found, low(found), of_layout=LayoutParameters(most_pieces=most))

    assert len(found.candidates) == 11  # of which one would be two
    assert (max(heights(parted)) > 3 * RADIUS) == whole


def test_a_tall_piece_beside_one_row_stays_whole():
    found = page((0, 1), lost=tuple((1, column) for column in (0, 2, 3)))
    sure = {i for i in low(found) if found.candidates[i].box[1] < ROWS[1]}

    parted = parted_of(found, sure, ApartParameters(least_known=2))

    assert max(heights(parted)) > 3 * RADIUS


def test_a_digit_that_is_two_is_known_by_the_rows_beside_it():
    found = page((0, 1))
    [tall] = set(range(len(found.candidates))) - low(found)
    everything = low(found) | {tall}

    assert stacked(found, everything) == {tall}
    assert stacked(found, low(found)) == set()
    assert max(heights(parted_of(found, everything))) > 3 * RADIUS


def test_it_counts_as_two_only_if_both_are_digits():
    found = page((0, 1))
    [tall] = set(range(len(found.candidates))) - low(found)
    parted = parted_of(found, low(found))
    everything = set(range(len(parted.candidates)))
    parts = [
        index
        for index, each in enumerate(parted.candidates)
        if each.labels[0] not in {label for i in low(found) for label in found.candidates[i].labels}
    ]

    def counts(parted: Layout, sure: set[int]) -> bool:
        return apart.all_digits(found, tall, parted, sure, ApartParameters())

    assert len(parts) == 2
    assert counts(parted, everything)
    assert not counts(parted, everything - {parts[0]})
    assert not counts(found, everything)


def test_edges_between_rows_may_be_the_same_line():
    """Three rows, the middle one of small digits, and a piece with a gap of a pixel across it."""
    labels, pieces = np.zeros((220, 500), np.int16), []

    def add(x: int, y: int, width: int, height: int) -> None:
        label = len(pieces) + 1
        labels[y : y + height, x : x + width] = label
        pieces.append(Piece(label, (x, y, width, height)))

    for x in (20, 60, 100, 400, 440):
        add(x, 20, 24, 40)
        add(x, 100, 24, 40)
        add(x, 70, 15, 20)
    add(200, 25, 60, 110)
    labels[80, 200:259] = 0
    found = layout.in_lines(labels, pieces, LayoutParameters())
    sure = {i for i, each in enumerate(found.candidates) if each.labels[0] != len(pieces)}
    parameters = ApartParameters()
    boxes = np.array([found.candidates[i].box for i in sorted(sure)], np.float64)
    known = Rows.of(boxes, parameters, RowsParameters())
    new_labels = layout.labels_after(found)
    parted = apart.part(found, sure, known, parameters, LayoutParameters(), new_labels)
    assert len(parted.candidates) > len(found.candidates)
