"""Pieces of ink become lines and candidates."""

from __future__ import annotations

import cv2
import numpy as np

from digits import ink, layout
from digits.layout import LayoutParameters, Piece
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
