"""Rows that touch are parted where the digits beside them say that the rows run."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from digits import apart, ink, layout
from digits.apart import ApartParameters, Rows
from digits.components import Box
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


# Digits and rows made by hand: 40 pixels high, unless they say otherwise


def row(y: float, *lefts: int, rise: float = 0.0) -> np.ndarray:
    return np.array([(x, y + rise * x, 20, 40) for x in lefts], np.float64)


def known(*found: np.ndarray) -> Rows:
    extents = [layout.union([tuple(box) for box in each.tolist()]) for each in found]
    return Rows(40.0, found, np.array(extents, np.float64))


def through(rows: Rows, box: Box, **parameters: float) -> list[float]:
    """Where the middles of the rows are, in a piece's middle column, that it reaches through."""
    bands = rows.through(box, ApartParameters(**parameters))
    return [float(band[0, box[2] // 2] + band[1, box[2] // 2] / 2) for band in bands]


TWO = (row(0, 100, 140, 180), row(60, 100, 140, 180))


def test_what_is_too_tall_for_a_digit_tells_no_row():
    tall = np.array([(60, 0, 20, 100)], np.float64)
    found = Rows.of(np.concatenate([*TWO, tall]), ApartParameters(), RowsParameters())

    assert found.height == 40
    assert [box[:, 1].tolist() for box in found.boxes] == [[0, 0, 0], [60, 60, 60]]
    assert found.extents.tolist() == [[100, 0, 100, 40], [100, 60, 100, 40]]


@pytest.mark.parametrize(("count", "rows"), [(5, 2), (4, 0)])
def test_few_digits_tell_no_rows(count: int, rows: int):
    boxes = np.concatenate(TWO)[[0, 3, 1, 4, 2][:count]]
    found = page((0, 1))
    parameters = ApartParameters()

    assert len(Rows.of(boxes, parameters, RowsParameters()).boxes) == rows
    assert apart.any_tall(found, boxes, parameters) == (rows > 0)
    assert not apart.any_tall(page(), boxes, parameters)


@pytest.mark.parametrize(
    ("box", "middles"),
    [
        ((120, 10, 10, 80), [20, 80]),
        ((120, 10, 10, 55), []),  # not tall enough
        ((120, 15, 10, 75), [80]),  # hardly begins in the first
        ((120, 10, 10, 76), [20]),  # hardly ends in the second
        ((70, 10, 10, 80), [20, 80]),
        ((519, 10, 10, 80), [20, 80]),
        ((521, 10, 10, 80), []),  # eight heights beside them
    ],
)
def test_a_piece_reaches_through_the_rows_that_it_goes_well_into(box, middles):
    assert through(known(*TWO), box) == middles


def test_a_piece_far_left_of_the_rows_is_beside_them():
    rows = known(row(0, 500), row(60, 500))

    assert through(rows, (171, 10, 10, 80)) == [20, 80]
    assert through(rows, (169, 10, 10, 80)) == []


@pytest.mark.parametrize(("pitch", "middles"), [(24, [20, 44]), (23, [20])])
def test_what_is_hardly_lower_is_of_the_same_row(pitch: int, middles: list[int]):
    rows = known(row(0, 100, 140), row(pitch, 100, 140))

    assert through(rows, (120, 0, 10, 100)) == middles


def test_rows_are_where_they_are_beside_the_piece():
    """The first one is higher on the whole, and lower there."""
    falling, level = row(0, 0, 400, rise=0.5), row(100, 0, 400)

    assert through(known(falling, level), (405, 80, 10, 180)) == [120, 220]
    assert through(known(falling), (205, 80, 10, 80)) == [120]


def test_a_tall_digit_in_one_row_is_not_two():
    found, rows = pieces_of((120, 10, 10, 60), (120, 110, 10, 80)), known(*TWO)

    assert through(rows, (120, 10, 10, 60)) == [20]
    assert apart.stacked(found, {0, 1}, rows, ApartParameters()) == set()


def pieces_of(*boxes: Box, white: tuple[Box, ...] = ()) -> Layout:
    """Boxes full of ink but for what is white."""
    labels = np.zeros((300, 600), np.int16)
    for label, box in enumerate(boxes, start=1):
        labels[layout.window(box)] = label
    for box in white:
        labels[layout.window(box)] = 0
    pieces = [Piece(label, box) for label, box in enumerate(boxes, start=1)]
    return layout.in_lines(labels, pieces, LayoutParameters())


def cut_of(found: Layout, rows: Rows, sure: tuple[int, ...] = (), **parameters: float) -> Layout:
    return apart.part(
        found,
        sure,
        rows,
        ApartParameters(**parameters),
        LayoutParameters(),
        layout.labels_after(found),
    )


def boxes_of(found: Layout) -> list[Box]:
    return sorted(each.box for each in found.candidates)


def test_parts_are_known_as_such():
    found = pieces_of((120, 10, 60, 80), (300, 60, 20, 40))

    parted = cut_of(found, known(*TWO))

    indices = range(len(parted.candidates))
    assert boxes_of(parted) == [(120, 10, 60, 40), (120, 50, 60, 40), (300, 60, 20, 40)]
    assert {parted.piece(index).parted for index in indices if parted.piece(index).box[0] == 120}
    assert [piece.parted for line in parted.lines for piece in line].count(True) == 2


@pytest.mark.parametrize(
    ("gaps", "begins", "parameters"),
    [
        ((), 50, {}),  # half-way between the one's feet and the other's heads
        (((44, 2),), 46, {}),
        (((44, 2),), 50, {"pull": 20.0}),
        (((44, 2),), 50, {"price": 0.1}),
        (((33, 2),), 35, {"pull": 0.5}),  # no farther than half of their distance and ``slack``
        (((25, 2),), 50, {"pull": 0.5}),
        (((35, 2), (44, 2)), 46, {}),  # the nearer one
    ],
)
def test_a_piece_is_cut_where_it_is_thin_near_the_middle_between_rows(gaps, begins, parameters):
    """Gaps across it but for three pixels: where they begin, and how many pixels they have; and
    where on the right the lower part begins."""
    white = tuple((123, y, 57, height) for y, height in gaps)
    found = pieces_of((120, 10, 60, 80), white=white)

    parted = cut_of(found, known(*TWO), **parameters)

    assert len(parted.candidates) == 2
    [*_, lowest] = parted.labels[:, 179][parted.labels[:, 179] > 0]
    assert np.flatnonzero(parted.labels[:, 179] == lowest)[0] == begins


def test_what_is_cut_off_and_smaller_than_any_piece_is_left_out():
    """A hook that ends right below the edge."""
    white = ((140, 30, 40, 60), (123, 48, 17, 4))
    found = pieces_of((120, 10, 60, 80), white=white)
    found.labels[30:52, 150:155] = 1

    parted = cut_of(found, known(*TWO), price=0.0)

    assert boxes_of(parted) == [(120, 10, 60, 40), (120, 50, 20, 40)]


def test_no_more_is_cut_at_once_than_a_share_of_the_picture():
    found = pieces_of((120, 10, 60, 80), (220, 10, 60, 80), (320, 10, 60, 80))

    assert len(cut_of(found, known(*TWO), most=120 / 600).candidates) == 5
    assert len(cut_of(found, known(*TWO), most=119 / 600).candidates) == 4


def test_there_is_room_for_the_parts_of_all_pieces_together():
    found = page((0, 0), (0, 2))

    parted = parted_of(found, low(found), of_layout=LayoutParameters(most_pieces=12))

    assert len(found.candidates) == 10
    assert len(parted.candidates) == 11


@pytest.mark.parametrize(("height", "alone"), [(71, False), (73, True)])
def test_what_stays_much_taller_than_the_digits_is_in_a_line_of_its_own(height: int, alone: bool):
    digits = [(x, y, 20, 40) for y in (0, 60) for x in (100, 140, 180)]
    found = pieces_of(*digits, (220, 14, 10, height), (240, 70, 10, 20))

    parted = cut_of(found, known(*TWO), sure=tuple(range(len(found.candidates))))

    lines = [[piece.box[3] for piece in line] for line in parted.lines]
    assert ([height] in lines) == alone
    assert sorted(map(len, lines)) == ([1, 3, 4] if alone else [8])


@pytest.mark.parametrize(("bit", "counts"), [(19, True), (21, False)])
def test_a_mere_bit_of_a_digit_that_is_several_need_not_be_one(bit: int, counts: bool):
    whole = pieces_of((100, 0, 20, 100))
    parted = pieces_of((100, 0, 20, 30), (100, 35, 20, 100 - bit - 37), (100, 100 - bit, 20, bit))
    sure = {index for index, each in enumerate(parted.candidates) if each.box[3] != bit}

    assert len(sure) == 2
    assert apart.all_digits(whole, 0, parted, sure, ApartParameters()) == counts
