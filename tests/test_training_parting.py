"""What is cut out of numbers whose digits touch, and what is said of it."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from digits.training import negatives, parting
from digits.training.parting import Number


def images() -> tuple[np.ndarray, np.ndarray]:
    """A 0 and a 7 as MNIST has them, of each some."""
    zero, seven = np.zeros((2, 28, 28), np.uint8)
    cv2.ellipse(zero, (14, 14), (6, 9), 0, 0, 360, 255, 2, cv2.LINE_AA)
    corners = np.array([[7, 5], [20, 5], [11, 23]]).reshape(-1, 1, 2)
    cv2.polylines(seven, [corners], False, 255, 2, cv2.LINE_AA)
    return np.stack([zero, seven] * 4), np.array([0, 7] * 4)


def two_blocks() -> Number:
    """Two blocks of 40x20 that a thin bridge of 4 pixels connects: a 3 and a 4, say."""
    ink = np.zeros((40, 44), np.uint8)
    ink[:, :20] = ink[:, 24:] = 255
    ink[20:22, 20:24] = 200
    left, right = ink > 0, ink > 0
    left[:, 22:] = right[:, :22] = False
    return Number(ink, (left, right), (3, 4))


@pytest.mark.parametrize("touching", [False, True])
def test_blocks_are_parted_at_their_bridge(touching):
    cut = parting.cut(two_blocks(), touching=touching)
    for wanted in (0, 1):
        best = cut.shares[:, wanted].argmax()
        assert cut.shares[best, wanted] > 0.9
        assert cut.shares[best, 1 - wanted] < 0.1


def test_shares_are_what_a_run_and_a_digit_have_in_common():
    number = two_blocks()
    cut = parting.cut(number, touching=False)
    assert len(cut.runs) == len(cut.shares) > 3
    for (first, last), shares in zip(cut.runs, cut.shares, strict=True):
        run = (cut.part_of >= first) & (cut.part_of <= last)
        expected = [(run & own).sum() / (run | own).sum() for own in number.owned]
        assert shares == pytest.approx(expected)


def test_no_run_is_wider_than_the_reader_joins_nor_a_mere_speck():
    cut = parting.cut(two_blocks(), touching=False)
    for first, last in cut.runs:
        rows, columns = np.nonzero((cut.part_of >= first) & (cut.part_of <= last))
        assert np.ptp(columns) + 1 <= 1.35 * 40
        assert max(np.ptp(rows), np.ptp(columns)) + 1 >= 0.35 * 40


def test_ink_that_is_cut_out_has_its_own_soft_edge_and_nothing_of_a_neighbour():
    number = two_blocks()
    number.ink[:, 23] = 50  # the soft edge of the right block
    cut = parting.cut(number, touching=False)
    best = int(cut.shares[:, 1].argmax())
    ink = cut.ink(best)
    assert (ink[:10, 23] == 50).all()
    assert not ink[:, :19].any()


def test_digits_run_into_each_other_and_keep_what_is_theirs():
    rng = np.random.default_rng(3)
    for _ in range(20):
        made = parting.number(rng, *images())
        assert 2 <= len(made.digits) <= 3
        assert set(made.digits) <= {0, 7}
        inked = made.ink > parting.INKED
        assert np.array_equal(np.any(made.owned, axis=0), inked)
        count, _ = cv2.connectedComponents(inked.astype(np.uint8))
        assert count - 1 <= len(made.digits)


def test_a_digit_comes_with_its_label_and_a_part_of_one_with_none():
    rng = np.random.default_rng(4)
    found = [parting.digit(rng, *images()) for _ in range(30)]
    digits = [each for each in found if each is not None]
    assert len(digits) > 20
    holes = {0: 0, 7: 0}
    for ink, label in digits:
        mask = (ink > parting.INKED).astype(np.uint8)
        outlines, levels = cv2.findContours(mask, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
        holes[label] += levels is not None and bool((levels[0, :, 3] >= 0).any())
    assert holes[0] > holes[7]
    assert all(parting.none(rng, *images()) is not None for _ in range(10))


def test_a_part_of_a_number_that_looks_like_a_stroke_is_not_taught_to_be_none(monkeypatch):
    slanted = np.zeros((64, 64), np.uint8)
    cv2.line(slanted, (15, 60), (50, 4), 255, 4)
    monkeypatch.setattr(parting, "none", lambda *args: slanted)
    ink = negatives.part_of_number(np.random.default_rng(0), *images())
    assert not np.array_equal(ink, slanted)
    lying = np.ascontiguousarray(slanted.T[:, ::-1])
    lying = cv2.resize(lying, (64, 20))
    monkeypatch.setattr(parting, "none", lambda *args: lying)
    assert np.array_equal(negatives.part_of_number(np.random.default_rng(0), *images()), lying)


def test_what_cannot_be_cut_is_passed_over():
    blank = np.zeros((3, 28, 28), np.uint8)
    bar = blank.copy()
    bar[:, 13:15] = 255  # too wide for one digit, too low for a seam
    rng = np.random.default_rng(5)
    for each in (blank, bar):
        for _ in range(20):
            parting.digit(rng, each, np.ones(3, np.int64))
            parting.none(rng, each, np.ones(3, np.int64))
    assert parting.digit(rng, blank, np.ones(3, np.int64)) is None
