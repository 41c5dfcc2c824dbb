"""The figures of a report, on examples small enough to check by hand."""

from __future__ import annotations

import numpy as np
import pytest

from digits.training.data import Labelled
from digits.training.evaluation import (
    Bin,
    calibration_error,
    confusion,
    evaluate_mnist,
    reliability,
    wilson,
)


class Oracle:
    """A network that answers what it is told, whatever the tiles."""

    def __init__(self, probabilities: np.ndarray, scores: np.ndarray) -> None:
        self.answer = (probabilities.astype(np.float32), scores.astype(np.float32))

    def scores(self, tiles: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        assert tiles.shape == (len(self.answer[0]), 28, 28, 1)
        return self.answer


def sure(digit: int, probability: float) -> list[float]:
    """Ten probabilities, one of them given, the others alike."""
    rest = (1 - probability) / 9
    return [probability if number == digit else rest for number in range(10)]


def test_wilson_intervals_as_published():
    # Newcombe 1998, table I: 81 of 263, and the ends.
    assert wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert wilson(15, 148) == pytest.approx((0.0624, 0.1605), abs=5e-5)
    assert wilson(0, 20) == pytest.approx((0, 0.1611), abs=5e-5)
    assert wilson(20, 20) == pytest.approx((0.8389, 1), abs=5e-5)


def test_confusion_counts_by_truth_and_by_what_was_read():
    table = confusion(np.array([3, 3, 8, 0]), np.array([3, 8, 8, 0]))
    assert table[3][3] == table[3][8] == table[8][8] == table[0][0] == 1
    assert sum(map(sum, table)) == 4


def test_reliability_bins_hold_how_sure_how_right_and_how_many():
    probabilities = np.array([sure(1, 0.95), sure(2, 0.97), sure(3, 0.5), sure(4, 1.0)])
    bins = reliability(probabilities, np.array([1, 9, 3, 4]))
    assert [bin.count for bin in bins] == [1, 3]
    assert (bins[0].confidence, bins[0].accuracy) == (0.5, 1)
    assert bins[1].confidence == pytest.approx((0.95 + 0.97 + 1.0) / 3)
    assert bins[1].accuracy == pytest.approx(2 / 3)


def test_calibration_error_weighs_each_bin_by_its_count():
    bins = [Bin(confidence=0.5, accuracy=0.75, count=4), Bin(0.95, 0.9, 12)]
    assert calibration_error(bins) == pytest.approx((4 * 0.25 + 12 * 0.05) / 16)


def test_figures_of_a_split():
    labels = np.array([1, 2, 3, 4])
    probabilities = np.array([sure(1, 0.9), sure(7, 0.6), sure(3, 0.8), sure(9, 0.7)])
    oracle = Oracle(probabilities, np.array([0.9, 0.5, 0.49, 1.0]))
    test = Labelled(np.zeros((4, 28, 28), np.uint8), labels)
    figures = evaluate_mnist(oracle, test, digit_score=0.5)
    assert (figures.images, figures.errors, figures.accuracy) == (4, 2, 0.5)
    assert figures.recognised == 0.75
    assert [(wrong.index, wrong.digit, wrong.read) for wrong in figures.mistakes] == [
        (3, 4, 9),
        (1, 2, 7),
    ]
    assert figures.mistakes[0].probability == pytest.approx(0.7)
    assert figures.mistakes[0].true_probability == pytest.approx(0.3 / 9)
    true = [0.9, 0.4 / 9, 0.8, 0.3 / 9]
    assert figures.log_loss == pytest.approx(-np.log(true).mean(), rel=1e-5)


def test_no_mistake_is_no_trouble():
    oracle = Oracle(np.array([sure(5, 1.0)]), np.array([1.0]))
    test = Labelled(np.zeros((1, 28, 28), np.uint8), np.array([5]))
    figures = evaluate_mnist(oracle, test, digit_score=0.5)
    assert (figures.errors, figures.mistakes, figures.calibration_error) == (0, [], 0)
