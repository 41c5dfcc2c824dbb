"""Pieces of ink become lines and candidates."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from digits import ink, layout
from digits.components import Box
from digits.layout import Layout, LayoutParameters, Piece
from digits.parameters import Parameters


def found(grey: np.ndarray) -> layout.Layout:
    return layout.find(ink.extract(grey))


def sheet(height: int = 300, width: int = 600) -> np.ndarray:
    return np.full((height, width), 255, np.uint8)


def ring(grey: np.ndarray, x: int, y: int, radius: int = 22) -> None:
    cv2.ellipse(grey, (x, y), (radius * 2 // 3, radius), 0, 0, 360, (0,), 4, cv2.LINE_AA)


def test_nothing_on_blank_paper():
    assert found(sheet()).candidates == ()


def test_two_rows_are_two_lines_in_reading_order():
    grey = sheet()
    for x in (400, 100, 250):
        ring(grey, x, 80)
        ring(grey, x + 20, 200)

    lines = found(grey).lines

    assert [len(line) for line in lines] == [3, 3]
    assert lines[0][0].middle[1] < lines[1][0].middle[1]
    for line in lines:
        middles = [piece.middle[0] for piece in line]
        assert middles == sorted(middles)


def test_a_line_that_rises_stays_one_line():
    grey = sheet(400, 900)
    for step in range(9):
        ring(grey, 60 + 95 * step, 300 - 22 * step)

    assert [len(line) for line in found(grey).lines] == [9]


def test_a_wide_gap_does_not_end_a_line():
    grey = sheet(200, 1000)
    for x in (60, 120, 900):
        ring(grey, x, 100)

    assert [len(line) for line in found(grey).lines] == [3]


def test_a_bar_apart_from_its_digit_may_join_it():
    grey = sheet()
    cv2.line(grey, (100, 80), (140, 80), (0,), 5)
    cv2.ellipse(grey, (115, 130), (25, 30), 0, -90, 150, (0,), 5)
    cv2.line(grey, (102, 90), (98, 108), (0,), 5)

    layouts = found(grey)

    everything = layout.union([piece.box for line in layouts.lines for piece in line])
    assert any(candidate.box == everything for candidate in layouts.candidates)


def test_touching_rings_may_be_cut_between_them():
    grey = sheet(200, 300)
    ring(grey, 100, 100, 40)
    ring(grey, 152, 100, 40)

    layouts = found(grey)

    boxes = [candidate.box for candidate in layouts.candidates]
    assert any(box[2] > 90 for box in boxes)
    assert any(box[0] < 90 and abs(box[0] + box[2] - 126) <= 12 for box in boxes)
    assert any(abs(box[0] - 126) <= 12 and box[0] + box[2] > 170 for box in boxes)


def test_only_what_is_doubted_is_cut():
    grey = sheet()
    ring(grey, 100, 100)
    ring(grey, 127, 100)
    pieces = layout.pieces(ink.extract(grey))
    before = pieces.labels.copy()

    trusted, doubted = layout.arrange(pieces, []), layout.arrange(pieces, [0])

    assert [len(line) for line in trusted.lines] == [1]
    assert len(doubted.lines[0]) > 1
    assert (pieces.labels == before).all()
    assert (doubted.labels > 0).sum() == (before > 0).sum()


def test_a_piece_wider_than_its_lower_neighbours_are_high_may_be_a_digit():
    grey = sheet()
    for x in (60, 120, 180, 340, 400):
        ring(grey, x, 150, 18)
    cv2.ellipse(grey, (260, 150), (36, 26), 0, 0, 360, (0,), 5)
    pieces = layout.pieces(ink.extract(grey))
    wide = max((candidate.box for candidate in pieces.candidates), key=lambda box: box[2])
    assert wide[2] > LayoutParameters().join_width * pieces.heights[0]

    assert wide in [candidate.box for candidate in layout.arrange(pieces, []).candidates]


def test_lines_of_two_arrangements_go_together():
    grey = sheet(300, 300)
    for y in (80, 220):
        ring(grey, 100, y)
        ring(grey, 127, y)
    pieces = layout.pieces(ink.extract(grey))
    new_labels = layout.labels_after(pieces)
    one = layout.arrange(pieces, [0, 1], None, new_labels)
    other = layout.arrange(pieces, [0, 1], None, new_labels, touching=True)

    both = layout.exchange(one, other, {1})

    assert both.lines == (one.lines[0], other.lines[1])
    assert {each.labels for each in both.candidates if each.line == 0} == {
        each.labels for each in one.candidates if each.line == 0
    }
    for line in both.lines:
        for piece in line:
            x, y, width, height = piece.box
            assert (both.labels[y : y + height, x : x + width] == piece.label).any()
    assert ((both.labels > 0) == (pieces.labels > 0)).all()


def test_dust_is_no_piece():
    grey = sheet()
    ring(grey, 150, 150, 60)
    grey[20:23, 20:23] = 0

    assert [len(line) for line in found(grey).lines] == [1]


def test_a_page_of_specks_is_bounded():
    rng = np.random.default_rng(1)
    grey = np.where(rng.random((900, 1200)) < 0.08, 0, 255).astype(np.uint8)
    parameters = LayoutParameters()

    candidates = layout.find(ink.extract(grey), parameters).candidates

    assert len(candidates) <= parameters.most_candidates


def test_a_single_digit_takes_all_its_pieces():
    grey = sheet(200, 200)
    cv2.line(grey, (60, 50), (140, 50), (0,), 8)
    cv2.line(grey, (60, 80), (60, 150), (0,), 8)

    candidates = layout.find_single(ink.extract(grey)).candidates

    assert candidates[0].box[2] >= 80
    assert candidates[0].box[3] >= 100


def test_a_single_digit_may_be_any_of_the_large_pieces_with_or_without_the_rest():
    grey = sheet(200, 200)
    cv2.line(grey, (60, 50), (140, 50), (0,), 8)
    cv2.line(grey, (60, 80), (60, 150), (0,), 8)
    for x in (100, 130):
        cv2.circle(grey, (x, 120), 12, (0,), cv2.FILLED)

    candidates = layout.find_single(ink.extract(grey)).candidates

    assert len({each.labels for each in candidates}) == 7
    assert sorted(len(each.labels) for each in candidates) == [1, 1, 2, 2, 3, 3, 4]


def test_a_speck_between_two_rows_belongs_to_one_of_them():
    grey = sheet()
    for x in (100, 200, 300):
        ring(grey, x, 80)
        ring(grey, x, 142)
    cv2.circle(grey, (100, 110), 3, (0,), cv2.FILLED)

    assert sorted(len(line) for line in found(grey).lines) == [3, 4]


def test_what_is_taller_than_any_digit_is_in_lines_of_its_own():
    grey = sheet()
    for x in (100, 300):
        ring(grey, x, 80)
        ring(grey, x, 160)
    ring(grey, 200, 120, radius=60)
    pieces = layout.pieces(ink.extract(grey))
    in_lines = [piece for line in pieces.lines for piece in line]

    told = layout.in_lines(pieces.labels, in_lines, LayoutParameters(), tallest=80)

    assert sorted(len(line) for line in pieces.lines) == [1, 4]
    assert sorted(len(line) for line in told.lines) == [1, 2, 2]


def test_a_number_of_tall_digits_is_a_line():
    grey = sheet()
    for x in (60, 100, 140, 180, 220):
        ring(grey, x, 40, radius=12)
    for x in (100, 250):
        ring(grey, x, 160, radius=60)
    pieces = layout.pieces(ink.extract(grey))
    in_lines = [piece for line in pieces.lines for piece in line]

    told = layout.in_lines(pieces.labels, in_lines, LayoutParameters(), tallest=50)

    assert [len(line) for line in told.lines] == [5, 2]


def test_no_picture_has_more_pieces_than_there_are_labels():
    labels = layout.pieces(ink.extract(sheet())).labels
    parameters = Parameters()

    assert np.iinfo(labels.dtype).max == layout.MOST_LABELS
    assert parameters.layout.most_labels(2 * parameters.apart.rounds) <= layout.MOST_LABELS


def test_of_a_line_of_clutter_no_more_is_joined_than_is_asked_for(monkeypatch):
    bars = [Piece(label, (4 * label, 10, 2, 30)) for label in range(1, 200)]
    labels = np.zeros((60, 900), np.int16)
    for piece in bars:
        x, y, width, height = piece.box
        labels[y : y + height, x : x + width] = piece.label
    line = layout.in_lines(labels, bars, LayoutParameters())
    joined = []
    union = layout.union
    monkeypatch.setattr(layout, "union", lambda boxes: joined.append(len(boxes)) or union(boxes))

    everything = layout.arrange(line, ()).candidates
    in_all = len(joined)
    few = layout.arrange(line, (), LayoutParameters(most_candidates=15)).candidates

    assert len(everything) == 1500
    assert few == everything[:15]
    assert len(joined) - in_all < 60 < in_all


def test_pieces_that_are_dropped_leave_the_others_in_lines():
    mask = np.zeros((120, 300), np.uint8)
    for left in (20, 120, 220):
        cv2.rectangle(mask, (left, 30), (left + 20, 90), (1,), -1)
    found = layout.pieces(ink.Ink(mask * np.uint8(255), mask, mask, 1.0, "dark_on_light"))

    left = layout.without(found, {1}, LayoutParameters())

    assert [each.box[0] for each in left.candidates] == [20, 220]
    assert [len(line) for line in left.lines] == [2]
    assert layout.without(found, set(), LayoutParameters()) is found


# Boxes made by hand


def drawn(*boxes: Box, shape: tuple[int, int] = (300, 400)) -> ink.Ink:
    """Ink that fills boxes."""
    mask = np.zeros(shape, np.uint8)
    for box in boxes:
        mask[layout.window(box)] = 1
    return ink.Ink(mask * np.uint8(255), mask, mask, 1.0, "dark_on_light")


def kept(*boxes: Box, shape: tuple[int, int] = (300, 400), most: int = 600) -> list[Box]:
    """What of them are pieces, from the left."""
    found = layout.find_single(drawn(*boxes, shape=shape), LayoutParameters(most_pieces=most))
    return sorted(piece.box for line in found.lines for piece in line)


def lined(*boxes: Box) -> Layout:
    labels = np.zeros((300, 800), np.int16)
    pieces = [Piece(label, box) for label, box in enumerate(boxes, start=1)]
    for piece in pieces:
        labels[layout.window(piece.box)] = piece.label
    return layout.in_lines(labels, pieces, LayoutParameters())


def lines_of(*boxes: Box) -> list[list[int]]:
    """Which of the boxes each line has."""
    return [sorted(piece.label - 1 for piece in line) for line in lined(*boxes).lines]


def joined(*boxes: Box) -> set[tuple[int, int, tuple[int, ...]]]:
    """The candidates of one line: its first and last piece, and those that it has."""
    arranged = layout.arrange(lined(*boxes), ())
    assert len(arranged.lines) == 1
    return {(each.first, each.last, each.labels) for each in arranged.candidates}


def squares(*sides: int) -> list[Box]:
    return [(sum(sides[:place]) + 10 * place, 5, side, side) for place, side in enumerate(sides)]


@pytest.mark.parametrize(
    ("sides", "least"),
    [
        ((100, 100, 50, 12), 12),  # 0.12 of what three of four are at most
        ((100, 100, 50, 11), 50),
        ((100, 100, 100, 10), 100),
        ((200, 50, 50, 50, 7), 7),
        ((60, 60, 100, 8), 60),  # of 70, which is between them
    ],
)
def test_what_is_much_smaller_than_most_pieces_is_dust(sides, least):
    assert min(box[2] for box in kept(*squares(*sides), shape=(300, 500))) == least


def test_of_too_many_pieces_the_largest_are_kept():
    assert [box[2] for box in kept(*squares(20, 60, 40), most=2)] == [60, 40]


DIGIT = (150, 100, 30, 60)


@pytest.mark.parametrize(
    ("box", "stays"),
    [
        ((0, 50, 40, 150), False),  # each border, along more than 0.35 of the long side
        ((360, 50, 40, 150), False),
        ((100, 0, 150, 40), False),
        ((100, 260, 150, 40), False),
        ((0, 50, 20, 130), True),  # less
        ((40, 50, 40, 150), True),  # beside it
        ((0, 50, 8, 60), False),  # thin and along it
        ((0, 50, 30, 9), True),  # thin and on end
    ],
)
def test_what_lies_along_the_border_is_no_writing(box, stays):
    assert kept(DIGIT, box) == sorted([DIGIT, box] if stays else [DIGIT])


def test_two_pixels_along_the_border_of_a_small_picture_are_no_writing():
    assert kept((0, 10, 2, 20), (20, 10, 8, 20), shape=(40, 60)) == [(20, 10, 8, 20)]


def test_all_that_there_is_is_writing():
    assert kept((0, 50, 40, 150)) == [(0, 50, 40, 150)]


@pytest.mark.parametrize(("lower", "lines"), [(18, [[0, 1]]), (19, [[0], [1]])])
def test_pieces_of_a_line_share_two_fifths_of_the_lower_ones_height(lower, lines):
    assert lines_of((0, 0, 20, 30), (60, lower, 20, 30)) == lines


@pytest.mark.parametrize(
    "boxes",
    [
        # Each one's nearest, by how far it is aside, and twice by how much lower.
        [(0, 20, 20, 30), (50, 20, 20, 30), (90, 15, 20, 30)],
        # What reaches over it is no nearer than what is right beside it.
        [(0, 20, 60, 30), (70, 20, 20, 30), (96, 15, 20, 30)],
    ],
)
def test_lines_that_overlap_are_told_apart_by_what_is_nearest(boxes):
    below = {20: [(30, 36, 20, 30), (80, 36, 20, 30), (120, 36, 20, 30)]}
    lower = below.get(boxes[0][2], [(35, 32, 40, 30), (85, 34, 20, 30)])

    assert lines_of(*boxes, *lower) == [[0, 1, 2], list(range(3, 3 + len(lower)))]


ROW = [(40 * place, 50, 30, 40) for place in range(5)]
SMALL_ROW = [*ROW[:2], *((100 + 40 * place, 60, 30, 20) for place in range(4))]


@pytest.mark.parametrize(
    ("boxes", "bar", "one"),
    [
        (ROW, (0, 28, 30, 10), True),
        (ROW, (0, 27, 30, 10), False),  # too far above
        (ROW, (0, 102, 30, 10), True),
        (ROW, (0, 103, 30, 10), False),  # too far below
        (ROW, (27, 30, 10, 10), True),
        (ROW, (29, 30, 10, 10), False),  # too far aside
        (ROW, (0, 25, 30, 20), False),  # as high as a digit
        (SMALL_ROW, (0, 30, 30, 15), True),  # not as high as the highest are
    ],
)
def test_a_bar_right_above_a_digit_or_below_it_is_of_its_line(boxes, bar, one):
    assert (len(lines_of(*boxes, bar)) == 1) == one


def test_parts_of_a_digit_need_not_be_low_where_there_are_few():
    assert lines_of((0, 0, 30, 30), (0, 34, 30, 30)) == [[0, 1]]
    assert len(lines_of((0, 0, 30, 30), (0, 34, 30, 30), *ROW[2:])) > 1


def test_a_bar_with_a_dot_on_it_is_of_the_digit_below():
    assert len(lines_of(*ROW, (0, 36, 30, 10), (10, 28, 10, 6))) == 1


def test_a_bar_between_two_digits_is_of_the_nearer_one():
    far = [(x, 100, 30, 40) for x in (0, 40, 80)]

    assert lines_of(*ROW[:3], (0, 94, 30, 4), *far) == [[0, 1, 2], [3, 4, 5, 6]]


def test_a_line_is_where_most_of_its_ink_is():
    tall, bars = (0, 0, 30, 30), [(0, 39, 12, 10), (16, 39, 12, 10)]

    assert lines_of((100, 30, 20, 6), tall, *bars) == [[1, 2, 3], [0]]


def test_half_of_all_that_there_is_lies_in_what_is_lower_than_typical():
    assert layout.weighted_median([10, 10, 20, 30]) == 20
    assert layout.weighted_median([1, 1, 1, 50]) == 50


@pytest.mark.parametrize(
    ("lower", "gap", "one"),
    [(0, 12, True), (0, 13, False), (20, 14, True), (20, 15, False)],  # 0.3 of 40, and of 48
)
def test_what_is_close_for_its_height_may_be_one_digit(lower, gap, one):
    found = joined((0, 50, 10, 40), (10 + gap, 50 + lower, 10, 40))

    assert ((0, 1, (1, 2)) in found) == one


@pytest.mark.parametrize(("height", "bit"), [(7, True), (10, False)])
def test_a_bit_beside_a_digit_may_be_part_of_it_or_not(height, bit):
    found = joined((0, 50, 10, 40), (14, 66, 4, height))

    assert ((0, 1, (1,)) in found) == bit
    assert {(0, 0, (1,)), (0, 1, (1, 2))} <= found


@pytest.mark.parametrize(
    ("width", "height", "wide"),
    [
        (60, 16, False),  # a mere fragment
        (60, 20, True),
        (30, 20, True),  # of digits half again as high as it is
        (25, 20, False),
    ],
)
def test_what_is_wide_for_the_digits_in_it_is_worth_cutting(width, height, wide):
    digits = [(50 * place, 50, 30, 40) for place in range(3)]
    found = lined(*digits, (200, 60, width, height))

    assert layout.worth_cutting(found, [0, 3], LayoutParameters()) == ([3] if wide else [])
    alone = {each.labels for each in layout.arrange(found, ()).candidates}
    assert ((4,) in alone) == (width < 54 or height < 20)  # unless it is too wide for a digit


def test_parts_of_what_is_cut_take_its_place_in_the_line():
    extracted = drawn((10, 50, 20, 40), (30, 70, 6, 1), (36, 50, 20, 40), (90, 50, 20, 40))
    found = layout.pieces(extracted)

    [line] = layout.arrange(found, [0, 1]).lines

    *parts, last = line
    middles = [piece.middle[0] for piece in line]
    assert middles == sorted(middles)
    assert {part.of for part in parts} == {found.piece(0).label}
    assert [part.cut for part in parts] == [True] * (len(parts) - 1) + [False]
    assert (last.box, last.of, last.cut) == ((90, 50, 20, 40), 0, False)


def test_touching_digits_are_told_apart_half_way_down():
    gaps, foot = "##.##.##", "###..###"
    here = np.array([[sign == "#" for sign in row] for row in [gaps] * 7 + [foot] * 5])
    parameters = LayoutParameters(cut_ink=0.1)

    paths = layout.cuts(here, 14, parameters, touching=True)

    assert [path[5] for path in paths] == [2, 5]
