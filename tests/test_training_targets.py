"""What a network is to learn of a batch: the truth, or what another network says."""

from __future__ import annotations

import numpy as np
import pytest

from digits.training.targets import Targets
from digits.training.validation import Outputs


def test_what_is_no_digit_teaches_nothing_about_which_digit_it_is():
    targets = Targets.of_labels(np.array([3, -1]))
    assert targets.digit[0].argmax() == 3
    assert targets.digit[0].sum() == 1
    assert targets.is_digit.tolist() == [1, 0]
    assert targets.digit_weight.tolist() == [1, 0]
    assert targets.is_digit_weight.tolist() == [1, 1]


def test_another_network_teaches_how_sure_it_is_whatever_the_tile_is():
    logits = np.zeros((2, 10), np.float32)
    logits[:, 4] = np.log(9)  # against nine others: one half
    targets = Targets.of_outputs(Outputs(logits, np.array([0, np.log(3)], np.float32)), weight=20)
    assert targets.digit[:, 4] == pytest.approx([0.5, 0.5])
    assert targets.digit.sum(axis=1) == pytest.approx([1, 1])
    assert targets.is_digit == pytest.approx([0.5, 0.75])
    assert targets.digit_weight.tolist() == targets.is_digit_weight.tolist() == [20, 20]


def test_joined_they_follow_each_other():
    outputs = Outputs(np.zeros((1, 10), np.float32), np.zeros(1, np.float32))
    both = Targets.of_outputs(outputs, weight=5) + Targets.of_labels(np.array([7, 2]))
    assert both.digit.shape == (3, 10)
    assert both.digit[1:].argmax(axis=1).tolist() == [7, 2]
    assert both.is_digit.tolist() == [0.5, 1, 1]
    assert both.digit_weight.tolist() == both.is_digit_weight.tolist() == [5, 1, 1]
