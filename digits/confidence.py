"""How sure one may be of a digit that was read: its ink and its surroundings have a say too.

The network sees a tile, and is as sure of half an 8 as of a 3. What the reader knows besides — that
the mark was cut from others, that ink beside it was left out, that it is smaller than its
neighbours, faint, coarse or noisy — goes with the network's own scores into a small network of its
own, ``confidence.onnx`` in the model folder, that was taught on digits read right and wrong. To
learn when a recogniser errs from more than its own scores is an old trade of speech recognition
(Jiang 2005, *Confidence measures for speech recognition: a survey*).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from digits import odds
from digits.components import Box, window
from digits.ink import Ink
from digits.layout import Layout, any_of
from digits.model import ModelFolder
from digits.network import session
from digits.search import Choice
from digits.signs import shared_areas, usual_of_others

FILE = "confidence.onnx"
INPUT, OUTPUT = "evidence", "right"

EVIDENCE = (
    "lead of the digit over the next, in log probability",
    "log odds of the network's digit score",
    "log odds of the score with its company considered",
    "1 if the picture is read as one digit",
    "sides on which it was cut off other ink",
    "share of its box that another digit's box covers",
    "ink near it that is in no digit, over its own",
    "ink near it that is another digit's, over its own",
    "log of its size over that of the other digits of its line",
    "log of its size in pixels",
    "log of the picture's noise in grey levels",
    "median strength of its ink",
    "share of its box that is ink",
    "log of the number of its pieces",
    "width over height",
    *(f"1 if it is a {digit}" for digit in range(10)),
)
"""What each column of the evidence is."""

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class ConfidenceParameters:
    """A picture has no digits if there is none that is at least so sure to be right, 0 to 1: what
    looks a little like digits here and there is a landscape, or the grain of something.

    What evidence is, is what the network was taught: ink no further from a digit than ``near`` of
    its size is near it, and counts up to ``most_ink`` times the digit's own; ink is measured on
    about ``fine`` pixels across a digit, if it has as many.
    """

    least: float = 0.25
    near: float = 0.15
    most_ink: float = 3.0
    fine: int = 48


class Confidence:
    """The network of a model folder that judges what was read."""

    def __init__(self, folder: ModelFolder) -> None:
        self._session = session(folder, FILE, inputs=[INPUT], outputs={OUTPUT})

    @classmethod
    def of(cls, folder: ModelFolder) -> Confidence | None:
        """That of ``folder``; None where there is none, as in older ones. Raises ModelError."""
        return cls(folder) if FILE in folder.networks else None

    def right(self, evidence: Floats) -> NDArray[np.float64]:
        """The probability ``[n]`` that each digit is right, given its evidence ``[n, 25]``."""
        if not len(evidence):
            return np.zeros(0)
        (judged,) = self._session.run([OUTPUT], {INPUT: evidence})
        return np.asarray(judged.reshape(-1), np.float64)


def evidence(
    ink: Ink,
    layout: Layout,
    chosen: Sequence[Choice],
    probabilities: Floats,
    digit_score: Floats,
    parameters: ConfidenceParameters,
    *,
    single: bool,
) -> Floats:
    """What there is to say of each of the ``chosen`` digits: ``[n, 25]``, see `EVIDENCE`.

    ``probabilities`` ``[m, 10]`` and ``digit_score`` ``[m]`` are the network's, of all candidates.
    """
    found = np.zeros((len(chosen), len(EVIDENCE)), np.float32)
    if not chosen:
        return found
    index = [choice.index for choice in chosen]
    candidates = [layout.candidates[each] for each in index]
    boxes = np.array([candidate.box for candidate in candidates], np.float64)
    sizes = boxes[:, 2:].max(axis=1)
    ordered = np.sort(probabilities[index], axis=1)
    found[:, 0] = np.log(ordered[:, -1] / np.maximum(ordered[:, -2], np.exp(-odds.MOST)))
    found[:, 1] = odds.log_odds(digit_score[index])
    found[:, 2] = odds.log_odds(np.array([choice.score for choice in chosen]))
    found[:, 3] = single
    found[:, 4] = [_cuts(layout, each) for each in index]
    found[:, 5] = _covered(boxes)
    found[:, 6:8] = _ink_near(layout, index, parameters)
    lines = np.array([candidate.line for candidate in candidates])
    found[:, 8] = np.log(sizes / usual_of_others(sizes, lines))
    found[:, 9] = np.log(sizes / ink.scale)
    found[:, 10] = np.log1p(ink.noise)
    found[:, 11:13] = [_own(ink, layout, each, parameters.fine) for each in index]
    found[:, 13] = np.log([len(candidate.labels) for candidate in candidates])
    found[:, 14] = boxes[:, 2] / boxes[:, 3]
    found[np.arange(len(index)), 15 + probabilities[index].argmax(axis=1)] = 1
    return found


def _cuts(layout: Layout, index: int) -> int:
    candidate = layout.candidates[index]
    line = layout.lines[candidate.line]
    before = candidate.first > 0 and line[candidate.first - 1].cut
    return int(before) + int(line[candidate.last].cut)


def _covered(boxes: NDArray[np.float64]) -> NDArray[np.float64]:
    """For each box ``[n, 4]`` the largest share of its area that one other box covers."""
    return np.asarray(shared_areas(boxes).max(axis=1) / (boxes[:, 2] * boxes[:, 3]))


def _ink_near(
    layout: Layout, chosen: Sequence[int], parameters: ConfidenceParameters
) -> NDArray[np.float64]:
    """For each digit the ink near it that is in none, and in another one, over its own:
    ``[n, 2]``."""
    candidates = [layout.candidates[each] for each in chosen]
    read = [label for candidate in candidates for label in candidate.labels]
    is_read = np.zeros(1 + max(read), np.intp)
    is_read[read] = 1
    near = np.zeros((len(chosen), 2))
    for place, candidate in enumerate(candidates):
        margin = int(parameters.near * max(candidate.box[2:]))
        step = _step(candidate.box, parameters.fine)
        around = layout.labels[window(candidate.box, margin=margin, step=step)]
        counts = np.bincount(around.ravel(), minlength=len(is_read))
        own = sum(int(counts[label]) for label in candidate.labels)
        digits = int(counts[: len(is_read)] @ is_read)
        stray = around.size - int(counts[0]) - digits
        near[place] = stray / max(own, 1), (digits - own) / max(own, 1)
    return np.asarray(np.minimum(near, parameters.most_ink))


def _step(box: Box, fine: int) -> int:
    """Of a box larger than ``fine`` every so many-th row and column is enough."""
    return max(1, max(box[2:]) // fine)


def _own(ink: Ink, layout: Layout, index: int, fine: int) -> tuple[float, float]:
    """The median strength of a digit's own ink, 0 to 1, and the share of its box that is such."""
    candidate = layout.candidates[index]
    inside = window(candidate.box, step=_step(candidate.box, fine))
    labels = layout.labels[inside]
    strength = ink.strength[inside][any_of(labels, candidate.labels)]
    if not strength.size:
        return 0.0, 0.0
    middle = strength.size // 2
    return float(np.partition(strength, middle)[middle]) / 255, strength.size / labels.size
