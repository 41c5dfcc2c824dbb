"""How good a network is on MNIST's test split: figures alone, no pictures and no prose.

Needs onnxruntime and no TensorFlow: what is measured is the file that is shipped.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from digits.network import Network
from digits.training.calibration import log_loss
from digits.training.data import Labelled

BINS = 15
WORST = 48
Z95 = 1.959964


@dataclass(frozen=True)
class Bin:
    """Of the digits whose highest probability lies in one bin: how sure, how right, how many."""

    confidence: float
    accuracy: float
    count: int


@dataclass(frozen=True)
class Mistake:
    """``index`` into the test split; ``probability`` of what was read, ``true_probability`` of the
    truth."""

    index: int
    digit: int
    read: int
    probability: float
    true_probability: float


@dataclass(frozen=True, kw_only=True)
class MnistFigures:
    """``accuracy_95`` is Wilson's interval; ``confusion[true][read]`` counts; ``recognised`` is
    the share of digits that the digit score calls digits; ``mistakes`` begin with the worst."""

    images: int
    errors: int
    accuracy: float
    accuracy_95: tuple[float, float]
    log_loss: float
    calibration_error: float
    recognised: float
    confusion: list[list[int]]
    reliability: list[Bin]
    mistakes: list[Mistake]

    def to_dict(self) -> dict[str, object]:
        """Plain values for JSON."""
        return asdict(self)


def evaluate_mnist(network: Network, test: Labelled, *, digit_score: float) -> MnistFigures:
    """Score the network alone on the whole split; ``digit_score`` is the card's threshold."""
    probabilities, scores = network.scores(test.tiles())
    read = probabilities.argmax(axis=1)
    wrong = np.flatnonzero(read != test.labels)
    bins = reliability(probabilities, test.labels)
    return MnistFigures(
        images=len(test),
        errors=len(wrong),
        accuracy=1 - len(wrong) / len(test),
        accuracy_95=wilson(len(test) - len(wrong), len(test)),
        log_loss=log_loss(probabilities, test.labels),
        calibration_error=calibration_error(bins),
        recognised=float((scores >= digit_score).mean()),
        confusion=confusion(test.labels, read),
        reliability=bins,
        mistakes=_mistakes(probabilities, test.labels, wrong),
    )


def wilson(successes: int, trials: int) -> tuple[float, float]:
    """The 95 % interval of a proportion (Wilson 1927), which is sound close to 1 as well."""
    share = successes / trials
    spread = Z95**2 / trials
    middle = (share + spread / 2) / (1 + spread)
    half = Z95 / (1 + spread) * math.sqrt(share * (1 - share) / trials + spread / (4 * trials))
    return max(0.0, middle - half), min(1.0, middle + half)


def confusion(labels: NDArray[np.int64], read: NDArray[np.int64]) -> list[list[int]]:
    """``[true][read]`` counts of ten digits."""
    table = np.zeros((10, 10), np.int64)
    np.add.at(table, (labels, read), 1)
    counts: list[list[int]] = table.tolist()
    return counts


def reliability(probabilities: NDArray[np.float32], labels: NDArray[np.int64]) -> list[Bin]:
    """``BINS`` bins of equal width by the highest probability; empty ones are left out."""
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == labels
    which = np.minimum((confidence * BINS).astype(int), BINS - 1)
    return [
        Bin(float(confidence[chosen].mean()), float(right[chosen].mean()), int(chosen.sum()))
        for chosen in (which == number for number in range(BINS))
        if chosen.any()
    ]


def calibration_error(bins: list[Bin]) -> float:
    """Expected calibration error: the mean gap between how sure and how right, by count."""
    total = sum(bin.count for bin in bins)
    return sum(bin.count * abs(bin.confidence - bin.accuracy) for bin in bins) / total


def _mistakes(
    probabilities: NDArray[np.float32], labels: NDArray[np.int64], wrong: NDArray[np.intp]
) -> list[Mistake]:
    """The `WORST` of the wrong ones, surest first."""
    order = wrong[np.argsort(-probabilities[wrong].max(axis=1), kind="stable")][:WORST]
    return [
        Mistake(
            index=int(index),
            digit=int(labels[index]),
            read=int(probabilities[index].argmax()),
            probability=float(probabilities[index].max()),
            true_probability=float(probabilities[index, labels[index]]),
        )
        for index in order
    ]
