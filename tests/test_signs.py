"""What a mark is when it is no digit, by what stands around it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from digits import signs
from digits.components import Box
from digits.layout import Candidate, Layout, Piece
from digits.signs import Marks, SignParameters

PARAMETERS = SignParameters()
DIGIT = (100, 100, 40, 100)
"""x, y, width and height of a digit in a picture of 400x300 pixels, so that a dot's size and place
are in hundredths of its height."""


def marks(*lines: list[Piece], read: dict[int, int], shape: tuple[int, int] = (300, 400)) -> Marks:
    """Pieces by their labels, each ``read`` as a digit a mark of its own."""
    candidates = [
        Candidate(number, place, place, piece.box, (piece.label,))
        for number, line in enumerate(lines)
        for place, piece in enumerate(line)
        if piece.label in read
    ]
    layout = Layout(np.zeros(shape, np.int16), tuple(map(tuple, lines)), (), ())
    digits = np.array([read[each.labels[0]] for each in candidates])
    return Marks.of(layout, candidates, digits, PARAMETERS)


def a_run(run: list[Piece], labels: tuple[int, ...], digit: int) -> Marks:
    """All pieces of a line as one mark, of which it has those with these labels."""
    box = next(piece.box for piece in run if piece.label == labels[-1])
    candidate = Candidate(0, 0, len(run) - 1, box, labels)
    layout = Layout(np.zeros((300, 400), np.int16), (tuple(run),), (), ())
    return Marks.of(layout, [candidate], np.array([digit]), PARAMETERS)


@pytest.mark.parametrize(
    ("dot", "is_one"),
    [
        ((110, 70, 20, 20), True),
        ((110, 210, 20, 20), True),
        ((110, 85, 10, 10), True),
        ((110, 85, 7, 7), False),
        ((110, 40, 45, 45), True),
        ((110, 30, 55, 55), False),
        ((110, 42, 20, 20), True),
        ((110, 35, 20, 20), False),
        ((110, 245, 20, 20), False),
        ((110, 90, 20, 20), False),
        ((95, 70, 20, 20), True),
        ((85, 70, 20, 20), False),
        ((128, 70, 20, 20), True),
        ((135, 70, 20, 20), False),
    ],
    ids=[
        "above",
        "below",
        "small",
        "a speck",
        "large",
        "too large",
        "far above",
        "too far above",
        "too far below",
        "beside its top",
        "at its left end",
        "left of it",
        "at its right end",
        "right of it",
    ],
)
def test_a_dot_is_small_and_right_above_or_below(dot: Box, is_one: bool):
    found = signs.dotted(marks([Piece(1, DIGIT)], [Piece(2, dot)], read={1: 3}), PARAMETERS)

    assert found.tolist() == [is_one]


@pytest.mark.parametrize(
    ("digit", "dot", "is_one"),
    [
        (1, (138, 70, 20, 20), True),
        (7, (138, 70, 20, 20), True),
        (3, (138, 70, 20, 20), False),
        (1, (150, 70, 20, 20), False),
        (1, (138, 210, 20, 20), False),
    ],
)
def test_a_slanted_i_has_its_dot_to_the_right(digit: int, dot: Box, is_one: bool):
    found = signs.dotted(marks([Piece(1, DIGIT)], [Piece(2, dot)], read={1: digit}), PARAMETERS)

    assert found.tolist() == [is_one]


@pytest.mark.parametrize(
    ("changed", "is_one"),
    [({}, True), ({"cut": True}, False), ({"parted": True}, False)],
    ids=["whole", "cut", "parted"],
)
def test_a_dot_stands_alone(changed: dict[str, bool], is_one: bool):
    dot = replace(Piece(2, (110, 70, 20, 20)), **changed)

    found = signs.dotted(marks([Piece(1, DIGIT)], [dot], read={1: 3}), PARAMETERS)

    assert found.tolist() == [is_one]


def test_what_was_cut_off_the_piece_before_it_is_no_dot():
    line = [Piece(3, (60, 70, 50, 20), cut=True), Piece(2, (110, 70, 20, 20))]

    found = signs.dotted(marks([Piece(1, DIGIT)], line, read={1: 3}), PARAMETERS)

    assert found.tolist() == [False]


@pytest.mark.parametrize(("pieces", "is_one"), [(3, True), (4, False)])
def test_the_letters_of_a_line_of_print_are_no_dots(pieces: int, is_one: bool):
    above = [Piece(2 + n, (110 + 30 * n, 70, 20, 20)) for n in range(pieces)]

    assert signs.dotted(marks([Piece(1, DIGIT)], above, read={1: 3}), PARAMETERS) == [is_one]


def test_what_is_left_out_of_a_line_with_a_mark_may_be_a_dot_however_many_there_are():
    beside = [Piece(3 + n, (200 + 30 * n, 170, 20, 20)) for n in range(4)]
    line = [Piece(1, DIGIT), Piece(2, (110, 70, 20, 20)), *beside]

    assert signs.dotted(marks(line, read={1: 3}), PARAMETERS) == [True]


def test_a_digit_is_no_dot():
    line = [Piece(1, DIGIT)], [Piece(2, (110, 60, 20, 30))]

    assert signs.dotted(marks(*line, read={1: 3, 2: 7}), PARAMETERS).tolist() == [False, False]


@pytest.mark.parametrize("labels", [(2, 1), (1,)], ids=["part of it", "left out of it"])
@pytest.mark.parametrize(
    ("digit", "dot", "is_one"),
    [
        (1, (110, 70, 20, 20), True),
        (7, (110, 215, 20, 20), True),
        (3, (110, 70, 20, 20), False),
        (1, (110, 75, 20, 20), False),
        (1, (110, 45, 20, 45), False),
        (1, (138, 70, 20, 20), True),
    ],
    ids=["an i", "a ?", "another digit", "not clear of it", "not round", "a slanted i"],
)
def test_a_mark_of_two_pieces_may_be_a_stroke_and_its_dot(
    digit: int, dot: Box, is_one: bool, labels: tuple[int, ...]
):
    mark = a_run([Piece(2, dot), Piece(1, DIGIT)], labels, digit)

    assert signs.dotted(mark, PARAMETERS).tolist() == [is_one]


def test_parts_that_were_cut_are_no_stroke_and_its_dot():
    run = [Piece(2, (110, 70, 20, 20), cut=True), Piece(1, DIGIT)]

    assert signs.dotted(a_run(run, (2, 1), 1), PARAMETERS).tolist() == [False]


def test_a_broken_stroke_of_three_pieces_is_no_i():
    run = [Piece(2, (110, 70, 20, 20)), Piece(1, DIGIT), Piece(3, (120, 210, 10, 10))]

    assert signs.dotted(a_run(run, (2, 3, 1), 1), PARAMETERS).tolist() == [False]


SLASH = (100, 100, 40, 100)
UPPER, LOWER = (80, 95, 30, 30), (130, 175, 30, 30)


@pytest.mark.parametrize(
    ("upper", "lower", "is_one"),
    [
        (UPPER, LOWER, True),
        (UPPER, None, False),
        ((130, 95, 30, 30), (80, 175, 30, 30), False),
        (UPPER, (80, 175, 30, 30), False),
        ((130, 95, 30, 30), LOWER, False),
        (UPPER, (130, 95, 30, 30), False),
        ((80, 175, 30, 30), LOWER, False),
        ((80, 95, 30, 75), LOWER, False),
        (UPPER, (130, 175, 5, 5), False),
        ((30, 95, 30, 30), LOWER, False),
        (UPPER, (180, 175, 30, 30), False),
        ((80, 60, 30, 30), LOWER, False),
        (UPPER, (130, 210, 30, 30), False),
    ],
    ids=[
        "%",
        "one ring",
        "the other way round",
        "both left",
        "both right",
        "both above",
        "both below",
        "too high",
        "a speck",
        "too far left",
        "too far right",
        "too far up",
        "too far down",
    ],
)
@pytest.mark.parametrize("rings", ["read", "lone"])
def test_a_percent_sign_has_a_ring_above_left_and_one_below_right(
    upper: Box, lower: Box | None, is_one: bool, rings: str
):
    pieces = [Piece(1, SLASH), Piece(2, upper), *([Piece(3, lower)] if lower else [])]
    read = {1: 1} | ({piece.label: 0 for piece in pieces[1:]} if rings == "read" else {})

    found = signs.of_percent_sign(marks(pieces, read=read), PARAMETERS)

    assert found.tolist() == [is_one] * len(read)


@pytest.mark.parametrize(
    ("read", "found"),
    [
        ({1: 7, 2: 0, 3: 0}, [False, True, True]),
        ({1: 1, 2: 8, 3: 0}, [False, False, False]),
        ({1: 7}, [False]),
        ({2: 0, 3: 0}, [False, False]),
    ],
    ids=[
        "rings beside a 7",
        "an 8 is no ring",
        "lone rings beside a 7",
        "rings beside what is none",
    ],
)
def test_nothing_but_strokes_and_rings_make_a_percent_sign(read: dict[int, int], found: list[bool]):
    pieces = [Piece(1, SLASH), Piece(2, UPPER), Piece(3, LOWER)]

    assert signs.of_percent_sign(marks(pieces, read=read), PARAMETERS).tolist() == found


@pytest.mark.parametrize(
    ("left", "right", "digit", "is_one"),
    [
        ((60, 140, 35, 20), (145, 140, 35, 20), 1, True),
        ((60, 140, 35, 20), None, 1, False),
        (None, (145, 140, 35, 20), 1, False),
        ((60, 100, 35, 20), (145, 100, 35, 20), 1, False),
        ((60, 185, 35, 20), (145, 185, 35, 20), 1, False),
        ((60, 140, 35, 20), (145, 140, 35, 20), 4, False),
    ],
    ids=["+", "on the left alone", "on the right alone", "at its top", "at its foot", "no stroke"],
)
def test_a_plus_is_a_stroke_with_a_bar_across_its_middle(
    left: Box | None, right: Box | None, digit: int, is_one: bool
):
    line = [
        Piece(label, box, of=9)
        for label, box in ((2, left), (1, (110, 100, 20, 100)), (3, right))
        if box
    ]

    found = signs.crossed(marks(line, read={1: digit}), PARAMETERS)

    assert found.tolist() == [is_one]


@pytest.mark.parametrize(("of", "own"), [(0, 9), (8, 9), (0, 0)])
def test_what_is_not_of_the_same_ink_does_not_cross_a_stroke(of: int, own: int):
    line = [
        Piece(2, (60, 140, 35, 20), of=of),
        Piece(1, (110, 100, 20, 100), of=own),
        Piece(3, (145, 140, 35, 20), of=of),
    ]

    assert signs.crossed(marks(line, read={1: 1}), PARAMETERS).tolist() == [False]


def test_other_digits_do_not_cross_a_stroke():
    line = [
        Piece(2, (60, 100, 35, 100), of=9),
        Piece(1, (110, 100, 20, 100), of=9),
        Piece(3, (145, 100, 35, 100), of=9),
    ]

    assert not signs.crossed(marks(line, read={2: 4, 1: 1, 3: 7}), PARAMETERS).any()


def test_strokes_alone_cut_from_one_ink_are_a_zigzag():
    def cut(*of: int) -> list[Piece]:
        return [Piece(n, (30 * n, 100, 20, 100), of=each) for n, each in enumerate(of, start=1)]

    assert signs.zigzag(marks(cut(9, 9), read={1: 1, 2: 1})).tolist() == [True, True]
    assert signs.zigzag(marks(cut(9, 9), read={1: 1, 2: 4})).tolist() == [False, False]
    assert signs.zigzag(marks(cut(8, 9), read={1: 1, 2: 1})).tolist() == [False, False]
    assert signs.zigzag(marks(cut(0, 0), read={1: 1, 2: 1})).tolist() == [False, False]
    assert signs.zigzag(marks(cut(9, 9, 0), read={1: 1, 2: 1, 3: 5})).tolist() == [1, 1, 0]


def of_heights(*heights: int) -> list[Piece]:
    """Parts of one piece, from left to right, all cut from each other."""
    last = len(heights)
    return [
        Piece(n, (30 * n, 100, 20, height), cut=n < last, of=9)
        for n, height in enumerate(heights, start=1)
    ]


@pytest.mark.parametrize(
    ("heights", "read", "off_ink", "off_marks"),
    [
        ((100, 100), {1: 3}, [1], [0]),
        ((100, 100), {2: 3}, [1], [0]),
        ((100, 50), {1: 3}, [0.5], [0]),
        ((50, 100), {1: 3}, [1], [0]),
        ((100, 100, 100), {2: 3}, [2], [0]),
        ((100, 100), {1: 3, 2: 4}, [0, 0], [1, 1]),
        ((100, 100, 100), {1: 3, 2: 4}, [0, 1], [1, 1]),
        ((100, 100, 100), {1: 3, 3: 4}, [1, 1], [0, 0]),
        ((100,), {1: 3}, [0], [0]),
    ],
)
def test_how_many_sides_were_cut_off_what(
    heights: tuple[int, ...], read: dict[int, int], off_ink: list[float], off_marks: list[int]
):
    found = signs.torn(marks(of_heights(*heights), read=read))

    assert [each.tolist() for each in found] == [off_ink, off_marks]


def test_what_a_part_was_cut_off_may_stand_before_it():
    """Parts of a slanted piece need not stand in the order of their cuts."""
    first, last = of_heights(100, 100)

    off_ink, _ = signs.torn(marks([last, replace(first, box=(90, 100, 20, 100))], read={1: 3}))

    assert off_ink.tolist() == [1]


def test_all_that_is_connected_with_what_is_left_out_counts():
    line = of_heights(20, 20, 20, 100)

    (off_ink,), _ = signs.torn(marks(line, read={4: 3}))
    (beside,), _ = signs.torn(marks([line[0], replace(line[1], cut=False), *line[2:]], read={4: 3}))

    assert (off_ink, beside) == (0.8, 0.2)


@pytest.mark.parametrize(
    ("box", "meets"),
    [
        ((1, 100, 40, 100), True),
        ((100, 1, 40, 100), True),
        ((359, 100, 40, 100), True),
        ((100, 199, 40, 100), True),
        ((2, 100, 40, 100), False),
        ((358, 100, 40, 100), False),
        ((100, 198, 40, 100), False),
    ],
)
def test_a_mark_is_framed_where_it_meets_the_border_and_others_do_not(box: Box, meets: bool):
    others = [Piece(2, (150, 120, 40, 60)), Piece(3, (250, 120, 40, 60))]

    found = signs.framed(marks([Piece(1, box), *others], read={1: 4, 2: 3, 3: 5}), PARAMETERS)

    assert found.tolist() == [float(meets), 0, 0]


def test_how_many_keep_clear_of_the_border_is_a_share_of_the_line():
    line = [Piece(1, (0, 100, 40, 100)), Piece(2, (150, 100, 40, 60)), Piece(3, (360, 100, 40, 60))]
    below = [Piece(4, (150, 220, 40, 60))]

    assert signs.framed(marks(line, read={1: 4, 2: 3, 3: 5}), PARAMETERS)[0] == 0.5
    assert signs.framed(marks(line, below, read={1: 4, 2: 3, 3: 5, 4: 6}), PARAMETERS)[0] == 0.5
    assert signs.framed(marks(line, below, read={1: 4, 4: 6}), PARAMETERS)[0] == 1
    assert signs.framed(marks(line, read={1: 4, 2: 1}), PARAMETERS)[0] == 0
    assert signs.framed(marks(line, read={1: 4}), PARAMETERS)[0] == 0


@pytest.mark.parametrize(
    ("box", "digit", "spans"),
    [
        ((100, 0, 12, 300), 1, True),
        ((100, 1, 12, 298), 1, True),
        ((0, 100, 400, 12), 1, True),
        ((100, 2, 12, 298), 1, False),
        ((100, 0, 12, 297), 1, False),
        ((100, 0, 40, 300), 1, False),
        ((100, 0, 12, 300), 7, False),
    ],
    ids=["down", "nearly", "across", "not to the top", "not to the foot", "broad", "another digit"],
)
def test_a_slim_stroke_from_border_to_border_spans_the_picture(box: Box, digit: int, spans: bool):
    found = signs.spanning(marks([Piece(1, box)], read={1: digit}), PARAMETERS)

    assert found.tolist() == [spans]


@pytest.mark.parametrize(
    ("height", "expected"), [(100, 0), (75, 0), (65, 0.5), (55, 1), (30, 1), (150, 0)]
)
def test_how_much_smaller_a_mark_is_than_the_others_of_its_line(height: int, expected: float):
    line = [Piece(n, (50 * n, 100, 40, 100)) for n in (1, 2, 3)]
    line.append(Piece(4, (200, 100, 20, height)))
    elsewhere = [Piece(5, (50, 250, 20, 20))]

    found = signs.dwarfed(marks(line, elsewhere, read={1: 3, 2: 4, 3: 5, 4: 6, 5: 7}), PARAMETERS)

    np.testing.assert_allclose(found, [0, 0, 0, expected, 0], atol=1e-9)


def test_the_median_of_the_others_on_a_line():
    sizes, lines = np.array([10.0, 20, 40, 7, 30]), np.array([0, 0, 0, 1, 0])

    np.testing.assert_allclose(signs.usual_of_others(sizes, lines), [30, 30, 20, 7, 20])


@pytest.mark.parametrize(
    ("box", "entangled"),
    [
        ((100, 100, 40, 100), True),
        ((110, 110, 20, 20), True),
        ((128, 100, 40, 100), False),
        ((112, 100, 40, 100), True),
        ((113, 100, 40, 100), False),
        ((200, 100, 40, 100), False),
        ((100, 250, 40, 40), False),
        ((200, 250, 40, 40), False),
    ],
)
def test_marks_are_entangled_that_share_most_of_a_box(box: Box, entangled: bool):
    found = signs.entangled(marks([Piece(1, DIGIT), Piece(2, box)], read={1: 3, 2: 4}), PARAMETERS)

    assert found.tolist() == [entangled, entangled]


def with_ink(box: Box, digit: int, *, share: float, others: int = 0) -> Marks:
    """A digit that has such a share of the ink of a picture, the rest of it a blot."""
    mark = marks(
        [Piece(1, box), *(Piece(3 + n, (60 * n, 120, 40, 60)) for n in range(others))],
        read={1: digit} | {3 + n: 5 for n in range(others)},
    )
    x, y, width, height = box
    own = width * height // 2  # half of the box is ink
    blot = round(own * (1 / share - 1))
    mark.layout.labels[y : y + height : 2, x : x + width] = 1
    mark.layout.labels.reshape(-1)[120_000 - blot :] = 2
    return mark


@pytest.mark.parametrize(
    ("box", "digit", "share", "of_scene"),
    [
        ((100, 0, 40, 100), 8, 0.75, True),
        ((100, 0, 40, 100), 8, 0.85, False),
        ((0, 100, 40, 100), 8, 0.75, True),
        ((360, 100, 40, 100), 8, 0.75, True),
        (DIGIT, 8, 0.1, False),
        (DIGIT, 1, 0.25, True),
        (DIGIT, 1, 0.35, False),
        ((100, 0, 40, 100), 1, 0.75, True),
    ],
    ids=[
        "at the border",
        "nearly all there is",
        "at the left",
        "at the right",
        "clear of the border",
        "a stroke",
        "a stroke, and little else",
        "a stroke at the border",
    ],
)
def test_a_mark_alone_in_much_other_ink_is_part_of_a_scene(
    box: Box, digit: int, share: float, of_scene: bool
):
    found = signs.of_scene(with_ink(box, digit, share=share), PARAMETERS)

    assert found.tolist() == [of_scene]


def test_what_is_not_alone_is_no_part_of_a_scene():
    mark = with_ink((100, 0, 40, 100), 1, share=0.1, others=1)

    assert signs.of_scene(mark, PARAMETERS).tolist() == [False, False]
