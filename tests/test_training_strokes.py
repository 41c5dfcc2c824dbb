"""Digits drawn from scratch: what a hand may change, and what it must leave."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from digits.training import strokes
from digits.training.strokes import MARGIN, SIDE, VARIANTS, Hand

STEADY = Hand(
    size=np.array([30.0, 48.0]),
    middle=np.ones(2),
    shake=0,
    loose=0,
    tremor=0,
    joined=False,
    rounded=False,
    angular=False,
    pen=3,
    uneven=0,
)


@pytest.mark.parametrize("digit", range(10))
def test_every_digit_is_ink_on_a_canvas_and_the_same_for_the_same_seed(digit):
    drawn = [strokes.draw(np.random.default_rng(seed), digit) for seed in range(60)]
    again = [strokes.draw(np.random.default_rng(seed), digit) for seed in range(60)]
    assert np.array_equal(drawn, again)
    assert len({ink.tobytes() for ink in drawn}) == 60
    for ink in drawn:
        assert ink.shape == (SIDE, SIDE)
        assert ink.dtype == np.uint8
        rows = np.flatnonzero(ink.any(axis=1))
        assert rows[-1] - rows[0] > 0.6 * (SIDE - 2 * MARGIN)


@pytest.mark.parametrize("digit", range(10))
def test_variants_fill_the_box(digit):
    for variant in VARIANTS[digit]:
        points = np.vstack([points for _, points in variant])
        assert points.min() >= (-0.8 if digit == 1 else -0.1)
        assert points.max() <= 1.1
        assert np.ptp(points[:, 1]) > 0.85


def test_a_middle_that_moves_leaves_the_ends():
    points = np.array([[0, 0], [0.5, 0.5], [1, 1]])
    placed = strokes._placed(
        np.random.default_rng(1), points, replace(STEADY, middle=np.full(2, 2))
    )
    assert np.allclose(placed / STEADY.size, [[0, 0], [0.25, 0.25], [1, 1]])


def test_strokes_end_a_little_early_or_late_and_now_and_then_with_a_hook():
    rng = np.random.default_rng(1)
    stroke = np.array([[0.0, 0.0], [0, 20], [0, 40]])
    made = [strokes._ended(rng, stroke) for _ in range(2000)]
    hooks = sum(len(each) - 3 for each in made)
    assert hooks / (2 * len(made)) == pytest.approx(strokes.HOOKED, abs=0.02)
    plain = np.array([each for each in made if len(each) == 3])
    assert not plain[:, :, 0].any()  # along the stroke alone
    assert (plain[:, 1] == stroke[1]).all()
    assert plain[:, 0, 1].std() == pytest.approx(strokes.SLIP, rel=0.1)
    assert abs(plain[:, 0, 1]).max() <= 8  # of 20, never more than 0.4


def test_strokes_are_joined_where_the_next_begins_near_the_end_of_the_last():
    paths = [
        np.array([[0.0, 0.0], [0, 9]]),
        np.array([[0.0, 12], [9, 12]]),
        np.array([[40.0, 0], [40, 9]]),
    ]
    joined = strokes._joined(paths, 10)
    assert len(joined) == 2
    assert np.array_equal(joined[0][[0, -1]], [[0, 0], [9, 12]])
    assert np.hypot(*(joined[0] - [0, 12]).T).min() > 0.4  # not into the corner
    assert np.array_equal(joined[1], paths[2])
    assert len(strokes._joined(paths, 2)) == 3


def test_cut_corners_leave_the_ends_and_the_straight():
    corner = np.array([[0.0, 0.0], [8, 0], [8, 8]])
    path = strokes._rounded(corner)
    assert np.array_equal(path[[0, -1]], corner[[0, 2]])
    assert np.hypot(*(path - corner[1]).T).min() > 1
    assert path.min() >= 0
    assert path.max() <= 8
    turns = np.diff(np.unwrap(np.arctan2(*np.diff(path, axis=0).T[::-1])))
    assert turns.max() < np.pi / 5  # was a right angle


def test_what_trembles_stays_near_its_path():
    path = np.array([[0.0, 0.0], [30, 0], [30, 30]])
    shaken = strokes._trembling(np.random.default_rng(1), path, 0.5)
    assert len(shaken) == 20
    off = np.minimum(abs(shaken[:, 1]), abs(shaken[:, 0] - 30))
    assert 0.1 < off.mean() < 1
    assert np.allclose(strokes._trembling(np.random.default_rng(1), path, 0)[[0, -1]], path[[0, 2]])


@pytest.mark.parametrize("uneven", [0, 0.5])
def test_a_pen_has_a_width(uneven):
    def written(pen: float) -> int:
        ink = np.zeros((SIDE, SIDE), np.uint8)
        path = np.array([[32.0, y] for y in range(8, 57, 6)])
        hand = replace(STEADY, pen=pen, uneven=uneven)
        strokes._write(np.random.default_rng(2), ink, path, hand)
        return int((ink > 128).sum())

    assert written(2) < written(4) < written(7)


def test_a_zero_is_never_angular_and_a_one_is_narrow():
    rng = np.random.default_rng(1)
    assert not any(Hand.of(rng, 0).angular for _ in range(300))
    assert any(Hand.of(rng, 8).angular for _ in range(300))
    widths = [Hand.of(rng, 1).size[0] for _ in range(300)]
    assert max(widths) < 0.61 * (SIDE - 2 * MARGIN)
