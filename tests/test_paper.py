"""Paper is as bright as it is between the ink, on either side of an edge too."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from digits.paper import PaperParameters, brightness

PEN = 40
LEFT, RIGHT = 220, 110


def written(paper: np.ndarray, *, pen: int = 2) -> np.ndarray:
    """Rings in two rows on a page of ``[120, 160]`` grey levels, lit as the paper is."""
    ink = np.zeros(paper.shape, np.uint8)
    for x in range(20, 150, 20):
        for y in (40, 80):
            cv2.circle(ink, (x, y), 7, (1,), pen)
    return np.where(ink, paper * (PEN / 220), paper).astype(np.uint8)


def found(grey: np.ndarray) -> np.ndarray:
    return brightness(grey, PaperParameters(), closing=39, window=19).astype(float)


def even(level: int = LEFT) -> np.ndarray:
    return np.full((120, 160), level, np.float64)


def half_in_shadow() -> np.ndarray:
    paper = even()
    paper[:, 80:] = RIGHT
    return paper


@pytest.mark.parametrize("level", [60, 128, 250])
def test_even_paper_is_even_under_ink(level):
    assert np.abs(found(written(even(level))) - level).max() <= 3


def test_light_that_falls_off_is_followed_up_to_the_border():
    paper = np.linspace(230, 110, 160)[None, :] * np.ones((120, 1))
    assert np.abs(found(written(paper)) / paper - 1).max() < 0.06


def test_each_side_of_a_hard_edge_has_its_own_light():
    paper = half_in_shadow()
    seen = found(written(paper))
    away = np.abs(np.arange(160) - 79.5) > 3
    assert np.abs(seen / paper - 1)[:, away].max() < 0.04


def test_along_a_hard_edge_paper_is_no_brighter_than_the_picture():
    """What it is brighter is a line along the edge, which looks like a stroke."""
    paper = half_in_shadow()
    assert (found(paper.astype(np.uint8)) - paper)[:, 70:90].max() < 0.05 * RIGHT


def test_an_average_alone_is_neither_side_of_an_edge():
    """What the two tests before this one would see of it."""
    grey = half_in_shadow().astype(np.uint8)
    averaged = brightness(grey, PaperParameters(step=1.0), closing=39, window=19)
    assert averaged[60, 83] > 1.2 * RIGHT


def test_a_shadow_with_a_round_corner_is_paper():
    paper = even()
    cv2.circle(paper, (160, 120), 60, (RIGHT,), -1)
    seen = found(written(paper))
    inside = np.hypot(*(np.indices(paper.shape) - np.array([120, 160])[:, None, None])) < 55
    assert np.abs(seen[inside] / RIGHT - 1).max() < 0.06


def test_what_is_wide_and_dark_on_dark_does_not_widen_the_strokes():
    """Something dark with round corners lies on the page. Were it measured with the strokes what
    is on it, a closing as wide as its corners would leave these to be ink."""
    paper = even()
    for start, end in (((36, 84), (160, 120)), ((20, 100), (160, 120))):
        cv2.rectangle(paper, start, end, (40,), -1)
    cv2.circle(paper, (36, 100), 16, (40,), -1)
    for x in (60, 90, 120):
        cv2.rectangle(paper, (x, 100), (x + 19, 112), (24,), -1)
    paper = np.asarray(cv2.GaussianBlur(paper, (0, 0), 1.0))
    assert (found(written(paper)) / paper)[84:100, 20:36].max() < 1.2


@pytest.mark.parametrize("slope", [10, 20])
def test_what_an_edge_leaves_does_not_widen_the_strokes(slope):
    """Into the slanted side of something dark the closing does not fit, and there is little ink."""
    paper = even()
    outline = [(20, 106), (20, 125), (165, 125), (165, 84 + slope), (36, 84)]
    cv2.fillPoly(paper, [np.array(outline)], (40,))
    cv2.circle(paper, (36, 100), 16, (40,), -1)
    paper = np.asarray(cv2.GaussianBlur(paper, (0, 0), 1.0))
    ink = written(paper)
    ink[:, 70:] = paper[:, 70:]
    ink[60:] = paper[60:]
    assert (found(ink) / paper)[84:100, 20:36].max() < 1.2


def test_broad_strokes_beside_an_edge_are_no_paper():
    """The closing that follows the edge is wider than they are."""
    paper = half_in_shadow()
    for x in (66, 94):
        cv2.line(paper, (x, 30), (x, 90), (PEN,), 12)
    assert (found(paper.astype(np.uint8))[40:80, [66, 94]] > 0.9 * np.array([LEFT, RIGHT])).all()


def test_strokes_that_the_closing_hardly_fills_have_no_edges_of_shadows():
    """Their crossings, which it does not fill, look like some."""
    grey = even()
    cv2.line(grey, (20, 60), (140, 60), (PEN,), 30)
    cv2.circle(grey, (80, 60), 28, (PEN,), -1)
    averaged = brightness(grey.astype(np.uint8), PaperParameters(step=1.0), closing=39, window=19)
    assert np.array_equal(found(grey.astype(np.uint8)), averaged)


def test_a_shadow_with_slanted_sides_is_paper():
    """No square of the closing's width fits into its right half, which an edge leads to."""
    paper = even()
    paper[61:, :80] = RIGHT
    cv2.fillPoly(paper, [np.array([(80, 20), (120, 60), (80, 100), (40, 60)])], (RIGHT,))
    wide = PaperParameters(strokes=100.0)
    seen = brightness(paper.astype(np.uint8), wide, closing=39, window=19)
    assert seen[60, 104] < 1.1 * RIGHT


