"""What every choice of a training run is made on."""

from __future__ import annotations

import numpy as np
import pytest

from digits.training.calibration import Calibration
from digits.training.data import Labelled
from digits.training.validation import Outputs, Validation


def held_out(count: int = 20) -> Labelled:
    """Upright strokes, each called another digit; what they look like is not the point."""
    images = np.zeros((count, 28, 28), np.uint8)
    images[:, 5:22, 12:16] = 255
    return Labelled(images, np.arange(count) % 10)


def case(clean: list[int], hard: list[int]) -> Validation:
    return Validation(
        np.zeros((len(clean), 28, 28, 1), np.float32),
        np.array(clean),
        np.ones((len(hard), 28, 28, 1), np.float32),
        np.array(hard),
    )


def answers(read: list[int], digit_logit: list[float], strength: float = 2.0) -> Outputs:
    return Outputs(strength * np.eye(10, dtype=np.float32)[read], np.array(digit_logit, np.float32))


def test_hard_cases_hold_each_digit_once_and_the_share_of_other_things():
    validation = Validation.of(held_out(20), negatives_share=0.5)
    assert (validation.hard_labels == -1).sum() == 10
    assert len(validation.hard) == len(validation.hard_labels) >= 30
    assert validation.clean.shape == (20, 28, 28, 1)


def test_hard_cases_are_the_same_every_time():
    first = Validation.of(held_out(), negatives_share=0.5)
    second = Validation.of(held_out(), negatives_share=0.5)
    assert np.array_equal(first.hard, second.hard)


def test_measures_digits_as_they_are_hard_ones_and_other_things_apart():
    validation = case(clean=[1, 2], hard=[3, 4, -1, -1])

    def score(tiles):
        if tiles[0, 0, 0, 0] == 0:
            return answers([1, 3], [0, 0])
        return answers([3, 4, 5, 6], [2, -1, -3, 1])

    figures = validation.measure(score)
    assert figures["accuracy"] == 0.5
    assert figures["hard_accuracy"] == 1
    assert figures["score_accuracy"] == 0.5
    right = -np.log(np.exp(2) / (np.exp(2) + 9))
    assert figures["hard_loss"] == pytest.approx(right)
    assert figures["clean_loss"] == pytest.approx(right + 1)
    assert figures["score_loss"] == pytest.approx(np.mean(np.log1p(np.exp([-2.0, 1.0, -3.0, 1.0]))))
    assert figures["loss"] == pytest.approx(
        figures["clean_loss"] + figures["hard_loss"] + figures["score_loss"]
    )


def test_all_but_three_in_a_hundred_right_ones_exceed_the_uncertain_threshold():
    count = 1000
    labels = np.zeros(count, int)
    labels[:100] = 9  # read wrong, and left out
    logit = np.linspace(-3, 3, count)
    validation = case(clean=[0], hard=labels.tolist())

    def score(tiles):
        return answers([0] * count, logit.tolist(), strength=50)

    calibration = Calibration()
    threshold = validation.uncertain_below(score, calibration)
    flagged = calibration.digit_score(logit)[100:] < threshold
    assert flagged.mean() == pytest.approx(0.03, abs=0.001)


def test_the_temperature_is_that_of_digits_as_they_are():
    rng = np.random.default_rng(3)
    labels = rng.integers(0, 10, 400)
    read = np.where(rng.random(400) < 0.9, labels, (labels + 1) % 10)
    validation = case(clean=labels.tolist(), hard=[0, -1] * 50)

    def score(tiles):
        if tiles[0, 0, 0, 0] == 0:
            return answers(read.tolist(), [0] * 400, strength=20)
        return answers([0] * 100, [1, -1] * 50)

    calibration = validation.calibrate(score)
    share = (read == labels).mean()
    assert calibration.probabilities(score(validation.clean).logits).max() == pytest.approx(
        share, abs=0.01
    )
    assert calibration.score_bias == pytest.approx(0, abs=1e-6)
    assert calibration.score_scale > 1
