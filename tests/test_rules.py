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


def test_a_frame_goes_with_the_walls_between_its_cells():
    cleaned = removed(framed(cells=8))

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


def test_a_margin_that_is_printed_stronger_than_the_rules_goes_too():
    mask, strength = np.zeros((400, 600), np.uint8), np.zeros((400, 600), np.uint8)
    for row in range(30, 400, 40):
        cv2.line(strength, (0, row), (599, row), (60,), 2)
    cv2.line(strength, (90, 0), (90, 399), (170,), 3)
    cv2.line(strength, (300, 105), (300, 185), (255,), 8)
    cv2.line(strength, (400, 105), (440, 185), (255,), 8)
    mask[strength > 0] = 1

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
