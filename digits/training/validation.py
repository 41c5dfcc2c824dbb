"""The validation split as every choice is made on it: digits as they are, and hard cases.

The hard cases are the held-out digits distorted as in training, with things that are no digit
among them; the same ones every time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from digits.training.calibration import (
    Calibration,
    fit_score,
    fit_temperature,
    log_loss,
    sigmoid,
    softmax,
)
from digits.training.data import Labelled
from digits.training.examples import Examples

Tiles = NDArray[np.float32]
Labels = NDArray[np.int64]

SEED = 20_240_229
"""Of the hard cases; not the run's own, so that runs can be compared."""

MISSED_ALARMS = 0.03
"""Share of the hard digits read right that ``uncertain`` may flag."""


@dataclass(frozen=True)
class Outputs:
    """What the network says of ``n`` tiles: ``logits`` ``[n, 10]``, ``digit_logit`` ``[n]``."""

    logits: NDArray[np.float32]
    digit_logit: NDArray[np.float32]


Scorer = Callable[[Tiles], Outputs]


@dataclass(frozen=True)
class Validation:
    """Tiles ``[n, 28, 28, 1]`` and labels ``[n]``; -1 among the hard ones is no digit."""

    clean: Tiles
    clean_labels: Labels
    hard: Tiles
    hard_labels: Labels

    @classmethod
    def of(cls, held_out: Labelled, *, negatives_share: float) -> Validation:
        """Make the hard cases from the held-out images."""
        examples = Examples(
            held_out.images, held_out.labels, seed=SEED, negatives_share=negatives_share
        )
        return cls(held_out.tiles(), held_out.labels, *examples.epoch(0))

    def measure(self, score: Scorer) -> dict[str, float]:
        """Figures of one epoch; ``loss`` is what the best epoch has least of."""
        return self.figures(score(self.clean), score(self.hard))

    def figures(self, clean: Outputs, hard: Outputs) -> dict[str, float]:
        """The same from what was said of the digits as they are and of the hard cases."""
        digits = self.hard_labels >= 0
        clean_loss = log_loss(softmax(clean.logits), self.clean_labels)
        hard_loss = log_loss(softmax(hard.logits[digits]), self.hard_labels[digits])
        score_loss = _binary_loss(hard.digit_logit, digits)
        return {
            "loss": clean_loss + hard_loss + score_loss,
            "accuracy": _accuracy(clean.logits, self.clean_labels),
            "clean_loss": clean_loss,
            "hard_accuracy": _accuracy(hard.logits[digits], self.hard_labels[digits]),
            "hard_loss": hard_loss,
            "score_accuracy": float(((hard.digit_logit > 0) == digits).mean()),
            "score_loss": score_loss,
        }

    def calibrate(self, score: Scorer) -> Calibration:
        """The temperature from the digits as they are, the digit score from the hard cases."""
        scale, bias = fit_score(score(self.hard).digit_logit, self.hard_labels >= 0)
        return Calibration(
            temperature=fit_temperature(score(self.clean).logits, self.clean_labels),
            score_scale=scale,
            score_bias=bias,
        )

    def uncertain_below(self, score: Scorer, calibration: Calibration) -> float:
        """The confidence that all but `MISSED_ALARMS` of the hard digits read right exceed."""
        outputs = score(self.hard)
        probabilities = calibration.probabilities(outputs.logits)
        confidence = probabilities.max(axis=1) * calibration.digit_score(outputs.digit_logit)
        right = probabilities.argmax(axis=1) == self.hard_labels
        return float(np.quantile(confidence[right], MISSED_ALARMS))


def _accuracy(logits: NDArray[np.float32], labels: Labels) -> float:
    return float((logits.argmax(axis=1) == labels).mean())


def _binary_loss(logit: NDArray[np.float32], positive: NDArray[np.bool_]) -> float:
    true = np.where(positive, sigmoid(logit), sigmoid(-logit))
    return float(-np.log(np.maximum(true, 1e-12)).mean())
