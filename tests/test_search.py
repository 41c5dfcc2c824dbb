"""The cheapest consistent reading wins."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from digits import company
from digits.layout import Candidate, Layout, Piece
from digits.search import (
    SearchParameters,
    cheaper,
    choose,
    choose_single,
    doubted,
    in_rows,
    likely_several,
    narrow,
    numbers,
    small,
    specks,
    sure,
)


def line_of(*widths: int, height: int = 30) -> tuple[Piece, ...]:
    pieces, x = [], 0
    for label, width in enumerate(widths, start=1):
        pieces.append(Piece(label, (x, 0, width, height)))
        x += width + 4
    return tuple(pieces)


def arrange(line: tuple[Piece, ...], *spans: tuple[int, int]) -> Layout:
    candidates = []
    for first, last in spans:
        left = line[first].box[0]
        right = line[last].box[0] + line[last].box[2]
        box = (left, 0, right - left, max(piece.box[3] for piece in line[first : last + 1]))
        labels = tuple(piece.label for piece in line[first : last + 1])
        candidates.append(Candidate(0, first, last, box, labels))
    return Layout(np.zeros((1, 1), np.int32), (line,), (30.0,), tuple(candidates))


def scored(*scores: float) -> tuple[np.ndarray, np.ndarray]:
    probabilities = np.full((len(scores), 10), 0.01, np.float32)
    probabilities[:, 3] = 0.91
    return probabilities, np.array(scores, np.float32)


def chosen(layout: Layout, *scores: float) -> list[int]:
    return [choice.index for choice in choose(layout, *scored(*scores), SearchParameters())]


def test_two_good_digits_beat_their_union():
    layout = arrange(line_of(20, 20), (0, 0), (1, 1), (0, 1))

    assert chosen(layout, 0.95, 0.95, 0.1) == [0, 1]


def test_a_good_union_beats_its_parts():
    layout = arrange(line_of(20, 20), (0, 0), (1, 1), (0, 1))

    assert chosen(layout, 0.3, 0.4, 0.97) == [2]


def test_what_is_no_digit_is_left_out():
    layout = arrange(line_of(20, 20), (0, 0), (1, 1), (0, 1))

    assert chosen(layout, 0.99, 0.02, 0.05) == [0]


@pytest.mark.parametrize(("other_ink", "expected"), [(False, [0]), (True, [])])
def test_what_is_left_alone_is_judged_as_such(other_ink: bool, expected: list[int]):
    """A mark at the border stays beside a letter's, for as long as that is taken for a digit."""
    digit, letter = line_of(20, 20)
    dot = Piece(3, (30, 35, 8, 8))
    layout = arrange((digit, letter, dot), (0, 0), (1, 1))
    layout = replace(layout, labels=np.zeros((200, 200), np.int16))
    layout.labels[:30, :20] = 1
    layout.labels[100:] = 9 * other_ink

    assert chosen(layout, 0.99, 0.9) == expected


@pytest.mark.parametrize(("score", "expected"), [(0.49, []), (0.51, [0])])
def test_the_score_must_reach_the_threshold(score, expected):
    assert chosen(arrange(line_of(20), (0, 0)), score) == expected


def test_a_mark_much_smaller_than_the_digits_is_none():
    pieces = (*line_of(20, 20, 20), Piece(4, (80, 25, 3, 8)))
    layout = arrange(pieces, (0, 0), (1, 1), (2, 2), (3, 3))

    assert chosen(layout, 0.9, 0.9, 0.9, 0.9) == [0, 1, 2]


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        ((0.95, 0.95, 0.58), [2]),  # cutting it costs more than that it is doubtful
        ((0.95, 0.95, 0.2), [0, 1]),
    ],
)
def test_parting_what_is_connected_costs(scores, expected):
    first, second = line_of(20, 20)
    layout = arrange((replace(first, cut=True), second), (0, 0), (1, 1), (0, 1))

    assert chosen(layout, *scores) == expected


@pytest.mark.parametrize(("cut", "better"), [(False, {0}), (True, set())])
def test_so_does_parting_what_is_left_out_from_a_digit(cut, better):
    digits = (3, 5, 6, 7, 8)
    dot = Piece(6, (0, 0, 6, 6), cut=cut)
    other = arrange((dot, *line_of(*[20] * 5)), *((place, place) for place in range(1, 6)))
    usual = arrange(line_of(*[20] * 5), *((place, place) for place in range(5)))
    good, surer = read_as(digits, *[0.87] * 5), read_as(digits, *[0.99] * 5)

    assert cheaper(usual, good, other, surer, SearchParameters()) == better


