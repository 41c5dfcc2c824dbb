"""What a confidence is worth: a threshold to flag by, and what is gained by refusing.

Everything takes two arrays of the same length: the confidence of each digit read, and whether it
was right.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from digits.errors import DataError
from digits.evaluation.share import Share

Confidences = NDArray[np.float64]
Rights = NDArray[np.bool_]

MOST_FALSE_ALARMS = 0.038
"""Share of right digits that may be flagged when the threshold is chosen. Chance, and writers that
nobody tuned on, may add more than a point before the promise of one in twenty is broken: with 4.5 %
here it was 5.2 % of the held-out ones, with 4 % by two models 4.96 and 5.002 %."""

POINTS = 60
RESAMPLES = 1000


@dataclass(frozen=True)
class Flagged:
    """Of the wrong digits, and of the right ones, those whose confidence is under a threshold."""

    wrong: Share
    right: Share

    def to_dict(self) -> dict[str, object]:
        """Plain JSON values."""
        return {"wrong": self.wrong.to_dict(), "right": self.right.to_dict()}


def flagged(confidence: Confidences, right: Rights, threshold: float) -> Flagged:
    """What a threshold flags: everything below it."""
    low = confidence < threshold
    return Flagged(
        wrong=Share(int((low & ~right).sum()), int((~right).sum())),
        right=Share(int((low & right).sum()), int(right.sum())),
    )


def choose_uncertain_threshold(
    confidence: Confidences, right: Rights, *, most_false_alarms: float = MOST_FALSE_ALARMS
) -> float:
    """The threshold that flags most of the wrong digits without flagging too many right ones.

    The higher it is, the more of both it flags, so it is the highest that is allowed. Raises
    DataError where no digit was right.
    """
    if not right.any():
        raise DataError("no digit was read right: there is nothing to choose a threshold from")
    ordered = np.sort(confidence[right])
    allowed = math.floor(most_false_alarms * len(ordered))
    return float(ordered[min(allowed, len(ordered) - 1)])


def calibration_interval(
    confidence: Confidences, right: Rights, *, bins: int, seed: int
) -> tuple[float, float]:
    """95 % of the calibration errors that as many digits drawn from these give (bootstrap).

    `digits.training.evaluation.calibration_error` is the figure itself. Chance only ever adds to
    it, so the interval of a well calibrated network may lie above the figure.
    """
    which = np.minimum((confidence * bins).astype(int), bins - 1)
    gap = confidence - right
    totals = np.empty(RESAMPLES)
    rng = np.random.default_rng(seed)
    for index in range(RESAMPLES):
        drawn = rng.integers(len(gap), size=len(gap))
        summed = np.bincount(which[drawn], weights=gap[drawn], minlength=bins)
        totals[index] = np.abs(summed).sum() / len(gap)
    low, high = np.quantile(totals, (0.025, 0.975))
    return float(low), float(high)


def risk_coverage(confidence: Confidences, right: Rights) -> list[tuple[float, float]]:
    """Share of digits accepted and share of wrong ones among those, the surest accepted first.

    At most `POINTS` points, the last of them with everything accepted (El-Yaniv and Wiener 2010).
    """
    order = np.argsort(-confidence, kind="stable")
    wrong = np.cumsum(~right[order])
    counts = np.arange(1, len(order) + 1)
    kept = np.unique(np.linspace(1, len(order), min(POINTS, len(order))).astype(int)) - 1
    return [
        (round(float(counts[index] / len(order)), 5), round(float(wrong[index] / counts[index]), 5))
        for index in kept
    ]


def mean_risk(confidence: Confidences, right: Rights) -> float:
    """Area under the risk-coverage curve: the mean over all coverages; 0 is perfect."""
    order = np.argsort(-confidence, kind="stable")
    wrong = np.cumsum(~right[order])
    return float((wrong / np.arange(1, len(order) + 1)).mean())
