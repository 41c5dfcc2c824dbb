"""Thresholds and curves over confidences, on examples small enough to check by hand."""

from __future__ import annotations

import numpy as np
import pytest

from digits.errors import DataError
from digits.evaluation.confidence import (
    MOST_FALSE_ALARMS,
    calibration_interval,
    choose_uncertain_threshold,
    flagged,
    mean_risk,
    risk_coverage,
)
from digits.evaluation.share import Share
from digits.training.evaluation import calibration_error, reliability

CONFIDENCE = np.array([0.99, 0.95, 0.9, 0.8, 0.6, 0.3])
RIGHT = np.array([True, True, False, True, False, False])


def test_what_lies_below_the_threshold_is_flagged():
    found = flagged(CONFIDENCE, RIGHT, 0.8)
    assert found.wrong == Share(2, 3)
    assert found.right == Share(0, 3)
    assert flagged(CONFIDENCE, RIGHT, np.nextafter(0.8, 1)).right == Share(1, 3)


@pytest.mark.parametrize(
    ("allowed", "threshold", "right"), [(0.0, 0.8, 0), (0.34, 0.95, 1), (0.67, 0.99, 2)]
)
def test_the_threshold_is_the_highest_allowed(allowed, threshold, right):
    chosen = choose_uncertain_threshold(CONFIDENCE, RIGHT, most_false_alarms=allowed)
    assert chosen == threshold
    assert flagged(CONFIDENCE, RIGHT, chosen).right.hits == right
    higher = flagged(CONFIDENCE, RIGHT, float(np.nextafter(chosen, 2)))
    assert higher.right.value > allowed


def test_with_many_digits_the_share_of_false_alarms_is_kept():
    rng = np.random.default_rng(3)
    right = rng.random(5000) < 0.95
    confidence = np.where(right, rng.beta(8, 1, 5000), rng.beta(2, 2, 5000))
    chosen = choose_uncertain_threshold(confidence, right)
    kept = flagged(confidence, right, chosen).right.value
    assert MOST_FALSE_ALARMS - 0.0003 <= kept <= MOST_FALSE_ALARMS < 0.05
    assert flagged(confidence, right, chosen).wrong.value > 0.6


def test_nothing_right_leaves_nothing_to_choose_from():
    with pytest.raises(DataError, match="no digit was read right"):
        choose_uncertain_threshold(np.array([0.5]), np.array([False]))


def test_risk_rises_as_less_sure_digits_are_accepted():
    points = risk_coverage(CONFIDENCE, RIGHT)
    assert [coverage for coverage, _ in points] == pytest.approx(
        [1 / 6, 2 / 6, 3 / 6, 4 / 6, 5 / 6, 1], abs=1e-5
    )
    assert [risk for _, risk in points] == pytest.approx(
        [0, 0, 1 / 3, 1 / 4, 2 / 5, 1 / 2], abs=1e-5
    )
    assert mean_risk(CONFIDENCE, RIGHT) == pytest.approx((1 / 3 + 1 / 4 + 2 / 5 + 1 / 2) / 6)


def test_a_curve_over_many_digits_has_few_points_and_ends_with_all():
    confidence = np.linspace(0, 1, 1000)
    points = risk_coverage(confidence, confidence > 0.1)
    assert len(points) <= 60
    assert points[-1] == (1.0, 0.1)


def test_the_interval_of_the_calibration_error_holds_the_error():
    rng = np.random.default_rng(1)
    confidence = rng.uniform(0.5, 1, 4000)
    right = rng.random(4000) < confidence - 0.1
    low, high = calibration_interval(confidence, right, bins=15, seed=2)
    bins = reliability(np.stack([1 - confidence, confidence], axis=1), right.astype(np.int64))
    assert 0.08 < low < calibration_error(bins) < high < 0.13
    assert (low, high) == calibration_interval(confidence, right, bins=15, seed=2)