@pytest.mark.parametrize(
    ("other", "both", "expected"),
    [
        ((100, 30), 0.12, [4]),  # no more than what is as large as a digit
        ((30, 3), 0.6, [5]),  # no less either, if it is as wide as that
        ((4, 4), 0.6, [4]),
    ],
)
def test_leaving_ink_out_costs_by_its_size(other, both, expected):
    line = (*line_of(*[20] * 5), Piece(6, (120, 0, *other)))
    layout = arrange(line, *((place, place) for place in range(5)), (4, 5))

    assert chosen(layout, *[0.95] * 5, both)[4:] == expected


def test_what_is_hardly_a_digit_does_not_tell_how_large_digits_are():
    layout = in_lines(in_a_row(0, 30, 30), in_a_row(1, 100, 100))

    assert chosen(layout, 0.95, 0.95, 0.25, 0.25) == [0, 1]


def test_small_marks_beside_a_digit_are_no_number_that_is_written_smaller():
    large, mixed = in_a_row(0, 100, 100), in_a_row(1, 36, 20, 20, 20)
    scores = read_as((3, 8, 4, 5, 6, 7), *[0.99] * 6)

    choices = choose(in_lines(large, mixed), *scores, SearchParameters())

    assert {3, 4, 5}.isdisjoint(choice.index for choice in choices)


def test_one_large_digit_does_not_tell_how_large_the_others_are():
    large = Piece(6, (200, 0, 60, 100))
    layout = arrange((*line_of(*[20] * 5), large), *((place, place) for place in range(6)))

    assert chosen(layout, *[0.95] * 6)[:5] == [0, 1, 2, 3, 4]


def test_its_company_is_told_which_lines_are_read_with_ease(monkeypatch):
    told = []
    adjust = company.adjust

    def spy(*arguments, easy, **others):
        told.append(set(easy))
        return adjust(*arguments, easy=easy, **others)

    monkeypatch.setattr(company, "adjust", spy)
    layout = arrange(line_of(20, 20), (0, 0), (1, 1))

    choose(layout, *read_as((3, 5), 0.99, 0.99), SearchParameters())
    choose(layout, *read_as((3, 5), 0.6, 0.5), SearchParameters())

    assert told == [{0}, set()]


def test_no_candidates_no_digits():
    empty = Layout(np.zeros((1, 1), np.int32), (), (), ())

    assert choose(empty, *scored(), SearchParameters()) == []
    assert choose_single(empty, *scored(), SearchParameters()) == []


def in_a_picture(*widths: int) -> Layout:
    """Pieces 30 pixels high, and as candidates all of them together, then each alone."""
    line = line_of(*widths)
    labels = np.zeros((30, line[-1].box[0] + line[-1].box[2]), np.int16)
    for piece in line:
        x, _, width, _ = piece.box
        labels[:, x : x + width] = piece.label
    spans = dict.fromkeys([(0, len(line) - 1), *((place, place) for place in range(len(line)))])
    return replace(arrange(line, *spans), labels=labels)


def as_digits(*digits: int) -> np.ndarray:
    probabilities = np.full((len(digits), 10), 0.001, np.float32)
    probabilities[np.arange(len(digits)), digits] = 0.991
    return probabilities


def test_a_single_digit_is_read_however_unsure():
    (choice,) = choose_single(in_a_picture(20), *scored(0.01), SearchParameters())

    assert choice.score == pytest.approx(0.01)


def test_a_single_digit_has_all_the_ink_but_for_what_is_little():
    scores = np.array([0.6, 0.99, 0.01], np.float32)

    def read(*widths: int) -> int:
        layout = in_a_picture(*widths)
        (choice,) = choose_single(layout, as_digits(7, 1, 4), scores, SearchParameters())
        return choice.index

    assert read(20, 14) == 0
    assert read(20, 10) == 0
    assert read(20, 4) == 1


def test_what_else_a_single_digit_could_be_counts_against_it():
    layout = in_a_picture(20, 10)
    scores = np.array([0.9, 0.9, 0.01], np.float32)

    (torn,) = choose_single(layout, as_digits(7, 1, 4), scores, SearchParameters())
    (whole,) = choose_single(layout, as_digits(7, 7, 4), scores, SearchParameters())

    assert 0.4 < torn.score < 0.8
    assert whole.score == pytest.approx(0.9, abs=0.01)


