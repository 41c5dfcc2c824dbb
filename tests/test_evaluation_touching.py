"""Numbers whose digits touch, and how they are counted."""

from __future__ import annotations

import cv2
import numpy as np
from samples import ReadsAlways

from digits.evaluation import touching
from digits.evaluation.touching import Number, Outcome
from digits.training.data import Labelled


def part() -> Labelled:
    """Ten rings, which stand for digits."""
    images = np.zeros((10, 28, 28), np.uint8)
    for image in images:
        cv2.circle(image, (14, 14), 9, (255,), 2)
    return Labelled(images, np.arange(10))


def pieces_of_ink(picture: bytes) -> int:
    grey = cv2.imdecode(np.frombuffer(picture, np.uint8), cv2.IMREAD_GRAYSCALE)
    inked = (cv2.medianBlur(grey, 3) < 0.75 * np.median(grey)).astype(np.uint8)
    return cv2.connectedComponents(inked)[0] - 1


def test_numbers_are_the_same_for_the_same_seed():
    few = list(touching.numbers(part(), seed=4, count=2))

    assert few == list(touching.numbers(part(), seed=4, count=2))
    assert few != list(touching.numbers(part(), seed=5, count=2))
    assert [number.overlap for number in few[::2]] == list(touching.OVERLAPS)


def test_digits_stand_apart_with_a_gap_and_are_one_piece_of_ink_without():
    apart, _, close, closer = touching.numbers(part(), seed=6, count=1)

    assert pieces_of_ink(apart.picture) == len(apart.truth)
    assert pieces_of_ink(close.picture) == pieces_of_ink(closer.picture) == 1


def test_what_is_tuned_on_is_not_what_is_reported():
    assert touching.TUNE_SEED != touching.HELD_OUT_SEED


def test_digits_count_one_by_one_and_numbers_whole():
    reader = ReadsAlways("1294")

    assert touching.read(reader, Number(0.0, b"", "1234")) == Outcome(0.0, False, 3, 4)
    assert touching.read(reader, Number(0.0, b"", "1294")) == Outcome(0.0, True, 4, 4)


def test_figures_are_shares_of_digits_and_of_numbers():
    measured = touching.figures([Outcome(0.0, True, 4, 4), Outcome(0.0, False, 1, 6)])

    assert (measured["digits"]["hits"], measured["digits"]["of"]) == (5, 10)
    assert measured["overlaps"]["0.0"]["numbers"]["share"] == 0.5
    assert measured["overlaps"]["0.08"]["digits"]["share"] is None
