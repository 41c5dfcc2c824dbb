"""What a network should say of some tiles, and how much each of them counts in the loss."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from digits.training.calibration import sigmoid, softmax
from digits.training.validation import Outputs

DIGITS = 10

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Targets:
    """For ``n`` tiles: the probabilities of each digit ``[n, 10]`` and of being one at all ``[n]``,
    each with its weights ``[n]``."""

    digit: Floats
    is_digit: Floats
    digit_weight: Floats
    is_digit_weight: Floats

    @classmethod
    def of_labels(cls, labels: NDArray[np.int64]) -> Targets:
        """The truth; -1 is no digit, and teaches nothing about which digit it is."""
        is_digit = (labels >= 0).astype(np.float32)
        digit = np.eye(DIGITS, dtype=np.float32)[np.maximum(labels, 0)]
        return cls(digit, is_digit, is_digit, np.ones_like(is_digit))

    @classmethod
    def of_outputs(cls, outputs: Outputs, *, weight: float) -> Targets:
        """What another network says (Hinton, Vinyals and Dean 2015), of what is no digit too."""
        digit = softmax(outputs.logits).astype(np.float32)
        weights = np.full(len(digit), weight, np.float32)
        return cls(digit, sigmoid(outputs.digit_logit).astype(np.float32), weights, weights)

    def __add__(self, others: Targets) -> Targets:
        """These and then the others."""
        return Targets(
            np.concatenate([self.digit, others.digit]),
            np.concatenate([self.is_digit, others.is_digit]),
            np.concatenate([self.digit_weight, others.digit_weight]),
            np.concatenate([self.is_digit_weight, others.is_digit_weight]),
        )