def test_a_mark_among_strangers_is_a_stranger():
    layout = arrange(line_of(*[20] * 10), *[(place, place) for place in range(10)])

    assert chosen(layout, *[0.9] * 2, *[0.02] * 8) == []
    assert chosen(layout, *[0.9] * 9, 0.02) == list(range(9))


def test_company_raises_a_score_by_little():
    layout = arrange(line_of(20, 20, 20), (0, 0), (1, 1), (2, 2))

    scores = (0.99, 0.6, 0.99)
    choices = choose(layout, *scored(*scores), SearchParameters())

    assert [choice.score >= scores[choice.index] for choice in choices] == [True] * 3
    assert 0.62 < choices[1].score < 0.7


def test_what_is_nearly_a_digit_is_one_among_digits():
    layout = arrange(line_of(20, 20, 20, 20), *[(place, place) for place in range(4)])

    assert chosen(layout, 0.99, 0.45, 0.99, 0.99) == [0, 1, 2, 3]
    assert chosen(layout, 0.99, 0.35, 0.99, 0.99) == [0, 2, 3]
    assert chosen(layout, 0.02, 0.45, 0.02, 0.02) == []


def test_what_is_no_digit_after_all_says_nothing_against_those_that_are():
    digits = (Piece(1, (0, 0, 40, 40)), Piece(2, (60, 0, 40, 40)))
    inside = (Piece(3, (10, 10, 20, 25)),)
    layout = Layout(
        np.zeros((1, 1), np.int32),
        (digits, inside),
        (40.0, 25.0),
        (
            Candidate(0, 0, 0, digits[0].box, (1,)),
            Candidate(0, 1, 1, digits[1].box, (2,)),
            Candidate(1, 0, 0, inside[0].box, (3,)),
        ),
    )

    assert chosen(layout, 0.97, 0.97, 0.31) == chosen(layout, 0.97, 0.97, 0.29) == [0, 1]


def test_a_piece_is_a_sure_digit_whatever_the_others_are_from_a_certain_score():
    assert sure(*scored(0.95, 0.3, 0.9), SearchParameters(whole=0.7)) == [0, 2]
    assert sure(*scored(), SearchParameters()) == []


def test_what_is_wider_than_a_digit_is_not_narrow():
    layout = arrange(line_of(20, 60, 40), (0, 0), (1, 1), (2, 2))

    assert narrow(layout, SearchParameters(widest=1.35)) == [0, 2]


def test_only_a_piece_that_is_no_sure_digit_is_worth_cutting():
    layout = arrange(line_of(20, 20, 20), (0, 0), (1, 1), (2, 2))

    assert doubted(layout, {0, 2}, SearchParameters()) == [1]


def test_dust_and_the_edge_of_the_sheet_are_not_worth_cutting_beside_digits():
    line = (*line_of(20), Piece(2, (30, 0, 40, 8)), Piece(3, (80, 0, 300, 90)))
    layout = arrange(line, (0, 0), (1, 1), (2, 2))

    assert doubted(layout, {0}, SearchParameters()) == []
    assert doubted(layout, set(), SearchParameters()) == [0, 1, 2]

    high = arrange((*line_of(20), Piece(2, (30, 0, 40, 70))), (0, 0), (1, 1))
    assert doubted(high, {0}, SearchParameters()) == [1]


def test_a_low_spot_beside_no_digit_is_hardly_several():
    row, apart = in_a_row(0, 30, 30, 14), in_a_row(1, 14, 15)
    layout = in_lines(row, apart)

    # The last is half as high as a digit, the one before it is not; the first is on their row.
    assert likely_several(layout, [2, 3, 4], {0, 1}, SearchParameters()) == [2, 4]
    assert likely_several(layout, [3], {0, 1}, SearchParameters(several_size=0.4)) == [3]
    assert likely_several(layout, [3], {0, 1}, SearchParameters(several_height=14)) == [3]
    assert likely_several(layout, [2, 3], set(), SearchParameters()) == [2, 3]


def in_lines(*rows: list[Candidate]) -> Layout:
    lines = tuple(tuple(Piece(each.first, each.box) for each in row) for row in rows)
    heights = tuple(float(row[0].box[3]) for row in rows)
    candidates = tuple(each for row in rows for each in row)
    return Layout(np.zeros((600, 500), np.int16), lines, heights, candidates)


