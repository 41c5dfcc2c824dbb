"""The network of a model folder: tiles in, probabilities and scores out."""

from __future__ import annotations

import numpy as np
import pytest

from digits.model import ModelFolder
from digits.network import BATCH, Network
from digits.settings import ROOT


@pytest.fixture(scope="module")
def network() -> Network:
    return Network(ModelFolder.open(ROOT / "models" / "digits"))


def tiles(count: int) -> np.ndarray:
    """Bars, each a pixel further to the right than the one before, and again from the left."""
    made = np.zeros((count, 28, 28, 1), np.float32)
    for place in range(count):
        column = 4 + place % 20
        made[place, 4:24, column : column + 3] = 1
    return made


def test_no_tile_has_no_scores(network: Network):
    probabilities, score = network.scores(tiles(0))

    assert probabilities.shape == (0, 10)
    assert score.shape == (0,)


@pytest.mark.parametrize("count", [1, BATCH, BATCH + 1, 2 * BATCH + 3])
def test_each_tile_is_scored_as_if_it_were_alone(network: Network, count: int):
    seen = tiles(count)

    probabilities, score = network.scores(seen)

    alone = [network.scores(each[None]) for each in seen[:20]]
    expected, expected_score = (np.concatenate(each) for each in zip(*alone, strict=True))
    again = np.arange(count) % 20
    np.testing.assert_allclose(probabilities, expected[again], atol=1e-5)
    np.testing.assert_allclose(score, expected_score[again], atol=1e-5)


def test_a_bar_is_a_1_and_a_grid_is_no_digit(network: Network):
    grid = np.zeros((1, 28, 28, 1), np.float32)
    grid[:, 4:24:5] = grid[:, :, 4:24:5] = 1

    probabilities, score = network.scores(np.concatenate([tiles(11)[10:], grid]))

    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-5)
    assert probabilities[0].argmax() == 1
    assert 0 <= score[1] < 0.1 < 0.9 < score[0] <= 1
