"""A mark is judged by what stands beside it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from digits.company import CompanyParameters, adjust
from digits.components import Box
from digits.layout import Candidate, Layout, Piece, typical_height


def line_of(*widths: int, height: int = 30, cut: tuple[int, ...] = ()) -> tuple[Piece, ...]:
    pieces, x = [], 0
    for label, width in enumerate(widths, start=1):
        pieces.append(Piece(label, (x, 40, width, height), cut=label - 1 in cut))
        x += width + 4
    return tuple(pieces)


def arrange(*lines: tuple[Piece, ...]) -> Layout:
    """Each piece is a candidate of its own."""
    candidates = [
        Candidate(number, place, place, piece.box, (piece.label,))
        for number, line in enumerate(lines)
        for place, piece in enumerate(line)
    ]
    heights = tuple(typical_height(line) for line in lines)
    return Layout(np.zeros((1, 1), np.int16), lines, heights, tuple(candidates))


def judged(layout: Layout, chosen: list[int], score: float, *, digit: int = 3) -> np.ndarray:
    digits = np.full(len(chosen), digit)
    return adjust(layout, chosen, digits, np.full(len(chosen), score), CompanyParameters())


def test_digits_among_digits_keep_their_scores():
    scores = judged(arrange(line_of(*[20] * 10)), list(range(10)), 0.9)

    assert (scores >= 0.9).all()


def test_a_few_marks_among_strangers_are_strangers_too():
    scores = judged(arrange(line_of(*[20] * 10)), [2, 5], 0.95)

    assert (scores < 0.2).all()


def test_strokes_among_strangers_say_less_than_other_digits():
    layout = arrange(line_of(*[20] * 8))

    strokes = judged(layout, list(range(6)), 0.95, digit=1)
    others = judged(layout, list(range(6)), 0.95, digit=8)

    assert strokes.max() < others.min()


def test_strokes_say_less_for_a_digit_than_other_digits():
    layout, scores = arrange(line_of(*[20] * 5)), np.full(4, 0.95)

    beside_strokes, beside_others = (
        adjust(layout, [0, 1, 2, 3], np.array([8, *[other] * 3]), scores, CompanyParameters())
        for other in (1, 8)
    )

    assert beside_strokes[0] < 0.1 < 0.4 < beside_others[0]


def test_strangers_on_another_line_count_less():
    own = judged(arrange(line_of(*[20] * 9)), [0, 1, 2], 0.95)
    other = judged(arrange(line_of(20, 20, 20), line_of(*[20] * 6)), [0, 1, 2], 0.95)

    assert own.max() < other.min() < 0.95


def test_a_number_stands_for_itself_under_a_heading_and_two_letters_do_not():
    heading = line_of(*[20] * 20)

    number = judged(arrange(heading, line_of(*[20] * 5)), list(range(20, 25)), 0.99)
    letters = judged(arrange(heading, line_of(20, 20)), [20, 21], 0.99)

    assert number.min() > 0.95
    assert letters.max() < 0.5


@pytest.mark.parametrize("height", [100, 500])
def test_print_says_nothing_of_what_is_ten_times_its_size(height):
    heading = line_of(*[20] * 20, height=50)

    letters = judged(arrange(heading, line_of(20, 20, height=height)), [20, 21], 0.99)

    assert letters.max() < 0.5 if height == 100 else letters.min() > 0.95


def test_what_print_says_fades_with_how_much_larger_the_writing_is():
    def below_a_heading(height: int) -> float:
        layout = arrange(line_of(*[20] * 5, height=30), line_of(20, 20, height=height))
        return float(judged(layout, [0, 5, 6], 0.95)[2])

    scores = [below_a_heading(height) for height in (30, 60, 62, 120, 145, 160)]

    assert scores[0] == scores[1] < scores[2] < scores[3] < scores[4] < scores[5]
    assert scores[3] < 0.1 < 0.5 < scores[5]


@pytest.mark.parametrize(("strangers", "least", "most"), [(2, 0.9, 1), (4, 0.6, 0.8), (10, 0, 0.1)])
def test_the_more_strangers_another_line_has_the_more_they_say(
    strangers: int, least: float, most: float
):
    layout = arrange(line_of(*[20] * strangers), line_of(20, 20, 20, 20))

    scores = judged(layout, list(range(strangers, strangers + 4)), 0.95)

    assert least < scores.min() <= scores.max() < most


def test_small_print_has_strangers_beside_large_digits():
    large = [Piece(50 + n, (120 * n, 200, 80, 120)) for n in range(5)]
    layout = arrange(line_of(*[20] * 12), tuple(large))

    print_, digits = np.split(judged(layout, [2, 5, *range(12, 17)], 0.99), [2])

    assert print_.max() < 0.5
    assert digits.min() > 0.95


def test_what_was_one_before_it_was_cut_is_one_stranger():
    scribble = [Piece(20 + n, (200 + 24 * n, 40, 20, 30), cut=n < 7, of=9) for n in range(8)]

    one = judged(arrange((*line_of(20, 20), *scribble)), [0, 1], 0.99)
    several = judged(arrange(line_of(*[20] * 10)), [0, 1], 0.99)

    assert several.max() < 0.2
    assert one.min() > 0.5


def test_small_marks_are_no_strangers():
    layout = arrange((*line_of(20, 20), *(Piece(9 + n, (90 + 9 * n, 60, 5, 8)) for n in range(9))))

    assert (judged(layout, [0, 1], 0.9) >= 0.9).all()


def test_a_mark_torn_from_ink_that_nobody_reads_is_suspect():
    torn = judged(arrange(line_of(20, 20, cut=(0,))), [0], 0.95)
    parted = judged(arrange(line_of(20, 20, cut=(0,))), [0, 1], 0.95)
    whole = judged(arrange(line_of(20)), [0], 0.95)

    assert torn[0] < parted[0] < whole[0]


def test_the_less_was_torn_off_the_less_suspect_it_is():
    crumb = judged(arrange(line_of(20, 6, height=30, cut=(0,))), [0], 0.95)
    low = (Piece(1, (0, 40, 20, 30), cut=True), Piece(2, (20, 60, 6, 8)))
    run = (*low[:1], *(Piece(2 + n, (20 + 6 * n, 60, 6, 8), cut=n < 3) for n in range(4)))

    assert crumb < judged(arrange(run), [0], 0.95) < judged(arrange(low), [0], 0.95)


def test_a_part_may_stand_last_although_another_was_cut_off_behind_it():
    last = judged(arrange(line_of(20, 20, cut=(1,))), [0, 1], 0.95)

    assert last[1] < last[0]


@pytest.mark.parametrize(
    ("dot", "suspect"),
    [((6, 25, 8, 8), True), ((6, 76, 8, 8), True), ((60, 25, 8, 8), False), ((6, 0, 8, 8), False)],
)
def test_a_dot_right_above_or_below_makes_it_a_letter(dot: Box, suspect: bool):
    layout = arrange(line_of(20), (Piece(7, dot),))

    (score,) = judged(layout, [0], 0.9)

    assert (score < 0.5) == suspect


@pytest.mark.parametrize(("height", "suspect"), [(28, False), (23, False), (17, True), (12, True)])
def test_a_mark_much_smaller_than_the_digits_of_its_line_is_a_piece_of_one(
    height: int, suspect: bool
):
    line = line_of(20, 20, 20, 20, 8)
    line = (*line[:4], Piece(5, (100, 40, 8, height)))

    scores = judged(arrange(line), list(range(5)), 0.97)

    assert (scores[:4] >= 0.97).all()
    assert (scores[4] < 0.85) == suspect


def test_digits_of_another_line_may_be_as_small_as_they_like():
    below = tuple(Piece(label, (20 * label, 100, 8, 12)) for label in (4, 5))
    layout = arrange(line_of(20, 20, 20), below)

    assert (judged(layout, list(range(5)), 0.97) >= 0.97).all()


def test_of_two_digits_the_smaller_one_is_the_suspect():
    line = (Piece(1, (0, 40, 20, 30)), Piece(2, (30, 40, 8, 14)))

    large, small = judged(arrange(line), [0, 1], 0.97)

    assert small < 0.8 < 0.9 < large


def test_a_part_of_other_ink_is_no_dot():
    def above(*, cut: bool) -> tuple[Piece, ...]:
        return Piece(7, (6, 25, 8, 8), cut=cut), Piece(8, (14, 25, 8, 8))

    (part,) = judged(arrange(line_of(20), above(cut=True)), [0], 0.9)
    (dot,) = judged(arrange(line_of(20), above(cut=False)), [0], 0.9)

    assert dot < 0.5 < part


def test_digits_of_its_own_line_speak_for_a_mark_and_others_do_not():
    layout = arrange(line_of(20, 20, 20), (Piece(4, (0, 100, 20, 30)),))
    scores = np.array([0.99, 0.45, 0.99, 0.45])

    judged = adjust(layout, list(range(4)), np.full(4, 3), scores, CompanyParameters())

    assert judged[1] > 0.5
    assert judged[3] <= 0.45


def test_nothing_chosen_nothing_adjusted():
    assert len(judged(arrange(line_of(20)), [], 0.9)) == 0


@pytest.mark.parametrize(("left", "suspect"), [(6, True), (10, False)])
def test_marks_that_lie_in_each_other_are_one_thing(left: int, suspect: bool):
    line = (Piece(1, (0, 40, 24, 30)), Piece(2, (left, 40, 24, 30)))

    scores = judged(arrange(line), [0, 1], 0.99)

    assert (scores < 0.5).tolist() == [suspect, suspect]


def test_a_stroke_is_held_against_the_digits_of_its_own_line():
    """The border may run through a line, and through no other."""
    last = tuple(Piece(n + 1, (20 * n + 10, 80, 3 if n else 15, 20)) for n in range(2))
    first = tuple(Piece(n + 3, (20 * n + 10, 30, 15, 30)) for n in range(3))
    layout = replace(arrange(last, first), labels=np.zeros((100, 100), np.int32))

    scores = adjust(
        layout, list(range(5)), np.array([3, 1, 4, 5, 6]), np.full(5, 0.99), CompanyParameters()
    )

    assert (scores > 0.9).all()


@pytest.mark.parametrize(
    ("stroke", "others", "suspect"),
    [
        ((97, 10), 40, True),
        ((90, 40), 40, False),
        ((97, 10), None, False),
        ((97, 10), 0, False),
    ],
    ids=["at the border", "clear of it", "alone", "all of them at it"],
)
def test_a_stroke_at_the_border_is_the_edge_of_the_sheet(
    stroke: tuple[int, int], others: int | None, suspect: bool
):
    x, y = stroke
    pieces = [Piece(1, (x, y, 3, 30))]
    if others is not None:
        pieces += [Piece(2 + n, (20 * n + 10, others, 15, 30)) for n in range(3)]
    layout = replace(arrange(tuple(pieces)), labels=np.zeros((100, 100), np.int32))
    digits = np.array([1, 3, 4, 5][: len(pieces)])

    scores = adjust(
        layout, list(range(len(pieces))), digits, np.full(len(pieces), 0.99), CompanyParameters()
    )

    assert (scores[0] < 0.5) == suspect
    assert (scores[1:] > 0.5).all()


@pytest.mark.parametrize(("x", "suspect"), [(0, True), (4, False)])
def test_what_is_cut_by_the_border_where_others_keep_clear_is_doubted(x: int, suspect: bool):
    pieces = (Piece(1, (x, 10, 15, 30)), *(Piece(n, (20 * n, 10, 15, 30)) for n in (2, 3, 4)))
    layout = replace(arrange(pieces), labels=np.zeros((60, 100), np.int32))
    scores = np.array([0.65, 0.99, 0.99, 0.99])

    judged = adjust(layout, list(range(4)), np.array([6, 3, 4, 5]), scores, CompanyParameters())

    assert (judged[0] < 0.6) == suspect
    assert (judged[1:] > 0.9).all()


def test_on_a_line_all_of_whose_ink_is_digits_it_says_nothing_that_they_were_connected():
    layout = arrange(line_of(*[20] * 4, cut=(0, 1, 2)))
    given = np.full(4, 0.97)

    def scores(*easy: int) -> np.ndarray:
        digits = np.full(4, 3)
        return adjust(layout, list(range(4)), digits, given, CompanyParameters(), easy=easy)

    assert (scores() < given - 0.02).all()
    assert (scores(0) >= given).all()


def test_a_line_across_the_picture_is_no_1_even_alone():
    layout = arrange((Piece(1, (50, 0, 4, 100)),))
    inside = replace(layout, labels=np.zeros((140, 140), np.int16))
    across = replace(layout, labels=np.zeros((100, 140), np.int16))

    assert adjusted(inside, [1])[0] == pytest.approx(0.99)
    assert adjusted(across, [1])[0] < 0.3


def test_a_mark_alone_that_the_border_cuts_is_a_digit_only_if_it_is_nearly_all_there_is():
    layout = arrange((Piece(1, (50, 0, 20, 30)),))
    labels = np.zeros((100, 140), np.int16)
    labels[:30, 50:70] = 1
    scene = labels.copy()
    scene[60:, :] = 2

    assert adjusted(replace(layout, labels=labels), [8])[0] == pytest.approx(0.99)
    assert adjusted(replace(layout, labels=scene), [8])[0] < 0.3


def adjusted(layout: Layout, digits: list[int], score: float = 0.99) -> np.ndarray:
    """All candidates of a layout, read as these digits, judged."""
    chosen = list(range(len(layout.candidates)))
    return adjust(
        layout, chosen, np.array(digits), np.full(len(digits), score), CompanyParameters()
    )


@pytest.mark.parametrize(
    ("digits", "suspect"),
    [([1, 1, 1], [True, True, True]), ([1, 7, 1], [False, False, False])],
    ids=["nothing but strokes", "another digit between"],
)
def test_strokes_cut_from_one_another_are_no_digits(digits: list[int], suspect: list[bool]):
    line = tuple(Piece(n + 1, (12 * n, 40, 10, 30), cut=n < 2, of=9) for n in range(3))

    assert (adjusted(arrange(line), digits) < 0.5).tolist() == suspect


def test_strokes_cut_from_other_ink_each_are_digits():
    line = tuple(Piece(n + 1, (30 * n, 40, 10, 30), of=9 + n) for n in range(3))

    assert (adjusted(arrange(line), [1, 1, 1]) > 0.5).all()


@pytest.mark.parametrize(("count", "read"), [(2, True), (11, True), (12, False)])
def test_many_strokes_and_nothing_else_are_a_fence(count: int, read: bool):
    assert (adjusted(arrange(line_of(*[8] * count)), [1] * count) > 0.5).all() == read


@pytest.mark.parametrize(("others", "read"), [(1, False), (2, True)])
def test_many_strokes_among_other_digits_are_read(others: int, read: bool):
    layout = arrange(line_of(*[8] * 14, *[20] * others))

    scores = adjusted(layout, [1] * 14 + [5] * others)

    assert (scores > 0.5).all() == read
    assert (scores[:14] < 0.5).all() != read


@pytest.mark.parametrize(
    ("bar", "digit", "suspect"),
    [(52, 1, True), (66, 1, False), (52, 4, False)],
    ids=["across its middle", "under it", "across another digit"],
)
def test_a_stroke_with_a_bar_across_it_is_a_plus(bar: int, digit: int, suspect: bool):
    left, right = (Piece(n, (x, bar, 10, 4), of=9) for n, x in ((1, 0), (3, 20)))
    line = (replace(left, cut=True), Piece(2, (11, 40, 8, 30), cut=True, of=9), right)
    layout = Layout(
        np.zeros((1, 1), np.int32), (line,), (30.0,), (Candidate(0, 0, 2, line[1].box, (2,)),)
    )

    assert (adjusted(layout, [digit])[0] < 0.5) == suspect


@pytest.mark.parametrize(
    ("first", "last", "digits", "suspect"),
    [
        (40, 56, [0, 1, 0], True),
        (40, 56, [8, 1, 0], False),
        (56, 40, [0, 1, 0], False),
        (40, 40, [0, 1, 0], False),
    ],
    ids=["%", "no ring", "the other way round", "side by side"],
)
def test_the_rings_of_a_percent_sign_are_no_zeros(
    first: int, last: int, digits: list[int], suspect: bool
):
    line = (
        Piece(1, (0, first, 12, 14)),
        Piece(2, (10, 40, 14, 30)),
        Piece(3, (22, last, 12, 14)),
    )

    scores = adjusted(arrange(line), digits)

    assert (scores[[0, 2]] < 0.3).all() == suspect