def dots(*sizes: int) -> tuple[Piece, ...]:
    return tuple(
        Piece(label, (20 * label, 0, size, size)) for label, size in enumerate(sizes, start=1)
    )


def in_a_row(line: int, *sizes: int) -> list[Candidate]:
    """Squares of so many pixels beside each other."""
    return [
        Candidate(line, place, place, (20 + 120 * place, 20 + 240 * line, side, side), (place,))
        for place, side in enumerate(sizes)
    ]


@pytest.mark.parametrize(
    ("sizes", "a_row"),
    [
        ((14, 15, 20), True),
        ((14, 15), False),  # too few
        ((14, 15, 31), False),  # not alike
        ((9, 9, 9, 9), False),  # not legible
    ],
)
def test_a_number_that_is_written_smaller_is_no_row_of_specks(sizes, a_row):
    parameters = SearchParameters()
    digits, little = in_a_row(0, 100, 100), in_a_row(1, *sizes)

    assert in_rows(little, digits, parameters) == (list(range(len(sizes))) if a_row else [])
    assert specks(little, digits, parameters) == little
    assert specks(little, digits, parameters, numbers=[1]) == []


def test_little_marks_beside_digits_are_specks_however_many():
    digits = in_a_row(0, 100, 100)
    little = in_a_row(0, 14, 15, 14, 15)

    assert in_rows(little, digits, SearchParameters()) == []
    assert specks(little, digits, SearchParameters()) == little


@pytest.mark.parametrize(
    ("digits", "scores", "found"),
    [
        ((3, 4, 5), (0.9, 0.9, 0.9), {1}),
        ((3, 4, 5, 6), (0.9, 0.9, 0.9, 0.1), {1}),
        ((3, 4, 5), (0.9, 0.9, 0.1), set()),  # too few are sure
        ((3, 4, 5, 6, 7), (0.9, 0.9, 0.9, 0.1, 0.1), set()),  # too small a part is
        ((1, 1, 3), (0.9, 0.9, 0.9), set()),  # mostly strokes
        ((1, 3, 1, 4), (0.9, 0.9, 0.9, 0.9), {1}),
        ((3, 3, 4), (0.9, 0.9, 0.9), {1}),
    ],
)
def test_a_number_is_a_row_of_which_most_are_digits_beyond_doubt(digits, scores, found):
    row = in_a_row(1, *[20] * len(digits))
    probabilities = np.full((len(digits), 10), 0.01, np.float32)
    probabilities[range(len(digits)), digits] = 0.91

    assert numbers(row, probabilities, np.array(scores, np.float32), SearchParameters()) == found


@pytest.mark.parametrize(("digits", "kept"), [((3, 4, 5), True), ((1, 1, 1), False)])
def test_a_whole_number_of_small_digits_counts_and_a_row_of_strokes_does_not(digits, kept):
    large, little = in_a_row(0, 100, 100), in_a_row(1, 20, 20, 20)
    layout = in_lines(large, little)
    probabilities = np.full((5, 10), 0.01, np.float32)
    probabilities[range(5), [3, 8, *digits]] = 0.91

    read = choose(layout, probabilities, np.full(5, 0.99, np.float32), SearchParameters())

    assert [each.index for each in read] == ([0, 1, 2, 3, 4] if kept else [0, 1])


def test_specks_are_known_by_the_digits_beside_them():
    parameters = SearchParameters(least_size=0.35)
    layout = arrange(dots(40, 40, 10, 16, 6), *((place, place) for place in range(5)))
    digits, little = layout.candidates[:2], layout.candidates[2:]

    assert small(layout, parameters) == [2, 4]
    assert specks(little, digits, parameters) == [little[0], little[2]]
    assert specks(in_a_row(0, 20), in_a_row(0, 100, 40), parameters) == []
    assert specks(little, digits[:1], parameters) == [little[0], little[2]]


def test_what_is_small_is_told_by_the_typical_piece_and_by_its_longer_side():
    parameters = SearchParameters(least_size=0.35)
    pieces = (*dots(40, 40, 40, 40, 40, 100, 16, 13), Piece(9, (400, 0, 40, 6)))
    layout = arrange(pieces, *((place, place) for place in range(9)))

    assert small(layout, parameters) == [7]


