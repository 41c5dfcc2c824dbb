"""An old and a new model before the same cases, for the gate."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np
from tqdm import tqdm

from digits.errors import DigitsError
from digits.harness.checking import load_labels
from digits.model import ModelFolder
from digits.network import Network
from digits.reader import Reader
from digits.settings import ROOT
from digits.training.data import Labelled
from digits.training.gate import Comparison, Right, Verdict
from digits.training.validation import Labels, Tiles, Validation
from digits.wire.feedback import Correction

OWN = ROOT / "test_images" / "manifest.csv"
HARD = 2000
"""Test images that are distorted, with things that are no digit among them."""

Pictures = Sequence[tuple[bytes, str]]
"""Encoded pictures and their rows, ``/`` between rows."""


def compare(
    old: Path, new: Path, *, test: Labelled, held_out: Iterable[Correction], others: Path | None
) -> Verdict:
    """Both model folders on the corrections held out, MNIST's test split as it is and distorted,
    this project's pictures, and other people's where ``others`` names their table.

    Raises DigitsError where a model or a table cannot be read.
    """
    corrected = [(each.picture, "/".join(each.rows)) for each in held_out]
    hard = Validation.of(test.part(0, HARD), negatives_share=0.5)
    tables = {"this project's pictures": OWN} | (
        {"other people's pictures": others} if others else {}
    )
    sets = {name: load(table) for name, table in tables.items()}
    rivals = [Rival(old), Rival(new)]

    def both(name: str, judge: Callable[[Rival], Right]) -> Comparison:
        return Comparison.of(name, *map(judge, rivals))

    def reading(pictures: Pictures) -> Callable[[Rival], Right]:
        return lambda rival: rival.read(pictures)

    def judging(tiles: Tiles, labels: Labels) -> Callable[[Rival], Right]:
        return lambda rival: rival.judge(tiles, labels)

    return Verdict(
        both("corrections held out", reading(corrected)),
        (
            both("MNIST's test split", lambda rival: rival.tell(test.tiles(), test.labels)),
            both("the same distorted, and no digits", judging(hard.hard, hard.hard_labels)),
            *(both(name, reading(pictures)) for name, pictures in sets.items()),
        ),
    )


def load(table: Path) -> Pictures:
    """The pictures that a table of labels lists."""
    return [((table.parent / each.file).read_bytes(), each.rows) for each in load_labels(table)]


class Rival:
    """A model folder that is to be compared."""

    def __init__(self, path: Path) -> None:
        opened = ModelFolder.open(path)
        self._network = Network(opened)
        self._reader = Reader.open(path)
        self._threshold = opened.card.thresholds.get("digit_score", 0.5)

    def tell(self, tiles: Tiles, labels: Labels) -> Right:
        """Whether it tells which digit each tile is."""
        probabilities, _ = self._network.scores(tiles)
        return np.asarray(probabilities.argmax(axis=1) == labels)

    def judge(self, tiles: Tiles, labels: Labels) -> Right:
        """The same, where it must also tell whether a tile (label -1) is a digit at all."""
        probabilities, score = self._network.scores(tiles)
        is_digit = score >= self._threshold
        return np.where(labels < 0, ~is_digit, is_digit & (probabilities.argmax(axis=1) == labels))

    def read(self, pictures: Pictures) -> Right:
        """Whether it reads each picture exactly."""
        bar = tqdm(pictures, self._reader.folder.path.name, unit="picture", disable=None)
        return np.array([self._reads(*each) for each in bar], bool)

    def _reads(self, picture: bytes, rows: str) -> bool:
        try:
            return "/".join(self._reader.read(picture).rows) == rows
        except DigitsError:
            return False
