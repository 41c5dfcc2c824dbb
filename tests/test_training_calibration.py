"""Probabilities that mean what they say."""

from __future__ import annotations

import numpy as np
import pytest

from digits.training.calibration import (
    COLDEST,
    HOTTEST,
    Calibration,
    fit_score,
    fit_temperature,
    log_loss,
    sigmoid,
    softmax,
)


def drawn(rng: np.random.Generator, logits: np.ndarray) -> np.ndarray:
    """A label for each row, with the probabilities that the logits state."""
    return np.array([rng.choice(10, p=row) for row in softmax(logits)])


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.5])
def test_finds_the_temperature_that_was_put_in(temperature):
    rng = np.random.default_rng(0)
    honest = rng.normal(0, 2, (8000, 10))
    labels = drawn(rng, honest)
    assert fit_temperature(honest * temperature, labels) == pytest.approx(temperature, rel=0.05)


def test_the_temperature_stays_in_bounds_for_perfect_and_for_hopeless_answers():
    labels = np.arange(10)
    right = 5 * np.eye(10)
    assert COLDEST <= fit_temperature(right, labels) < 0.2
    assert fit_temperature(right, (labels + 1) % 10) == pytest.approx(HOTTEST, rel=0.01)


def test_finds_the_scale_and_bias_that_were_put_in():
    rng = np.random.default_rng(1)
    logit = rng.normal(0, 3, 20_000)
    is_digit = rng.random(20_000) < sigmoid(0.5 * logit + 1.0)
    assert fit_score(logit, is_digit) == pytest.approx((0.5, 1.0), abs=0.06)


def test_a_perfect_separation_has_a_finite_scale():
    logit = np.array([-2.0, -1.0, 1.0, 2.0] * 50)
    scale, bias = fit_score(logit, logit > 0)
    assert 1 < scale < 50
    assert abs(bias) < 1e-6


def test_a_score_that_says_nothing_is_answered_with_the_share_of_digits():
    logit = np.zeros(400)
    is_digit = np.arange(400) < 100
    _, bias = fit_score(logit, is_digit)
    assert sigmoid(np.array([bias]))[0] == pytest.approx(0.25, abs=0.005)


def test_calibration_never_changes_which_digit_is_read():
    logits = np.random.default_rng(2).normal(0, 5, (500, 10))
    probabilities = Calibration(temperature=3.7).probabilities(logits)
    assert np.array_equal(probabilities.argmax(axis=1), logits.argmax(axis=1))
    assert np.allclose(probabilities.sum(axis=1), 1)


def test_extreme_values_neither_overflow_nor_divide_by_zero():
    assert softmax(np.array([[1e4, 0.0, -1e4]])).tolist() == [[1, 0, 0]]
    assert sigmoid(np.array([-1e4, 0.0, 1e4])).tolist() == [0, 0.5, 1]
    assert log_loss(np.array([[1.0, 0.0]]), np.array([1])) == pytest.approx(-np.log(1e-12))


def test_log_loss_by_hand():
    probabilities = np.array([[0.5, 0.5], [0.2, 0.8]])
    expected = -(np.log(0.5) + np.log(0.8)) / 2
    assert log_loss(probabilities, np.array([0, 1])) == pytest.approx(expected)