def test_where_most_is_small_or_no_digit_is_known_nothing_is_a_speck():
    parameters = SearchParameters()
    layout = arrange(dots(40, *[10] * 5), *((place, place) for place in range(6)))
    digits, little = layout.candidates[:1], layout.candidates[1:]

    assert specks(little, digits, parameters) == []
    assert specks(little[:3], digits, parameters) == list(little[:3])
    assert specks(little, [], parameters) == []
    assert small(arrange(()), parameters) == []


def read_as(digits: tuple[int, ...], *scores: float) -> tuple[np.ndarray, np.ndarray]:
    probabilities, digit_score = scored(*scores)
    probabilities[:, 3] = 0.01
    probabilities[np.arange(len(digits)), digits] = 0.91
    return probabilities, digit_score


def test_touching_digits_are_parted_where_that_reads_all_of_them_with_ease():
    usual = arrange(line_of(20, 20, 20), (0, 0), (1, 1), (2, 2))
    better = arrange(line_of(20, 40), (0, 0), (1, 1))

    def read_better(*others: float, digits: tuple[int, int] = (3, 5)) -> bool:
        scores = scored(0.99, 0.3, 0.3), read_as(digits, *others)
        return cheaper(usual, scores[0], better, scores[1], SearchParameters()) == {0}

    assert read_better(0.99, 0.97)
    assert not read_better(0.99, 0.4)  # at less cost, but one of them is doubtful
    assert not read_better(0.2, 0.2)
    assert not read_better(0.99, 0.97, digits=(1, 1))  # strokes, which letters fall into too
    assert read_better(0.8, 0.8)  # which is little for each


def test_an_other_reading_must_cost_less():
    layout = arrange(line_of(20, 20), (0, 0), (1, 1))
    good, better = read_as((3, 5), 0.95, 0.95), read_as((3, 5), 0.99, 0.99)

    assert cheaper(layout, good, layout, better, SearchParameters()) == {0}
    assert cheaper(layout, better, layout, good, SearchParameters()) == set()


def test_the_cuts_of_an_other_reading_are_no_effort_but_those_inside_a_digit_spare_none():
    first, second, third = line_of(20, 20, 20)
    usual = arrange((first, second, third), (0, 0), (1, 1), (2, 2))
    bad = scored(0.05, 0.05, 0.05)
    apart = arrange((replace(first, cut=True), second), (0, 0), (1, 1))
    within = arrange((replace(first, cut=True), second, third), (0, 1), (2, 2))

    def read(other: Layout, *scores: float) -> set[int]:
        return cheaper(usual, bad, other, read_as((3, 5), *scores), SearchParameters())

    assert read(apart, 0.99, 0.99) == {0}
    assert read(within, 0.6, 0.99) == {0}
    assert read(within, 0.35, 0.99) == set()


def test_ink_as_large_as_a_digit_must_not_be_left_out():
    usual = arrange(line_of(20, 20, 20), (0, 0), (1, 1), (2, 2))
    scores = read_as((3, 5, 6), 0.99, 0.99, 0.99)
    some = arrange(line_of(20, 20, 40), (0, 0), (1, 1))

    bad = scored(0.1, 0.1, 0.1)

    assert cheaper(usual, bad, usual, scores, SearchParameters()) == {0}
    assert cheaper(usual, bad, some, read_as((3, 5), 0.99, 0.99), SearchParameters()) == set()

    places = [(place, place) for place in range(5)]
    six, five = (20,) * 6, read_as((3, 5, 6, 7, 8), *[0.99] * 5)
    usual = arrange(line_of(*six), *places)
    small = arrange((*line_of(*six[:5]), Piece(6, (200, 0, 20, 25))), *places)
    bad = scored(*[0.1] * 5)

    assert cheaper(usual, bad, usual, five, SearchParameters()) == set()
    assert cheaper(usual, bad, small, five, SearchParameters()) == {0}


@pytest.mark.parametrize("digits", [(3,), (5, 2, 5, 2, 5, 2, 5, 2), (1, 7, 1)])
def test_one_digit_strokes_and_patterns_are_no_numbers_that_touch(digits):
    spans = [(place, place) for place in range(len(digits))]
    layout = arrange(line_of(*[20] * len(digits)), *spans)
    good, bad = [read_as(digits, *[score] * len(digits)) for score in (0.99, 0.1)]

    assert cheaper(layout, bad, layout, good, SearchParameters()) == set()


def test_no_digits_are_no_better_reading():
    usual = arrange(line_of(20), (0, 0))
    none = arrange(line_of(2))

    assert cheaper(usual, scored(0.01), none, scored(), SearchParameters()) == set()
