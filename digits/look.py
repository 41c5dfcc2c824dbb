"""What the network sees of one picture: each candidate's own ink as a tile, and no tile twice."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from digits import components, layout, tile
from digits.ink import Ink
from digits.layout import Candidate, Labels, Layout
from digits.network import Network

Floats = NDArray[np.float32]

AROUND = np.ones((3, 3), np.uint8)
"""A pixel and the eight next to it."""


@dataclass(frozen=True)
class LookParameters:
    """Of the box around several specks that may be a digit, their own cover at least ``dust``.

    What has no more than ``background`` of the strength from which on it would be ink is paper, and
    a tile ends where nothing is stronger than ``edge`` 255ths of its strongest pixel.
    """

    dust: float = 0.1
    background: float = 0.5
    edge: int = 40


class Look:
    """The network's scores for one picture's candidates; it looks at none of them twice.

    ``specks`` are the labels of pieces that are no digits, and the areas of their boxes: these are
    not looked at. ``seconds`` is what looking took, and what it is told that it took before.
    """

    def __init__(
        self,
        extracted: Ink,
        network: Network,
        parameters: LookParameters | None = None,
        seconds: float = 0.0,
    ) -> None:
        self.seconds = seconds
        self.specks: dict[int, int] = {}
        self._extracted = extracted
        self._network = network
        self._parameters = parameters or LookParameters()
        self._place: dict[tuple[int, ...], int] = {}
        self._probabilities = np.zeros((0, 10), np.float32)
        self._digit_score = np.zeros(0, np.float32)

    def is_dust(self, candidate: Candidate) -> bool:
        """Whether it is a speck, or several that are far from each other.

        Close ones may be a broken digit.
        """
        if not all(label in self.specks for label in candidate.labels):
            return False
        _, _, width, height = candidate.box
        covered = sum(self.specks[label] for label in candidate.labels)
        return len(candidate.labels) == 1 or covered < self._parameters.dust * width * height

    def scores(self, arranged: Layout) -> tuple[Floats, Floats]:
        """``probabilities`` ``[n, 10]`` and ``digit_score`` ``[n]`` of a layout's candidates."""
        began = time.perf_counter()
        new = {each.labels: each for each in arranged.candidates if each.labels not in self._place}
        if new:
            seen: list[Candidate] = []
            passed: list[Candidate] = []
            for each in new.values():
                (passed if self.is_dust(each) else seen).append(each)
            tiles = cut_tiles(self._extracted, arranged.labels, seen, self._parameters)
            self._keep(seen, *self._network.scores(tiles))
            none = np.zeros((len(passed), 10), np.float32)
            self._keep(passed, none, none[:, 0])
        places = [self._place[each.labels] for each in arranged.candidates]
        self.seconds += time.perf_counter() - began
        return self._probabilities[places], self._digit_score[places]

    def _keep(
        self, candidates: Sequence[Candidate], probabilities: Floats, digit_score: Floats
    ) -> None:
        known = len(self._place)
        self._place |= {each.labels: known + place for place, each in enumerate(candidates)}
        self._probabilities = np.concatenate([self._probabilities, probabilities])
        self._digit_score = np.concatenate([self._digit_score, digit_score])


def cut_tiles(
    extracted: Ink,
    labels: Labels,
    candidates: Sequence[Candidate],
    parameters: LookParameters | None = None,
) -> Floats:
    """The candidates' own ink, each normalised: ``[n, 28, 28, 1]`` float32."""
    parameters = parameters or LookParameters()
    tiles = np.zeros((len(candidates), tile.SIDE, tile.SIDE, 1), np.float32)
    for index, candidate in enumerate(candidates):
        tiles[index, ..., 0] = tile.normalise(_own_ink(extracted, labels, candidate, parameters))
    return tiles


def _own_ink(
    extracted: Ink, labels: Labels, candidate: Candidate, parameters: LookParameters
) -> NDArray[np.uint8]:
    """The strength inside the candidate's box, soft edges included, other pieces left out."""
    x, y, width, height = candidate.box
    window = components.window(candidate.box, margin=1)
    nearby = labels[window]
    own = layout.any_of(nearby, candidate.labels)
    near = cv2.dilate(own.view(np.uint8), AROUND)
    near &= (own | (nearby == 0)).view(np.uint8)
    middle = int(extracted.threshold[y + height // 2, x + width // 2])
    paper = int(parameters.background * middle)
    strength = cv2.subtract(extracted.strength[window] * near, (paper,))
    return trimmed(strength, parameters)


def trimmed(strength: NDArray[np.uint8], parameters: LookParameters) -> NDArray[np.uint8]:
    """What of the ``strength`` of ink ``[h, w]`` is no mere edge, for its strongest pixel."""
    edge = int(strength.max(initial=0)) * parameters.edge // 255
    return tile.crop(strength, threshold=edge)
