"""Honest probabilities: temperature scaling and a logistic fit, both on the validation split.

One temperature divides the ten logits (Guo, Pleiss, Sun, Weinberger 2017), which never changes
which digit is read; a scale and a bias do the same for "is it a digit" (Platt 1999).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]
Labels = NDArray[np.int64]

COLDEST, HOTTEST = 0.05, 20.0
STEEPEST = 50.0
GOLDEN = (5**0.5 - 1) / 2


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """``probabilities = softmax(logits / temperature)``; ``digit_score = sigmoid(score_scale *
    digit_logit + score_bias)``."""

    temperature: float = 1.0
    score_scale: float = 1.0
    score_bias: float = 0.0

    def to_dict(self) -> dict[str, object]:
        """Plain values for the card."""
        return asdict(self)

    def probabilities(self, logits: Floats) -> Floats:
        """``[n, 10]`` logits to probabilities that sum to 1."""
        return softmax(logits / self.temperature)

    def digit_score(self, digit_logit: Floats) -> Floats:
        """``[n]`` logits to the probability of being exactly one digit."""
        return sigmoid(self.score_scale * digit_logit + self.score_bias)


def fit_temperature(logits: Floats, labels: Labels) -> float:
    """The temperature with the least negative log-likelihood, by golden-section search."""
    low, high = np.log(COLDEST), np.log(HOTTEST)
    wide = logits.astype(np.float64)
    while high - low > 1e-4:
        left, right = high - GOLDEN * (high - low), low + GOLDEN * (high - low)
        if _loss(wide, labels, left) < _loss(wide, labels, right):
            high = right
        else:
            low = left
    return float(np.exp((low + high) / 2))


def fit_score(digit_logit: Floats, is_digit: NDArray[np.bool_]) -> tuple[float, float]:
    """Scale and bias of a logistic regression, by Newton's method.

    The targets are drawn in a little, as Platt does, so that a perfect separation has a finite
    answer too.
    """
    x = np.stack([digit_logit.astype(np.float64), np.ones(len(digit_logit))], axis=1)
    positive, negative = int(is_digit.sum()), int((~is_digit).sum())
    targets = np.where(is_digit, (positive + 1) / (positive + 2), 1 / (negative + 2))
    weights = np.array([1.0, 0.0])
    for _ in range(50):
        predicted = sigmoid(x @ weights)
        curvature = (x * (predicted * (1 - predicted))[:, None]).T @ x + 1e-6 * np.eye(2)
        step = np.linalg.solve(curvature, x.T @ (predicted - targets))
        weights = weights - np.clip(step, -1, 1)
        if np.abs(step).max() < 1e-8:
            break
    return float(np.clip(weights[0], 1 / STEEPEST, STEEPEST)), float(weights[1])


def softmax(logits: Floats) -> Floats:
    """Over the last axis, without overflow."""
    shifted = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=-1, keepdims=True))


def sigmoid(x: Floats) -> Floats:
    """Without overflow on either side."""
    small = np.exp(-np.abs(x))
    return np.where(x >= 0, 1 / (1 + small), small / (1 + small))


def log_loss(probabilities: Floats, labels: Labels) -> float:
    """Mean negative logarithm of the probability of the true label."""
    true = probabilities[np.arange(len(labels)), labels]
    return float(-np.log(np.maximum(true, 1e-12)).mean())


def _loss(logits: Floats, labels: Labels, log_temperature: float) -> float:
    return log_loss(softmax(logits / np.exp(log_temperature)), labels)