def test_a_mark_much_broader_than_the_pen_is_no_paper():
    grey = written(even())
    cv2.line(grey, (20, 105), (140, 105), (PEN,), 9)
    assert found(grey)[105, 80] > 0.9 * LEFT


@pytest.mark.parametrize(("depth", "is_ink"), [(15, False), (45, True)])
def test_what_is_hardly_darker_than_paper_is_paper(depth, is_ink):
    """Texture and stains; they are out of 255."""
    grey = even()
    grey[45:75, 60:90] *= 1 - depth / 255
    seen = found(grey.astype(np.uint8))[60, 75]
    assert seen == pytest.approx(LEFT if is_ink else grey[60, 75], abs=3)


def test_pencil_is_ink_beside_a_marker():
    """It is less than half as dark, relative to paper."""
    grey = written(even(), pen=5)
    cv2.rectangle(grey, (20, 100), (140, 110), (130,), -1)
    assert found(grey)[105, 80] > 0.95 * LEFT


def test_dots_of_a_fine_pen_beside_an_edge_are_ink():
    """They are broader than its strokes."""
    grey = written(half_in_shadow(), pen=1)
    for x in (70, 92):
        cv2.rectangle(grey, (x - 2, 98), (x + 2, 102), (30,), -1)
    seen = found(grey)
    assert seen[100, 70] > 0.9 * LEFT
    assert seen[100, 92] > 0.9 * RIGHT


def test_a_blot_beside_an_edge_is_ink():
    """It is up to four strokes wide."""
    grey = written(half_in_shadow(), pen=3)
    for x in (62, 98):
        cv2.circle(grey, (x, 105), 8, (30,), -1)
    seen = found(grey)
    assert seen[105, 62] > 0.9 * LEFT
    assert seen[105, 98] > 0.9 * RIGHT


def test_a_stroke_along_an_edge_is_ink_though_there_is_no_other():
    grey = half_in_shadow()
    grey[20:100, 75:87] = PEN
    assert found(grey.astype(np.uint8))[30:90, 75:87].min() > 0.8 * RIGHT


def test_edges_are_followed_near_them_only_and_less_the_further_off_they_are():
    grey = written(half_in_shadow())
    averaged = brightness(grey, PaperParameters(step=1.0), closing=39, window=19).astype(float)
    moved = np.abs(found(grey) - averaged)
    assert moved[:, 76:84].max() > 20
    assert moved[:, :48].max() == moved[:, 112:].max() == 0
    # Nowhere else does the one become the other at once.
    jumps = np.abs(np.diff(found(grey), axis=1))
    assert np.delete(jumps, np.s_[74:86], axis=1).max() <= 6


def test_what_may_be_ink_is_no_wider_near_an_edge_than_elsewhere():
    paper = even()
    paper[:, 60:] = RIGHT
    grey = written(paper, pen=2)
    grey[20:40, 100:120] = PEN
    grey[:, 130:] = PEN
    wide = brightness(grey, PaperParameters(strokes=100.0), closing=19, window=19)
    assert wide[60, 145] < 1.5 * PEN


def test_one_bright_pixel_is_no_paper():
    """Noise: a closing has the brightest of what is near."""
    grey = np.full((120, 160), 150, np.uint8)
    grey[30::30, 30::30] = 200
    assert found(grey).max() < 170


@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (40, 1), (5, 7)])
def test_tiny_pictures_have_paper_too(shape):
    grey = np.full(shape, 200, np.uint8)
    paper = brightness(grey, PaperParameters(), closing=5, window=9)
    assert paper.shape == shape
    assert abs(paper.astype(int) - 200).max() <= 1
