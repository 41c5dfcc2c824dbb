"""Ruled lines go, pen strokes stay."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from digits import rules


def written() -> np.ndarray:
    """Three strokes, one of them a wide bar like that of a 7."""
    mask = np.zeros((200, 400), np.uint8)
    cv2.line(mask, (80, 40), (80, 160), (1,), 6)
    cv2.line(mask, (180, 40), (260, 40), (1,), 6)
    cv2.line(mask, (260, 40), (210, 160), (1,), 6)
    return mask


def ruled(mask: np.ndarray, *, tilt: int = 0) -> np.ndarray:
    lined = mask.copy()
    cv2.line(lined, (0, 120), (399, 120 + tilt), (1,), 2)
    return lined


def removed(mask: np.ndarray) -> np.ndarray:
    """What is left where all ink is as strong, and there is nothing else."""
    return rules.remove(mask, mask * np.uint8(255))


def test_a_page_without_rules_is_left_as_it_is():
    assert np.array_equal(removed(written()), written())


def test_a_picture_thinner_than_what_is_looked_at_at_a_time_is_left_as_it_is():
    thread = np.ones((1, 1000), np.uint8)

    assert np.array_equal(removed(thread), thread)
    assert np.array_equal(removed(thread.T), thread.T)


def test_a_rule_is_removed_and_the_strokes_across_it_stay():
    cleaned = removed(ruled(written()))

    assert cleaned[120, 300:].sum() == 0
    assert cleaned[:, 80].sum() == written()[:, 80].sum()
    count, _ = cv2.connectedComponents(cleaned)
    assert count - 1 == 2


def test_a_rule_that_rises_is_removed_too():
    cleaned = removed(ruled(written(), tilt=12))

    assert cleaned.sum() < written().sum() * 1.03


@pytest.mark.parametrize(("top", "tilt"), [(2, 0), (2, 50), (196, 0), (196, -50), (100, 55)])
def test_a_rule_may_be_anywhere_and_rise_as_far_as_it_may(top: int, tilt: int):
    alone = np.zeros((200, 400), np.uint8)
    cv2.circle(alone, (60, 60), 25, (1,), 6)
    lined = alone.copy()
    cv2.line(lined, (0, top), (399, top + tilt), (1,), 2)

    assert removed(lined).sum() < alone.sum() * 1.05


def test_squared_paper_loses_both_directions():
    squared = written()
    squared[::40] = 1
    squared[:, 20::40] = 1

    cleaned = removed(squared)

    assert cleaned[:, 270:].mean() < 0.01
    assert cleaned[100, 80] == 1


def printed(strength: int) -> tuple[np.ndarray, np.ndarray]:
    """Writing on squared paper, some lines of which run along its strokes: mask and strength.

    Around writing what is much fainter is no ink, so there are holes in the lines of the mask.
    """
    lines = np.zeros((200, 400), np.uint8)
    lines[::20] = lines[:, ::20] = 1
    strong = np.where(written() > 0, 200, lines * strength).astype(np.uint8)
    mask = lines | written()
    if strength < 100:
        mask[50:150, 60:280] = written()[50:150, 60:280]
    return mask, strong


def test_lines_that_are_fainter_than_the_writing_go_and_the_writing_stays_whole():
    cleaned = rules.remove(*printed(60))

    assert cleaned[written() > 0].all()
    assert cv2.dilate(written(), np.ones((3, 3)))[cleaned > 0].all()


def test_lines_as_strong_as_the_writing_are_told_from_it_by_their_shape():
    cleaned = rules.remove(*printed(170))

    assert cleaned[:, 290:].mean() < 0.01
    assert cleaned[50:150, 80].mean() > 0.9


def test_faint_writing_on_faint_lines_stays():
    mask, strength = printed(60)
    faint = np.where(written() > 0, 80, strength).astype(np.uint8)

    cleaned = rules.remove(mask, faint)

    assert cleaned[written() > 0].mean() > 0.8


def test_a_stroke_that_is_most_of_the_ink_is_no_rule():
    bar = np.zeros((100, 300), np.uint8)
    bar[50:52] = 1

    assert np.array_equal(removed(bar), bar)


def test_an_upright_stroke_in_a_narrow_picture_is_no_rule():
    one = np.zeros((200, 60), np.uint8)
    one[:, 29:32] = 1

    assert np.array_equal(removed(one), one)


def test_the_edge_of_a_sheet_that_ends_before_the_picture_does_is_a_rule_too():
    lined = written()
    lined[20:180, 370:372] = 1

    assert np.array_equal(removed(lined), written())


def test_a_one_of_the_same_pen_is_no_rule_however_long():
    mask = np.zeros((200, 120), np.uint8)
    cv2.line(mask, (30, 20), (30, 180), (1,), 3)
    cv2.ellipse(mask, (80, 100), (20, 60), 0, 0, 360, (1,), 3)

    assert np.array_equal(removed(mask), mask)


def framed(*, cells: int, walls: bool = True) -> np.ndarray:
    """A form's field in the middle of a page, a digit's worth of ink in each cell."""
    mask = np.zeros((160, 600), np.uint8)
    right = 60 + 60 * cells
    for y in (40, 110):
        cv2.line(mask, (60, y), (right, y), (1,), 2)
    for x in range(60, right + 1, 60 if walls else 1000):
        cv2.line(mask, (x, 40), (x, 110), (1,), 2)
    for x in range(60, right, 60):
        cv2.line(mask, (x + 30, 52), (x + 30, 98), (1,), 7)
        cv2.line(mask, (x + 18, 52), (x + 42, 52), (1,), 7)
    return mask


@pytest.mark.parametrize("turned", [False, True])
def test_a_frame_goes_with_the_walls_between_its_cells(turned):
    """Level or upright."""
    cleaned = removed(framed(cells=8).T.copy()).T if turned else removed(framed(cells=8))

    assert cleaned[75, 90:540:60].all()
    _, _, stats, _ = cv2.connectedComponentsWithStats(cleaned)
    heights = stats[1:, cv2.CC_STAT_HEIGHT]
    assert (heights > 8).sum() == 8  # what is left where lines cross is dirt
    assert heights.max() < 60


@pytest.mark.parametrize("degrees", [-6, 5])
def test_a_frame_may_be_turned_and_the_digits_in_it_stay(degrees: float):
    turn = cv2.getRotationMatrix2D((300, 80), degrees, 1)
    large = cv2.warpAffine(framed(cells=8) * 255, turn, (600, 160), flags=cv2.INTER_LINEAR)

    cleaned = removed((large > 127).astype(np.uint8))

    _, _, stats, _ = cv2.connectedComponentsWithStats(cleaned)
    heights = stats[1:, cv2.CC_STAT_HEIGHT]
    assert (heights > 12).sum() == 8
    assert 40 < np.median(heights[heights > 12]) < 60


def test_a_stroke_from_one_rule_of_the_paper_to_the_next_is_no_wall():
    mask = np.zeros((160, 600), np.uint8)
    for y in (40, 110):
        cv2.line(mask, (0, y), (599, y), (1,), 2)
    for x in (100, 200, 300):
        cv2.line(mask, (x, 42), (x, 108), (1,), 3)
        cv2.line(mask, (x + 50, 50), (x + 50, 100), (1,), 7)

    cleaned = removed(mask)

    assert cleaned[75, [100, 200, 300]].all()
    assert not cleaned[40, 20:80].any()


@pytest.mark.parametrize("turned", [False, True])
def test_a_margin_that_is_printed_stronger_than_the_rules_goes_too(turned):
    mask, strength = np.zeros((400, 600), np.uint8), np.zeros((400, 600), np.uint8)
    for row in range(30, 400, 40):
        cv2.line(strength, (0, row), (599, row), (60,), 2)
    cv2.line(strength, (90, 0), (90, 399), (170,), 3)
    cv2.line(strength, (300, 105), (300, 185), (255,), 8)
    cv2.line(strength, (400, 105), (440, 185), (255,), 8)
    mask[strength > 0] = 1

    if turned:
        cleaned = rules.remove(mask.T.copy(), strength.T.copy()).T
    else:
        cleaned = rules.remove(mask, strength)

    assert cleaned[:, 80:100].sum() == 0
    assert cleaned[110:180, 300].all()
    count, _ = cv2.connectedComponents(cleaned)
    assert count - 1 == 2


def test_a_wall_from_a_rule_that_is_curved_beyond_the_border_begins_at_it():
    mask = np.zeros((100, 200), np.uint8)
    mask[:60, 100:102] = 1
    above, below = (np.full(200, -1.4), np.full(200, 60.0))
    walls = list(rules._between(mask, (0, above), (0, below), rules.RuleParameters()))
    assert [left for left, _ in walls] == [0]


@pytest.mark.parametrize(("gap", "count"), [(9, 0), (30, 1)])
def test_walls_are_looked_for_between_rules_that_are_not_close(gap, count):
    mask = np.zeros((100, 200), np.uint8)
    mask[40 : 40 + gap, 100:102] = 1
    above, below = (np.full(200, float(row)) for row in (40, 40 + gap))
    walls = list(rules._between(mask, (0, above), (0, below), rules.RuleParameters()))
    assert len(walls) == count


def between(drawn: np.ndarray) -> int:
    """How many walls there are in what is drawn between two rules, 60 rows apart."""
    mask = np.zeros((120, 200), np.uint8)
    mask[40:100, 90 : 90 + drawn.shape[1]] = drawn
    above, below = (np.full(200, float(row)) for row in (40, 100))
    return len(list(rules._between(mask, (0, above), (0, below), rules.RuleParameters())))


def upright(*rows: tuple[int, int]) -> np.ndarray:
    """A stroke of two pixels from row to row, and from row to row."""
    drawn = np.zeros((60, 2), np.uint8)
    for first, last in rows:
        drawn[first:last] = 1
    return drawn


def slanted(across: int) -> np.ndarray:
    drawn = np.zeros((60, across + 2), np.uint8)
    cv2.line(drawn, (0, 0), (across, 59), (1,), 2)
    return drawn


@pytest.mark.parametrize(
    ("drawn", "count"),
    [
        (upright((0, 60)), 1),
        (upright((5, 59)), 1),
        (upright((0, 50)), 0),
        (upright((0, 28), (31, 60)), 1),
        (upright((0, 26), (34, 60)), 0),
        (upright(*((row, row + 3) for row in range(0, 60, 7))), 0),
        (slanted(12), 1),
        (slanted(30), 0),
    ],
    ids=["whole", "nearly", "short", "gap", "parted", "dashes", "tilted", "slanted"],
)
def test_a_wall_is_thin_and_goes_nearly_all_the_way_and_nearly_straight(drawn, count):
    assert between(drawn) == count


@pytest.mark.parametrize("tilt", [70, 100])
def test_what_climbs_more_than_a_rule_stays(tilt):
    lined = np.zeros((200, 400), np.uint8)
    cv2.circle(lined, (60, 60), 25, (1,), 6)
    cv2.line(lined, (0, 80), (399, 80 + tilt), (1,), 2)
    assert np.array_equal(removed(lined), lined)


@pytest.mark.parametrize("lines", [1, 3])
def test_what_is_no_stronger_than_print_goes_where_there_are_several_lines(lines):
    strength = written() * np.uint8(200)
    for row in range(lines):
        strength[100 + 30 * row, :] = 100
    strength[60:90, 320:326] = 110

    cleaned = rules.remove((strength > 0).astype(np.uint8), strength)

    assert bool(cleaned[75, 322]) == (lines == 1)
    assert cleaned[75, 80]


def test_soft_edges_of_writing_stay_where_print_goes():
    mask, strength = printed(60)
    soft = np.maximum(strength, cv2.blur(written() * np.uint8(200), (3, 3)))
    mask |= (soft > 60).astype(np.uint8)

    cleaned = rules.remove(mask, soft)

    beside = (cv2.dilate(written(), np.ones((3, 3))) > 0) & (soft > 60)
    assert cleaned[beside].all()


def test_print_is_as_strong_as_most_of_it_and_a_little_more():
    rng = np.random.default_rng(1)
    even = np.full(1000, 80, np.uint8)
    uneven = np.clip(rng.normal(80, 12, 1000), 0, 255).astype(np.uint8)
    crossed = np.where(np.arange(1000) % 10, even, 255).astype(np.uint8)
    parameters = rules.PrintParameters()

    assert rules._strongest_print(even, parameters) == 100
    assert rules._strongest_print(crossed, parameters) == 100
    assert rules._strongest_print(uneven, parameters) == pytest.approx(80 + 4 * 12, abs=8)
    assert rules._strongest_print(np.full(1000, 250, np.uint8), parameters) == 255


@pytest.mark.parametrize(("share", "wanted"), [(0.05, 60), (0.15, 200)])
def test_writing_is_as_strong_as_the_strongest_tenth_of_the_ink(share, wanted):
    strength = np.where(np.arange(1000) < 1000 * share, 200, 60).astype(np.uint8)[None]
    assert rules._strong(np.ones_like(strength), strength, rules.PrintParameters()) == wanted


def test_a_line_is_as_strong_as_the_strongest_of_three_rows():
    strength = np.zeros((20, 30), np.uint8)
    strength[[9, 10, 11, 12]] = np.uint8([[50], [40], [60], [200]])
    assert np.all(next(rules._along(strength, [(5, np.full(20, 10.2))])) == 60)


def test_a_curve_of_blocks_runs_through_their_middles():
    left, rows = rules._enlarged((2, np.arange(5.0)), 4, 26)
    assert left == 8
    assert len(rows) == 18
    assert rows[2:16] == pytest.approx(np.arange(2.0, 16.0))


def with_line(rows: slice, columns: slice, *, pen: int = 4) -> np.ndarray:
    """Upright strokes of that pen, and a level line that is thick as it is told."""
    mask = np.zeros((200, 400), np.uint8)
    for x in range(60, 360, 40):
        mask[20:160, x : x + pen] = 1
    mask[rows, columns] = 1
    return mask


def without_line(*, pen: int = 4) -> np.ndarray:
    return with_line(slice(0), slice(0), pen=pen)


@pytest.mark.parametrize(
    ("start", "stop", "gone"),
    [(0, 300, True), (11, 300, True), (120, 400, True), (30, 370, False), (0, 150, False)],
)
def test_a_line_as_thick_as_the_pen_goes_if_it_is_long_and_meets_the_border(start, stop, gone):
    mask = with_line(slice(170, 174), slice(start, stop))
    cleaned = removed(mask)
    assert np.array_equal(cleaned[:170], mask[:170])
    if gone:
        assert cleaned[170:].sum() <= 4  # a column may be left where it ends
    else:
        assert np.array_equal(cleaned, mask)


def test_a_fine_line_that_is_most_of_the_ink_is_none_between_strokes():
    mask = np.zeros((200, 400), np.uint8)
    mask[170:172, 40:360] = 1
    mask[100:150, 200:206] = 1
    assert np.array_equal(removed(mask), mask)


def test_a_rule_in_the_last_rows_is_found():
    mask = with_line(slice(198, 200), slice(0, 400))
    assert np.array_equal(removed(mask), without_line())


def test_a_rule_may_be_curved():
    mask = without_line(pen=6)
    curve = 170 + 25 * (np.arange(400) / 200 - 1) ** 2
    mask[np.rint(curve).astype(int), np.arange(400)] = 1
    mask[np.rint(curve).astype(int) + 1, np.arange(400)] = 1
    assert np.array_equal(removed(mask)[:, 370:], np.zeros((200, 30)))
    assert removed(mask)[150:, 200:210].sum() == without_line(pen=6)[150:, 200:210].sum()


def test_what_is_thin_beside_a_rule_stays():
    mask = with_line(slice(170, 172), slice(0, 400))
    mask[162:164, 200:230] = 1
    assert removed(mask)[162:164, 200:230].all()


@pytest.mark.parametrize(
    ("shape", "gone"), [((30, 30), False), ((60, 60), True), ((60, 200), False), ((60, 100), True)]
)
def test_rules_are_not_looked_for_where_there_is_no_room_for_writing(shape, gone):
    width, height = shape
    mask = np.zeros((height, width), np.uint8)
    mask[4 : height // 2, 5:-5:8] = mask[4 : height // 2, 6:-5:8] = 1
    mask[4 : height // 2, 7:-4:8] = mask[4 : height // 2, 8:-4:8] = 1
    wanted = mask.copy()
    mask[-8:-5, :] = 1
    assert np.array_equal(removed(mask), wanted if gone else mask)


def test_a_rule_of_a_pixel_is_found_in_a_large_picture():
    mask = cv2.resize(without_line(), (1920, 960), interpolation=cv2.INTER_NEAREST)
    wanted = mask.copy()
    mask[850] = 1
    assert np.array_equal(removed(mask), wanted)


def sloped(left: int, top: float, length: int) -> rules.Curve:
    """A line that falls by a fifth of its length."""
    return left, top + 0.2 * np.arange(length)


@pytest.mark.parametrize(
    ("other", "same"),
    [
        (sloped(40, 100.0, 200), True),
        (sloped(50, 102.0, 200), False),
        (sloped(40, 100.0, 240), False),
        (sloped(0, 92.0, 240), False),
    ],
)
def test_lines_end_alike_right_below_each_other_across_them(other, same):
    assert rules._same_ends(sloped(50, 52.0, 200), other, 300, rules.RuleParameters()) == same


def test_a_stroke_between_lines_that_end_elsewhere_is_no_wall():
    mask = framed(cells=8, walls=False)
    mask[108:112, :120] = 0
    mask[40:110, 420:422] = 1
    assert removed(mask)[75, 420]
