"""How networks read other hands: what is drawn of a pen's path, and what is counted."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from digits.settings import ROOT

sys.path.insert(0, str(ROOT / "bench"))

import hands as bench  # a script beside the package

DOWN = "50, 100, 50, 86, 50, 71, 50, 57, 50, 43, 50, 29, 50, 14, 50, 0"
"""A stroke from top to bottom: the tablet's y goes upwards."""
ACROSS = "0,50,14,50,29,50,43,50,57,50,71,50,86,50,100,50"


@pytest.fixture
def recorded(tmp_path) -> Path:
    path = tmp_path / "penbased.dat"
    lines = ["@relation penbased", "@data", f"{DOWN}, 1", f"{ACROSS},2", f"{DOWN},4", ""]
    path.write_text("\n".join(lines))
    return path


def test_digits_are_drawn_along_the_path_of_the_pen(recorded):
    tiles, labels = bench.by_pen([recorded])
    assert sorted(labels) == [1, 2]  # a 4 is written in two strokes
    assert tiles.shape == (2, 28, 28, 1)
    down, across = (tiles[labels.tolist().index(digit), ..., 0] > 0.5 for digit in (1, 2))
    assert down.any(axis=1).sum() > 2 * down.any(axis=0).sum()
    assert across.any(axis=0).sum() > 2 * across.any(axis=1).sum()


def test_what_goes_up_on_the_tablet_goes_up_in_the_tile(tmp_path):
    path = tmp_path / "pendigits.tra"
    hook = "0,100, 30,95, 60,90, 90,85, 100,80, 90,50, 80,25, 70,0"  # begins at the top left
    path.write_text(f"{hook}, 9\n")
    (tile,), _ = bench.by_pen([path])
    top, bottom = tile[:14, :10].sum(), tile[14:, :10].sum()
    assert top > 3 * bottom


class Network:
    """Says 3 of everything, and is as sure as it is told."""

    def __init__(self, scores: list[float]) -> None:
        self.said = np.array(scores)

    def scores(self, tiles: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return np.tile(np.eye(10)[3], (len(tiles), 1)), self.said


def test_mistakes_refusals_and_letters_taken_are_counted():
    tiles = np.zeros((4, 28, 28, 1), np.float32)
    network = Network([0.9, 0.2, 0.9, 0.6])
    cases = {
        "pens": (tiles, np.array([3, 3, 5, 5])),
        "letters": (tiles, np.full(4, bench.NOT_A_DIGIT)),
    }
    found = bench.measured(network, cases)
    assert found["pens"] == {
        "of": 4,
        "wrong": 2,
        "refused": 1,
        "wrong_by_digit": {"3": 0, "5": 2},
    }
    assert found["letters"] == {"of": 4, "taken": 3}
